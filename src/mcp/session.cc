#include "mcp/session.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "mcp/change_message.h"
#include "mcp/limits.h"
#include "mcp/wire.h"

namespace martgate::mcp {
namespace {

// A client may declare what its revision does not know; it is not asked for it.
ClientCapabilities within(Revision revision, ClientCapabilities client) {
  const Features features = features_of(revision);
  client.elicits_form = client.elicits_form && features.elicits;
  client.elicits_url = client.elicits_url && features.elicits_urls;
  return client;
}

}  // namespace

Session::Session(Revision revision, gate::Caller caller, ClientCapabilities client,
                 std::shared_ptr<LineWriter> pipe)
    : revision_(revision),
      caller_(std::move(caller)),
      client_(within(revision, std::move(client))),
      pipe_(std::move(pipe)),
      streams_(features_of(revision).primes_streams) {}

void Session::set_initialized() {
  const std::lock_guard lock(mutex_);
  is_initialized_ = true;
}

void Session::announce(const Change& change) {
  if (change.kind == Change::Kind::Task) return;  // the extension is of the modern era
  {
    const std::lock_guard lock(mutex_);
    if (!is_initialized_) return;
    if (change.kind == Change::Kind::Resource && !watched_.contains(change.subject)) return;
  }
  const std::string message = change_message(change, {});
  if (pipe_ != nullptr) {
    pipe_->write(message);
  } else {
    streams_.announce(message);
  }
}

bool Session::is_busy() {
  return streams_.has_listener() || !calls_->is_empty();
}

std::string Session::expect(Answered answered) {
  const std::lock_guard lock(mutex_);
  std::string id = fmt::format("\"server-{}\"", ++requests_);
  expected_.emplace(id, std::move(answered));
  return id;
}

void Session::take_response(std::string_view id, RpcResult<Json> response) {
  Answered answered;
  {
    const std::lock_guard lock(mutex_);
    const auto found = expected_.find(id);
    if (found == expected_.end()) return;
    answered = std::move(found->second);
    expected_.erase(found);
  }
  answered(std::move(response));
}

void Session::forget(std::string_view id) {
  Answered dropped;  // destroyed without the lock: it may own anything
  const std::lock_guard lock(mutex_);
  const auto found = expected_.find(id);
  if (found == expected_.end()) return;
  dropped = std::move(found->second);
  expected_.erase(found);
}

void Session::end() {
  std::map<std::string, Answered, std::less<>> expected;
  {
    const std::lock_guard lock(mutex_);
    expected.swap(expected_);
  }
  calls_->withdraw_all();
  streams_.close();
  for (const auto& [id, answered] : expected) {
    answered(tl::unexpected(RpcError{code::kInternalError, "the session has ended"}));
  }
}

LogLevel Session::log_level() const {
  const std::lock_guard lock(mutex_);
  return log_level_;
}

void Session::set_log_level(LogLevel level) {
  const std::lock_guard lock(mutex_);
  log_level_ = level;
}

bool Session::watch(std::string uri) {
  const std::lock_guard lock(mutex_);
  if (watched_.size() >= kWatchedUrisMax && !watched_.contains(uri)) return false;
  watched_.insert(std::move(uri));
  return true;
}

void Session::unwatch(std::string_view uri) {
  const std::lock_guard lock(mutex_);
  if (const auto found = watched_.find(uri); found != watched_.end()) watched_.erase(found);
}

bool Session::watches(std::string_view uri) const {
  const std::lock_guard lock(mutex_);
  return watched_.contains(uri);
}

}  // namespace martgate::mcp
