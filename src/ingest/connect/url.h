// The little of RFC 3986 that a poll needs: where a request goes, and whether a link stays there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace martgate::ingest {

struct Origin {
  bool is_tls = false;
  std::string host;  // lower case, an IPv6 address without its brackets
  std::uint16_t port = 0;

  bool operator==(const Origin&) const = default;
};

struct Url {
  Origin origin;
  std::string target = "/";  // path and query, as sent
};

// An absolute http or https URL without user and fragment. Nothing for any other text.
[[nodiscard]] std::optional<Url> parse_url(std::string_view text);

// `reference` as seen from `base`: an absolute URL, "//host/path", "/path" or "?query". A fragment
// is dropped. Nothing for what is none of these.
[[nodiscard]] std::optional<Url> resolve_url(const Url& base, std::string_view reference);

// "host:port" as the Host field has it: without a default port, IPv6 in brackets.
[[nodiscard]] std::string host_field(const Origin& origin);

// Every byte but letters, digits and "-._~" as %XX.
[[nodiscard]] std::string percent_encoded(std::string_view text);

// "?a=1&b=2"; empty without parameters.
[[nodiscard]] std::string query_text(
    const std::vector<std::pair<std::string, std::string>>& parameters);

}  // namespace martgate::ingest
