#include "http/host_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/text.h"

namespace martgate::http {
namespace {

std::optional<std::uint16_t> parse_port(std::string_view digits) {
  if (digits.empty() || digits.size() > 5) return std::nullopt;
  unsigned port = 0;
  for (const char digit : digits) {
    if (digit < '0' || digit > '9') return std::nullopt;
    port = port * 10 + static_cast<unsigned>(digit - '0');
  }
  if (port == 0 || port > 65'535) return std::nullopt;
  return static_cast<std::uint16_t>(port);
}

bool consists_of(std::string_view text, std::string_view others) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') ||
           others.find(byte) != others.npos;
  });
}

struct Origin {
  std::string_view scheme;
  std::string_view authority;
};

// The serialised origin of RFC 6454 section 6.2: scheme, host and port, nothing after them.
std::optional<Origin> split_origin(std::string_view text) {
  for (const std::string_view scheme : {"http", "https"}) {
    if (text.starts_with(scheme) && text.substr(scheme.size()).starts_with("://")) {
      return Origin{scheme, text.substr(scheme.size() + 3)};
    }
  }
  return std::nullopt;
}

std::uint16_t default_port(std::string_view scheme) {
  return scheme == "https" ? 443 : 80;
}

}  // namespace

std::optional<Authority> parse_authority(std::string_view text) {
  if (text.size() > 255 + 6) return std::nullopt;  // the longest DNS name, a colon and a port
  Authority authority;
  std::string_view rest = text;
  if (rest.starts_with('[')) {
    const std::size_t end = rest.find(']');
    if (end == rest.npos) return std::nullopt;
    authority.host = lower_ascii(rest.substr(0, end + 1));
    if (!consists_of(std::string_view(authority.host).substr(1, end - 1), ":.")) {
      return std::nullopt;
    }
    rest.remove_prefix(end + 1);
  } else {
    const std::size_t colon = std::min(rest.find(':'), rest.size());
    authority.host = lower_ascii(rest.substr(0, colon));
    if (authority.host.size() > 1 && authority.host.back() == '.') authority.host.pop_back();
    if (!consists_of(authority.host, "-._")) return std::nullopt;
    rest.remove_prefix(colon);
  }
  if (rest.empty()) return authority;
  if (rest.front() != ':') return std::nullopt;
  authority.port = parse_port(rest.substr(1));
  if (!authority.port) return std::nullopt;
  return authority;
}

Result<HostRules> HostRules::from(const std::vector<std::string>& hosts,
                                  const std::vector<std::string>& origins) {
  HostRules rules;
  for (const std::string& entry : hosts) {
    auto authority = parse_authority(entry);
    if (!authority) {
      return fail(Code::InvalidArgument, fmt::format("\"{}\" is not a host", shown(entry)),
                  {"accepted: name, name:port, [::1], [::1]:port"});
    }
    rules.hosts_.push_back({std::move(authority->host), authority->port});
  }
  for (const std::string& entry : origins) {
    const auto origin = split_origin(entry);
    const bool is_any_port = entry.ends_with(":*");
    const auto authority =
        origin ? parse_authority(is_any_port
                                     ? origin->authority.substr(0, origin->authority.size() - 2)
                                     : origin->authority)
               : std::nullopt;
    if (!authority || (is_any_port && authority->port)) {
      return fail(Code::InvalidArgument, fmt::format("\"{}\" is not an origin", shown(entry)),
                  {"accepted: https://name, https://name:port, https://name:*, and http"});
    }
    OriginRule rule{std::string(origin->scheme), authority->host, std::nullopt};
    if (!is_any_port) rule.port = authority->port.value_or(default_port(origin->scheme));
    rules.origins_.push_back(std::move(rule));
  }
  return rules;
}

HostRules HostRules::loopback() {
  HostRules rules;
  for (const char* host : {"localhost", "127.0.0.1", "[::1]"}) {
    rules.hosts_.push_back({host, std::nullopt});
    rules.origins_.push_back({"http", host, std::nullopt});
    rules.origins_.push_back({"https", host, std::nullopt});
  }
  return rules;
}

Result<HostRules> HostRules::loopback_and(const std::vector<std::string>& hosts,
                                          const std::vector<std::string>& origins) {
  auto rules = from(hosts, origins);
  if (!rules) return rules;
  HostRules known = loopback();
  std::move(known.hosts_.begin(), known.hosts_.end(), std::back_inserter(rules->hosts_));
  std::move(known.origins_.begin(), known.origins_.end(), std::back_inserter(rules->origins_));
  return rules;
}

bool HostRules::admits_host(std::string_view header) const {
  const auto authority = parse_authority(header);
  return authority && std::any_of(hosts_.begin(), hosts_.end(), [&](const HostRule& rule) {
           return rule.host == authority->host && (!rule.port || rule.port == authority->port);
         });
}

bool HostRules::admits_origin(std::string_view header) const {
  const auto origin = split_origin(header);
  if (!origin) return false;
  const auto authority = parse_authority(origin->authority);
  if (!authority) return false;
  const std::uint16_t port = authority->port.value_or(default_port(origin->scheme));
  return std::any_of(origins_.begin(), origins_.end(), [&](const OriginRule& rule) {
    return rule.scheme == origin->scheme && rule.host == authority->host &&
           (!rule.port || *rule.port == port);
  });
}

}  // namespace martgate::http
