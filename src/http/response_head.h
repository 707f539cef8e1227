// The bytes of a response before its body.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "http/message.h"

namespace martgate::http {

enum class BodyKind : std::uint8_t {
  Whole,      // Content-Length from Response::body
  Chunked,    // an open stream, HTTP/1.1
  UntilClose  // an open stream, HTTP/1.0
};

// True when a handler's response can be written: status 200 to 599, names that are tokens, values
// without control characters, and none of the fields that are ours (message.h). What fails here
// would let a value that came from a request write header lines.
[[nodiscard]] bool is_writable(const Response& response);

// Appends status line, fields and empty line. The response is_writable().
void append_head(std::string& out, const Response& response, BodyKind kind, bool keep_alive,
                 WallTime now);

// 1xx, 204 and 304 have no body, whatever the handler put there.
[[nodiscard]] bool has_body(int status);

// "Fri, 20 Nov 2026 10:00:00 GMT": RFC 9110 section 5.6.7.
[[nodiscard]] std::string http_date(WallTime at);

}  // namespace martgate::http
