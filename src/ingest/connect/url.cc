#include "ingest/connect/url.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace martgate::ingest {
namespace {

constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kHttpsPort = 443;

bool is_visible_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7F; });
}

// "host", "host:port", "[::1]:port".
bool read_authority(std::string_view text, Origin& origin) {
  std::string_view host = text;
  std::string_view port;
  const std::size_t bracket = text.starts_with('[') ? text.find(']') : 0;
  if (bracket == std::string_view::npos) return false;
  const std::size_t colon = text.find(':', bracket);
  if (colon != std::string_view::npos) {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
    unsigned number = 0;
    const auto [end, problem] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (problem != std::errc() || end != port.data() + port.size()) return false;
    if (number == 0 || number > 65'535) return false;
    origin.port = static_cast<std::uint16_t>(number);
  }
  if (host.starts_with('[')) {
    if (!host.ends_with(']')) return false;
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return false;
  }
  if (host.empty() || host.find_first_of("@/\\?#%") != std::string_view::npos) return false;
  origin.host = lower_ascii(host);
  return true;
}

}  // namespace

std::optional<Url> parse_url(std::string_view text) {
  Url url;
  if (!is_visible_ascii(text)) return std::nullopt;
  if (text.starts_with("https://")) {
    url.origin = {.is_tls = true, .host = {}, .port = kHttpsPort};
    text.remove_prefix(8);
  } else if (text.starts_with("http://")) {
    url.origin = {.is_tls = false, .host = {}, .port = kHttpPort};
    text.remove_prefix(7);
  } else {
    return std::nullopt;
  }
  text = text.substr(0, text.find('#'));
  const std::size_t end = std::min(text.find_first_of("/?"), text.size());
  if (!read_authority(text.substr(0, end), url.origin)) return std::nullopt;
  url.target = std::string(text.substr(end));
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  return url;
}

std::optional<Url> resolve_url(const Url& base, std::string_view reference) {
  if (!is_visible_ascii(reference)) return std::nullopt;
  reference = reference.substr(0, reference.find('#'));
  if (reference.starts_with("//")) {
    return parse_url(std::string(base.origin.is_tls ? "https:" : "http:").append(reference));
  }
  if (reference.starts_with('/')) return Url{base.origin, std::string(reference)};
  if (reference.starts_with('?')) {
    return Url{base.origin, base.target.substr(0, base.target.find('?')) + std::string(reference)};
  }
  return parse_url(reference);
}

std::string host_field(const Origin& origin) {
  const bool is_v6 = origin.host.find(':') != std::string::npos;
  std::string text = is_v6 ? fmt::format("[{}]", origin.host) : origin.host;
  if (origin.port != (origin.is_tls ? kHttpsPort : kHttpPort))
    text += fmt::format(":{}", origin.port);
  return text;
}

std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
    if (is_plain)
      encoded.push_back(c);
    else
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return encoded;
}

std::string query_text(const std::vector<std::pair<std::string, std::string>>& parameters) {
  std::string text;
  for (const auto& [name, value] : parameters) {
    text += fmt::format("{}{}={}", text.empty() ? '?' : '&', percent_encoded(name),
                        percent_encoded(value));
  }
  return text;
}

}  // namespace martgate::ingest
