// Message authentication: what we hand out and must recognise when it comes back.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/digest.h"

namespace martgate {

using MacKey = std::array<std::uint8_t, 32>;

// From the operating system's generator; stops the program if it fails.
[[nodiscard]] MacKey random_mac_key();

// HMAC-SHA-256 (RFC 2104).
[[nodiscard]] Digest hmac_sha256(const MacKey& key, std::string_view message);
// With a secret that others chose, of any length.
[[nodiscard]] Digest hmac_sha256(std::string_view secret, std::string_view message);

// The time it takes depends on the lengths and on nothing else.
[[nodiscard]] bool equal_secrets(std::string_view left, std::string_view right);

}  // namespace martgate
