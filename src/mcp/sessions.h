// The sessions of legacy HTTP clients: what initialize agreed on, until it is ended or forgotten.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/ids.h"
#include "gate/gate.h"
#include "mcp/revision.h"

namespace martgate::mcp {

struct SessionLimits {
  // One more, and the session that was idle longest is forgotten: its client is told 404 and begins
  // anew, which costs it one round trip. Refusing the new one would lock out who comes later.
  std::size_t sessions_max = 10'000;
  std::int64_t session_idle_ms_max = std::int64_t{30} * 60 * 1'000;
};

// A session id is no credential: a session is found by the caller who began it and by nobody else.
// Threads: everything may be called from any thread.
class Sessions {
 public:
  // Both outlive this.
  Sessions(const Clock& clock, IdSource& ids, SessionLimits limits);

  // Returns the id: visible ASCII with 128 random bits.
  [[nodiscard]] std::string begin(Revision revision, const gate::Caller& caller);
  // The agreed revision; counts as use of the session. Nothing for ids that are unknown, ended,
  // idle too long, or another caller's.
  [[nodiscard]] std::optional<Revision> find(std::string_view id, const gate::Caller& caller);
  // False for what find() would not find.
  [[nodiscard]] bool end(std::string_view id, const gate::Caller& caller);

 private:
  struct Session {
    std::string id;
    Revision revision;
    gate::Caller caller;
    std::int64_t used_at_ns;
  };
  using ByUse = std::list<Session>;

  void forget_idle(std::int64_t now_ns);
  void forget_oldest();
  [[nodiscard]] std::optional<ByUse::iterator> locate(std::string_view id,
                                                      const gate::Caller& caller);

  const Clock& clock_;
  IdSource& ids_;
  const SessionLimits limits_;
  std::mutex mutex_;
  ByUse by_use_;  // the longest unused first
  std::map<std::string, ByUse::iterator, std::less<>> by_id_;
};

}  // namespace martgate::mcp
