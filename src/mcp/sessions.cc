#include "mcp/sessions.h"

#include <utility>

namespace martgate::mcp {
namespace {

bool is_same(const gate::Caller& left, const gate::Caller& right) {
  return left.principal == right.principal && left.tenant == right.tenant;
}

}  // namespace

Sessions::Sessions(const Clock& clock, IdSource& ids, SessionLimits limits)
    : clock_(clock), ids_(ids), limits_(limits) {}

std::string Sessions::begin(Revision revision, const gate::Caller& caller) {
  const std::int64_t now_ns = clock_.monotonic_ns();
  std::string id = id_text("session_", ids_.next());
  const std::lock_guard lock(mutex_);
  forget_idle(now_ns);
  while (!by_use_.empty() && by_use_.size() >= limits_.sessions_max) forget_oldest();
  const auto session = by_use_.insert(by_use_.end(), Session{id, revision, caller, now_ns});
  by_id_.emplace(id, session);
  return id;
}

std::optional<Revision> Sessions::find(std::string_view id, const gate::Caller& caller) {
  const std::lock_guard lock(mutex_);
  const auto session = locate(id, caller);
  if (!session) return std::nullopt;
  (*session)->used_at_ns = clock_.monotonic_ns();
  by_use_.splice(by_use_.end(), by_use_, *session);
  return (*session)->revision;
}

bool Sessions::end(std::string_view id, const gate::Caller& caller) {
  const std::lock_guard lock(mutex_);
  const auto session = locate(id, caller);
  if (!session) return false;
  by_id_.erase((*session)->id);
  by_use_.erase(*session);
  return true;
}

std::optional<Sessions::ByUse::iterator> Sessions::locate(std::string_view id,
                                                          const gate::Caller& caller) {
  forget_idle(clock_.monotonic_ns());
  const auto found = by_id_.find(id);
  if (found == by_id_.end() || !is_same(found->second->caller, caller)) return std::nullopt;
  return found->second;
}

void Sessions::forget_idle(std::int64_t now_ns) {
  const std::int64_t idle_ns_max = limits_.session_idle_ms_max * 1'000'000;
  while (!by_use_.empty() && now_ns - by_use_.front().used_at_ns > idle_ns_max) forget_oldest();
}

void Sessions::forget_oldest() {
  by_id_.erase(by_use_.front().id);
  by_use_.pop_front();
}

}  // namespace martgate::mcp
