// An answer of somebody else's HTTP server, and what its fields say about pages and limits.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace martgate::ingest {

struct HttpAnswer {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // as they came, blanks around trimmed
  std::string body;

  // All fields of that name, ASCII case aside, joined by ", "; nothing when there is none.
  [[nodiscard]] std::optional<std::string> header(std::string_view name) const;
};

// The status line and fields up to and without the empty line. Nothing when they are no HTTP/1
// head: lines that end otherwise than in LF or CRLF, folded lines, a name that is no token.
[[nodiscard]] std::optional<HttpAnswer> parse_http_head(std::string_view text);

// The target of the first link whose relation is `relation`. Source: RFC 8288 section 3.
[[nodiscard]] std::optional<std::string> link_target(std::string_view field,
                                                     std::string_view relation);

// How long to stay away, in milliseconds: Retry-After (seconds or a date) on any answer; else, when
// nothing remains, until the window begins again, by the first that is there of
//   RateLimit: "name";r=0;t=30, or limit=9, remaining=0, reset=30   (IETF drafts; seconds)
//   RateLimit-Remaining and RateLimit-Reset                         (seconds)
//   X-RateLimit-Remaining and X-RateLimit-Reset                     (seconds, or a time since 1970)
// Nothing when the server asks for nothing.
[[nodiscard]] std::optional<std::int64_t> pause_ms(const HttpAnswer& answer, WallTime now);

// "Sun, 06 Nov 1994 08:49:37 GMT". Source: RFC 9110 section 5.6.7, its preferred form only.
[[nodiscard]] std::optional<WallTime> parse_http_date(std::string_view text);

}  // namespace martgate::ingest
