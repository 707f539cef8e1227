#include "http/head_parser.h"

#include <algorithm>
#include <array>
#include <limits>

namespace martgate::http {
namespace {

using Parsed = tl::expected<void, Refusal>;

tl::unexpected<Refusal> refuse(int status, std::string_view text) {
  return tl::unexpected(Refusal{status, text});
}

constexpr std::size_t kMethodBytesMax = 32;

constexpr bool is_digit(char byte) {
  return byte >= '0' && byte <= '9';
}
constexpr bool is_hex(char byte) {
  return is_digit(byte) || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F');
}
constexpr bool is_letter(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

// RFC 3986 section 3.3 and 3.4: pchar, '/' and, in the query, '?'.
constexpr bool is_uri_char(char byte) {
  return is_letter(byte) || is_digit(byte) ||
         (byte != '\0' &&
          std::string_view("-._~!$&'()*+,;=:@/?").find(byte) != std::string_view::npos);
}

bool is_origin_form(std::string_view target) {
  if (target.empty() || target.front() != '/') return false;
  for (std::size_t at = 0; at < target.size(); ++at) {
    if (target[at] == '%') {
      if (at + 2 >= target.size() || !is_hex(target[at + 1]) || !is_hex(target[at + 2])) {
        return false;
      }
      at += 2;
    } else if (!is_uri_char(target[at])) {
      return false;
    }
  }
  return true;
}

constexpr bool is_value_char(char byte) {
  const auto code = static_cast<unsigned char>(byte);
  return code == '\t' || (code >= 0x20 && code != 0x7F);
}

constexpr bool is_blank(char byte) {
  return byte == ' ' || byte == '\t';
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// Fields whose value is a list, so that several lines mean one longer list (RFC 9110 section 5.3).
constexpr std::array<std::string_view, 21> kListFields{"accept",
                                                       "accept-charset",
                                                       "accept-encoding",
                                                       "accept-language",
                                                       "baggage",
                                                       "cache-control",
                                                       "connection",
                                                       "forwarded",
                                                       "if-match",
                                                       "if-none-match",
                                                       "pragma",
                                                       "prefer",
                                                       "te",
                                                       "tracestate",
                                                       "trailer",
                                                       "upgrade",
                                                       "via",
                                                       "warning",
                                                       "x-forwarded-for",
                                                       "x-forwarded-host",
                                                       "x-forwarded-proto"};

bool is_list_field(std::string_view name) {
  return std::any_of(kListFields.begin(), kListFields.end(),
                     [&](std::string_view known) { return equal_ignoring_case(known, name); });
}

Parsed parse_request_line(std::string_view line, Head& head) {
  const std::size_t first = line.find(' ');
  const std::size_t second = first == line.npos ? line.npos : line.find(' ', first + 1);
  if (second == line.npos || line.find(' ', second + 1) != line.npos) {
    return refuse(400, "request line is not method, target and version");
  }
  Request& request = head.request;
  request.method = line.substr(0, first);
  request.target = line.substr(first + 1, second - first - 1);
  const std::string_view version = line.substr(second + 1);
  if (request.method.size() > kMethodBytesMax || !is_token(request.method)) {
    return refuse(400, "method is not a token");
  }
  if (!is_origin_form(request.target)) return refuse(400, "target is not a path");
  if (version == "HTTP/1.0") {
    head.is_http_1_0 = true;
    head.keep_alive = false;
  } else if (version != "HTTP/1.1") {
    const bool is_other = version.size() == 8 && version.starts_with("HTTP/") &&
                          is_digit(version[5]) && version[6] == '.' && is_digit(version[7]);
    return is_other ? refuse(505, "only HTTP/1.1 is spoken here")
                    : refuse(400, "version is malformed");
  }
  const std::size_t mark = request.target.find('?');
  request.path = request.target.substr(0, mark);
  request.query =
      mark == request.target.npos ? std::string_view{} : request.target.substr(mark + 1);
  return {};
}

Parsed parse_field(std::string_view line, Request& request) {
  if (is_blank(line.front())) return refuse(400, "a header line is folded");
  const std::size_t colon = line.find(':');
  if (colon == line.npos || !is_token(line.substr(0, colon))) {
    return refuse(400, "a header line has no name");
  }
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (!std::all_of(value.begin(), value.end(), is_value_char)) {
    return refuse(400, "a header value holds a control character");
  }
  request.headers.push_back({line.substr(0, colon), value});
  return {};
}

Parsed check_repeats(const std::vector<HeaderField>& fields) {
  for (std::size_t later = 1; later < fields.size(); ++later) {
    for (std::size_t earlier = 0; earlier < later; ++earlier) {
      if (equal_ignoring_case(fields[earlier].name, fields[later].name) &&
          !is_list_field(fields[later].name)) {
        return refuse(400, "a header that must be single is repeated");
      }
    }
  }
  return {};
}

Parsed read_length(std::string_view value, Head& head) {
  if (value.empty() || !std::all_of(value.begin(), value.end(), is_digit)) {
    return refuse(400, "Content-Length is not a number");
  }
  std::uint64_t length = 0;
  for (const char digit : value) {
    if (length > (std::numeric_limits<std::uint64_t>::max() - 9) / 10) {
      return refuse(413, "Content-Length is beyond any limit");
    }
    length = length * 10 + static_cast<std::uint64_t>(digit - '0');
  }
  head.framing = Framing::Length;
  head.content_length = length;
  return {};
}

void read_connection(std::string_view value, Head& head) {
  while (!value.empty()) {
    const std::size_t comma = value.find(',');
    if (equal_ignoring_case(trimmed(value.substr(0, comma)), "close")) head.keep_alive = false;
    value = comma == value.npos ? std::string_view{} : value.substr(comma + 1);
  }
}

// What the fields say about where the request ends and what comes after it.
Parsed read_framing(Head& head) {
  bool has_host = false;
  bool has_length = false;
  bool has_coding = false;
  bool is_chunked = false;
  for (const HeaderField& field : head.request.headers) {
    if (equal_ignoring_case(field.name, "host")) {
      has_host = true;
    } else if (equal_ignoring_case(field.name, "content-length")) {
      has_length = true;
      if (auto read = read_length(field.value, head); !read) return read;
    } else if (equal_ignoring_case(field.name, "transfer-encoding")) {
      has_coding = true;
      is_chunked = equal_ignoring_case(field.value, "chunked");
    } else if (equal_ignoring_case(field.name, "content-encoding")) {
      return refuse(415, "a request body may not have a content coding");
    } else if (equal_ignoring_case(field.name, "connection")) {
      read_connection(field.value, head);
    } else if (equal_ignoring_case(field.name, "expect")) {
      if (!equal_ignoring_case(field.value, "100-continue")) {
        return refuse(417, "the only expectation met here is 100-continue");
      }
      head.expects_continue = !head.is_http_1_0;
    }
  }
  if (!has_host) return refuse(400, "Host is missing");
  if (has_length && has_coding) {
    return refuse(400, "Content-Length and Transfer-Encoding exclude each other");
  }
  if (has_coding && !is_chunked) return refuse(501, "Transfer-Encoding may only be chunked");
  if (has_coding && head.is_http_1_0) return refuse(400, "HTTP/1.0 has no chunks");
  if (has_coding) head.framing = Framing::Chunked;
  if (has_length && head.content_length == 0) head.framing = Framing::None;
  return {};
}

}  // namespace

tl::expected<std::size_t, Refusal> HeadScanner::scan(std::string_view bytes,
                                                     const HeadLimits& limits) {
  while (true) {
    const std::size_t end = bytes.find('\n', at_);
    const std::size_t seen = end == bytes.npos ? bytes.size() : end + 1;
    if (fields_start_ == 0) {
      if (seen > limits.request_line_bytes_max + 2) return refuse(414, "request line is too long");
    } else if (seen - fields_start_ > limits.header_bytes_max + 2) {  // 2: the empty line
      return refuse(431, "header block is too long");
    }
    if (end == bytes.npos) {
      at_ = bytes.size();
      return 0;
    }
    if (end == line_start_ || bytes[end - 1] != '\r')
      return refuse(400, "a line ends without CRLF");
    const bool is_empty = end == line_start_ + 1;
    at_ = line_start_ = end + 1;
    if (fields_start_ == 0) {
      if (is_empty) return refuse(400, "request line is missing");
      fields_start_ = end + 1;
    } else if (is_empty) {
      return end + 1;
    } else if (++lines_ > limits.header_lines_max) {
      return refuse(431, "too many header lines");
    }
  }
}

tl::expected<void, Refusal> parse_head(std::string_view bytes, Head& head) {
  auto fields = std::move(head.request.headers);
  fields.clear();
  head = Head{};
  head.request.headers = std::move(fields);

  std::size_t at = 0;
  while (true) {
    const std::size_t end = bytes.find("\r\n", at);
    if (end == bytes.npos) return refuse(400, "a line ends without CRLF");
    const std::string_view line = bytes.substr(at, end - at);
    if (line.find_first_of(std::string_view("\r\n\0", 3)) != line.npos) {
      return refuse(400, "a line holds a control character");
    }
    if (at == 0) {
      if (auto read = parse_request_line(line, head); !read) return read;
    } else if (line.empty()) {
      if (end + 2 != bytes.size()) return refuse(400, "bytes follow the empty line");
      break;
    } else if (auto read = parse_field(line, head.request); !read) {
      return read;
    }
    at = end + 2;
  }
  if (auto checked = check_repeats(head.request.headers); !checked) return checked;
  return read_framing(head);
}

}  // namespace martgate::http
