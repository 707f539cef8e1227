#include "base/url.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace martgate {
namespace {

constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kHttpsPort = 443;

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool is_dns_name(std::string_view host) {
  return !host.empty() && host.size() <= 253 && is_alphanumeric(host.front()) &&
         host.find("..") == std::string_view::npos && std::ranges::all_of(host, [](char c) {
           return is_alphanumeric(c) || c == '.' || c == '-' || c == '_';
         });
}

bool is_ipv6_form(std::string_view host) {
  return host.size() >= 2 && host.find(':') != std::string_view::npos &&
         host.find_first_not_of("0123456789abcdef:.") == std::string_view::npos;
}

bool holds_url_characters(std::string_view text) {
  constexpr std::string_view kMarks = "-._~:/?[]@!$&'()*+,;=%";
  return std::ranges::all_of(text, [&](char c) {
    return is_alphanumeric(c) || (c >= 'A' && c <= 'Z') || kMarks.find(c) != std::string_view::npos;
  });
}

// The host is taken off `rest`, brackets included; nothing when it is none.
std::optional<std::string> take_host(std::string_view& rest) {
  std::string host;
  if (rest.starts_with('[')) {
    const std::size_t end = rest.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    host = lower_ascii(rest.substr(1, end - 1));
    rest.remove_prefix(end + 1);
    return is_ipv6_form(host) ? std::optional(host) : std::nullopt;
  }
  const std::size_t end = std::min(rest.find(':'), rest.size());
  host = lower_ascii(rest.substr(0, end));
  rest.remove_prefix(end);
  return is_dns_name(host) ? std::optional(host) : std::nullopt;
}

}  // namespace

std::string HttpUrl::authority() const {
  std::string text = host.find(':') == std::string::npos ? host : "[" + host + "]";
  if (port != (is_https ? kHttpsPort : kHttpPort)) text += ":" + std::to_string(port);
  return text;
}

std::string HttpUrl::origin() const {
  return (is_https ? "https://" : "http://") + authority();
}

std::string HttpUrl::canonical() const {
  const std::size_t end = path.find_last_not_of('/');
  return origin() + (end == std::string::npos ? std::string() : path.substr(0, end + 1));
}

std::string HttpUrl::target() const {
  return (path.empty() ? "/" : path) + (query.empty() ? "" : "?" + query);
}

std::optional<HttpUrl> parse_http_url(std::string_view text) {
  if (!holds_url_characters(text)) return std::nullopt;
  HttpUrl url;
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string scheme = lower_ascii(text.substr(0, colon));
  if (scheme != "http" && scheme != "https") return std::nullopt;
  url.is_https = scheme == "https";
  url.port = url.is_https ? kHttpsPort : kHttpPort;

  std::string_view rest = text.substr(colon + 3);
  const std::size_t authority_end = std::min(rest.find_first_of("/?"), rest.size());
  std::string_view authority = rest.substr(0, authority_end);
  rest.remove_prefix(authority_end);
  auto host = take_host(authority);
  if (!host) return std::nullopt;
  url.host = std::move(*host);
  if (!authority.empty()) {
    const char* begin = authority.data() + 1;
    const char* end = authority.data() + authority.size();
    const auto read = std::from_chars(begin, end, url.port);
    if (authority.front() != ':' || begin == end || read.ec != std::errc() || read.ptr != end ||
        url.port == 0) {
      return std::nullopt;
    }
  }
  const std::size_t question = std::min(rest.find('?'), rest.size());
  url.path = rest.substr(0, question);
  if (question < rest.size()) url.query = rest.substr(question + 1);
  return url;
}

bool is_loopback_name(std::string_view host) {
  if (host == "localhost" || host == "::1") return true;
  const auto parts = split(host, '.');
  return parts.size() == 4 && parts.front() == "127" &&
         std::ranges::all_of(parts, [](std::string_view part) {
           return !part.empty() && part.size() <= 3 &&
                  part.find_first_not_of("0123456789") == std::string_view::npos;
         });
}

}  // namespace martgate
