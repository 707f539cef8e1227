// Internet addresses as text.
#pragma once

#include <string_view>

namespace martgate {

[[nodiscard]] bool is_ipv4(std::string_view text);  // four decimal octets, no leading zeros
[[nodiscard]] bool is_ipv6(std::string_view text);  // RFC 4291, section 2.2; no zone, no prefix

}  // namespace martgate
