#include "json/ip_address.h"

#include <algorithm>
#include <cstddef>
#include <optional>

#include "base/text.h"

namespace martgate {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// Groups of four hex digits; the last may be an IPv4 address, which counts for two.
std::optional<std::size_t> ipv6_groups(std::string_view text) {
  if (text.empty()) return 0;
  const auto parts = split(text, ':');
  std::size_t count = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i + 1 == parts.size() && parts[i].find('.') != parts[i].npos) {
      if (!is_ipv4(parts[i])) return std::nullopt;
      count += 2;
    } else {
      if (parts[i].empty() || parts[i].size() > 4) return std::nullopt;
      if (!std::ranges::all_of(parts[i], is_hex)) return std::nullopt;
      ++count;
    }
  }
  return count;
}

}  // namespace

bool is_ipv4(std::string_view text) {
  const auto parts = split(text, '.');
  return parts.size() == 4 && std::ranges::all_of(parts, [](std::string_view part) {
           if (part.empty() || part.size() > 3 || (part.size() > 1 && part[0] == '0')) return false;
           if (!std::ranges::all_of(part, is_digit)) return false;
           return part.size() < 3 || part <= "255";
         });
}

bool is_ipv6(std::string_view text) {
  const auto gap = text.find("::");
  if (gap == text.npos) return ipv6_groups(text) == std::size_t{8};
  const auto before = ipv6_groups(text.substr(0, gap));
  const auto after = ipv6_groups(text.substr(gap + 2));
  const bool is_ipv4_first = text.substr(0, gap).find('.') != text.npos;
  return before && after && !is_ipv4_first && *before + *after <= 7;
}

}  // namespace martgate
