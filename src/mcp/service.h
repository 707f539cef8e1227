// What the requests of one server share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/ids.h"
#include "base/mac.h"
#include "json/parse.h"
#include "mcp/offer.h"
#include "mcp/pulse.h"
#include "mcp/subscriptions.h"

namespace martgate::mcp {

struct SessionLimits {
  // One more, and the session that was idle longest is forgotten: its client is told 404 and begins
  // anew, which costs it one round trip. Refusing the new one would lock out who comes later.
  std::size_t sessions_max = 10'000;
  std::int64_t session_idle_ms_max = std::int64_t{30} * 60 * 1'000;
};

struct ServerOptions {
  ParseLimits json = {};
  SessionLimits sessions = {};
  std::size_t page_items_max = 100;  // of one page of a list
  // Signs cursors and request states. Processes that may get each other's retries share it.
  MacKey key = random_mac_key();
  // Between two looks at time limits and quiet streams. 0: nobody looks but Server::beat().
  std::int64_t beat_ms = 1'000;
};

// Shared by the server and by every request that is still running: an answer may come after the
// server is gone. Offer, clock and ids outlive all of them.
// Threads: what is not const has its own lock.
struct Service {
  Service(Offer& offer_in, const Clock& clock_in, IdSource& ids_in, ServerOptions options_in);

  Offer& offer;
  const Capabilities capabilities;
  const Clock& clock;
  IdSource& ids;
  const ServerOptions options;
  const std::string server_info;  // {"name":…,"version":…}
  Pulse pulse;
  Subscriptions subscriptions;
};

}  // namespace martgate::mcp
