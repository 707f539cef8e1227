// One GET to a server that may be slow, broken or hostile. A client of our own, because the library
// decodes percent signs in header values, which corrupts the links and cursors that a poll follows,
// and bounds neither a header line nor the whole time of a request.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "ingest/connect/http_answer.h"
#include "ingest/connect/retry.h"
#include "ingest/connect/url.h"

namespace martgate::ingest {

inline constexpr std::size_t kHttpHeadBytesMax = 32UL << 10U;

struct HttpGetOptions {
  std::vector<std::pair<std::string, std::string>> headers;
  std::string ca_file;  // empty: the system's certificates
  std::int64_t connect_ms_max = 10'000;
  std::int64_t request_ms_max = 30'000;  // from the connection to the last byte of the answer
  std::int64_t body_bytes_max = 16LL << 20;
};

// Over a connection of its own, which is closed behind it. Certificate and name are verified, TLS
// 1.2 at least. Any status is an answer. No content coding is asked for, and none is accepted.
// The name lookup itself is bounded by the system's resolver, not by connect_ms_max.
//
// Errors: try_again Unavailable (no connection, too slow, cut off); give_up Unavailable, reason
// "tls" (certificate), InvalidArgument, reason "bad_http" (no HTTP), ResourceExhausted, reason
// "page_bytes_max".
[[nodiscard]] Attempt<HttpAnswer> http_get(const Url& url, const HttpGetOptions& options,
                                           const Clock& clock);

}  // namespace martgate::ingest
