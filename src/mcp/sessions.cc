#include "mcp/sessions.h"

#include <utility>

namespace martgate::mcp {
namespace {

void end_each(const std::vector<std::shared_ptr<Session>>& sessions) {
  for (const auto& session : sessions) session->end();
}

}  // namespace

Sessions::Sessions(const Clock& clock, IdSource& ids, SessionLimits limits)
    : clock_(clock), ids_(ids), limits_(limits) {}

Sessions::~Sessions() {
  for (const Entry& entry : by_use_) entry.session->end();
}

std::string Sessions::begin(std::shared_ptr<Session> session) {
  std::string id = id_text("session_", ids_.next());
  Ended ended;
  {
    const std::lock_guard lock(mutex_);
    take_idle(ended);
    while (!by_use_.empty() && by_use_.size() >= limits_.sessions_max) {
      take(by_use_.begin(), ended);
    }
    const auto entry =
        by_use_.insert(by_use_.end(), Entry{id, std::move(session), clock_.monotonic_ns()});
    by_id_.emplace(id, entry);
  }
  end_each(ended);
  return id;
}

std::shared_ptr<Session> Sessions::find(std::string_view id, const gate::Caller& caller) {
  Ended ended;
  std::shared_ptr<Session> found;
  {
    const std::lock_guard lock(mutex_);
    take_idle(ended);
    if (const auto entry = locate(id, caller); entry != by_use_.end()) {
      entry->used_at_ns = clock_.monotonic_ns();
      by_use_.splice(by_use_.end(), by_use_, entry);
      found = entry->session;
    }
  }
  end_each(ended);
  return found;
}

bool Sessions::end(std::string_view id, const gate::Caller& caller) {
  Ended ended;
  bool is_found = false;
  {
    const std::lock_guard lock(mutex_);
    take_idle(ended);
    const auto entry = locate(id, caller);
    is_found = entry != by_use_.end();
    if (is_found) take(entry, ended);
  }
  end_each(ended);
  return is_found;
}

void Sessions::forget_idle() {
  Ended ended;
  {
    const std::lock_guard lock(mutex_);
    take_idle(ended);
  }
  end_each(ended);
}

void Sessions::each(const std::function<void(Session&)>& visit) {
  std::vector<std::shared_ptr<Session>> sessions;
  {
    const std::lock_guard lock(mutex_);
    for (const Entry& entry : by_use_) sessions.push_back(entry.session);
  }
  for (const auto& session : sessions) visit(*session);
}

Sessions::ByUse::iterator Sessions::locate(std::string_view id, const gate::Caller& caller) {
  const auto found = by_id_.find(id);
  const bool is_theirs =
      found != by_id_.end() && is_same_principal(found->second->session->caller(), caller);
  return is_theirs ? found->second : by_use_.end();
}

void Sessions::take_idle(Ended& ended) {
  const std::int64_t idle_ns_max = limits_.session_idle_ms_max * 1'000'000;
  const std::int64_t now_ns = clock_.monotonic_ns();
  while (!by_use_.empty() && now_ns - by_use_.front().used_at_ns > idle_ns_max) {
    if (by_use_.front().session->is_busy()) {
      by_use_.front().used_at_ns = now_ns;
      by_use_.splice(by_use_.end(), by_use_, by_use_.begin());
    } else {
      take(by_use_.begin(), ended);
    }
  }
}

void Sessions::take(ByUse::iterator entry, Ended& ended) {
  ended.push_back(std::move(entry->session));
  by_id_.erase(entry->id);
  by_use_.erase(entry);
}

}  // namespace martgate::mcp
