// One HTTP request as a handler sees it, and the response it gives back.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace martgate::http {

// A field as it came: the name in the client's spelling, the value without the blanks around it,
// never percent-decoded, possibly with bytes above 0x7F (obs-text) in it.
struct HeaderField {
  std::string_view name;
  std::string_view value;
};

// Lifetime  every view points into the connection's buffers and ends when the handler returns; a
//           handler that answers later copies what it still needs.
// Promises  the path begins with '/', is not decoded and holds URI characters only; a header name
//           appears once, unless the field is a list by definition (Accept, Via, and the like).
struct Request {
  std::string_view method;
  std::string_view target;  // path and query as sent
  std::string_view path;
  std::string_view query;  // without the question mark; empty when there is none
  std::vector<HeaderField> headers;
  std::string_view body;          // complete, transfer coding removed
  std::string_view peer_address;  // from the socket, never from a header

  // The first field of that name, ASCII case aside.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
};

struct Response {
  int status = 200;
  // Beside Date, Content-Type, Content-Length, Transfer-Encoding and Connection, which are ours.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string content_type;  // empty: no Content-Type field
  std::string body;
};

// A refusal of the transport itself: static text, so that nothing of the request is echoed.
struct Refusal {
  int status;
  std::string_view text;
};

[[nodiscard]] bool equal_ignoring_case(std::string_view left, std::string_view right);
// RFC 9110 section 5.6.2: one or more token characters.
[[nodiscard]] bool is_token(std::string_view text);
[[nodiscard]] std::string_view reason_phrase(int status);

}  // namespace martgate::http
