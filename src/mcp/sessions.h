// The sessions of legacy HTTP clients, by their ids, until they are ended or forgotten.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "mcp/service.h"
#include "mcp/session.h"

namespace martgate::mcp {

// A session id is no credential: a session is found by the caller who began it and by nobody else.
// Threads: everything may be called from any thread.
class Sessions {
 public:
  // Both outlive this.
  Sessions(const Clock& clock, IdSource& ids, SessionLimits limits);
  Sessions(const Sessions&) = delete;
  Sessions& operator=(const Sessions&) = delete;
  ~Sessions();  // ends them all

  // Returns the id: visible ASCII with 128 random bits.
  [[nodiscard]] std::string begin(std::shared_ptr<Session> session);
  // Counts as use of the session. Null for ids that are unknown, ended, idle too long, or another
  // caller's.
  [[nodiscard]] std::shared_ptr<Session> find(std::string_view id, const gate::Caller& caller);
  // False for what find() would not find.
  [[nodiscard]] bool end(std::string_view id, const gate::Caller& caller);
  void forget_idle();

  // In no promised order.
  void each(const std::function<void(Session&)>& visit);

 private:
  struct Entry {
    std::string id;
    std::shared_ptr<Session> session;
    std::int64_t used_at_ns;
  };
  using ByUse = std::list<Entry>;
  // Ended without the lock: what a session owns may do anything then.
  using Ended = std::vector<std::shared_ptr<Session>>;

  void take_idle(Ended& ended);
  void take(ByUse::iterator entry, Ended& ended);
  [[nodiscard]] ByUse::iterator locate(std::string_view id, const gate::Caller& caller);

  const Clock& clock_;
  IdSource& ids_;
  const SessionLimits limits_;
  std::mutex mutex_;
  ByUse by_use_;  // the longest unused first
  std::map<std::string, ByUse::iterator, std::less<>> by_id_;
};

}  // namespace martgate::mcp
