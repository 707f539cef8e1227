// http and https URLs of configuration: where to connect, what to compare.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace martgate {

struct HttpUrl {
  bool is_https = false;
  std::string host;        // lower case; IPv6 without its brackets
  std::uint16_t port = 0;  // the scheme's own when none is written
  std::string path;        // as written, empty or with '/' in front
  std::string query;       // as written, without '?'

  // "host" or "host:port", the port only when it is not the scheme's; IPv6 in brackets.
  [[nodiscard]] std::string authority() const;
  [[nodiscard]] std::string origin() const;  // "https://host:port", as authority()
  // Origin and path, no slash at the end: one spelling of what clients connect to.
  [[nodiscard]] std::string canonical() const;
  [[nodiscard]] std::string target() const;  // path, at least "/", and query
};

// Nothing for another scheme, user information, a fragment, an empty host, a port of 0, and
// characters that a URL cannot hold (RFC 3986); nothing is decoded.
[[nodiscard]] std::optional<HttpUrl> parse_http_url(std::string_view text);

// "localhost", 127.0.0.0/8 in dotted form, "::1".
[[nodiscard]] bool is_loopback_name(std::string_view host);

}  // namespace martgate
