// The head of a request, from bytes: request line and field lines of RFC 9112, strictly.
//
// What two parsers could read differently is refused, because that difference is what request
// smuggling is made of: lines end in CRLF alone, there is no folding, no blank before a colon, one
// Host, one Content-Length of digits only, or `chunked` alone, never both; a field that is not a
// list by definition appears once. The target is in origin form. Nothing is decoded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <tl/expected.hpp>

#include "http/message.h"

namespace martgate::http {

struct HeadLimits {
  std::size_t request_line_bytes_max = 4UL * 1024;  // without its CRLF
  std::size_t header_bytes_max = 16UL * 1024;       // all field lines with their CRLFs
  std::size_t header_lines_max = 64;
};

// Finds the end of the head in a growing buffer; bytes seen once are not read again.
class HeadScanner {
 public:
  // `bytes` begins with the request and only grows between calls. The answer is the length of the
  // head with its empty line, or 0 while that has not come. Limits and line ends are checked as the
  // bytes arrive, so a peer cannot hold memory by never ending a line.
  [[nodiscard]] tl::expected<std::size_t, Refusal> scan(std::string_view bytes,
                                                        const HeadLimits& limits);

 private:
  std::size_t at_ = 0;  // everything before it was searched
  std::size_t line_start_ = 0;
  std::size_t fields_start_ = 0;  // 0 while the request line is not complete
  std::size_t lines_ = 0;
};

enum class Framing : std::uint8_t { None, Length, Chunked };

struct Head {
  Request request;  // body and peer_address are filled in by the caller
  Framing framing = Framing::None;
  std::uint64_t content_length = 0;
  bool is_http_1_0 = false;  // answered, then closed: no chunks, no keep-alive
  bool keep_alive = true;
  bool expects_continue = false;
};

// `bytes` is exactly one head as the scanner measured it. `head` is overwritten; its vector's
// memory is used again. After a refusal the connection must be closed: where the request ends is
// not known.
[[nodiscard]] tl::expected<void, Refusal> parse_head(std::string_view bytes, Head& head);

}  // namespace martgate::http
