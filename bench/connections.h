// What open connections cost, and what they do to the others.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "cli/terminal.h"
#include "crowd.h"
#include "http/routes.h"

namespace martgate::bench {

struct ConnectionsPlan {
  std::string request;  // a whole HTTP request that is a good call
  int idle = 10'000;    // figures of the listener's issue
  int streams = 1'000;
  int tls_idle = 1'000;
  int callers = 4;
  double seconds = 3.0;  // of calls, for each row
};

// Fills a listener of its own, with the given routes beside its own, in steps, and prints a row for
// each: resident memory for one connection, and the calls' latency meanwhile.
// Errors: Unavailable, the connections could not be opened.
[[nodiscard]] Status run_connections(cli::Terminal& terminal, const Clock& clock, Crowd& crowd,
                                     http::Routes routes, const ConnectionsPlan& plan);

}  // namespace martgate::bench
