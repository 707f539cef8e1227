// Who sent a webhook's delivery: HMAC-SHA256 over its body. Pure; time and secrets are arguments.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "catalog/connector.h"

namespace martgate::ingest {

// The value of a header field, ASCII case aside; nothing when it is absent.
using HeaderLookup = std::function<std::optional<std::string_view>(std::string_view name)>;

enum class Signed : std::uint8_t {
  Good,
  Missing,    // no signature, or no time where one is signed
  Malformed,  // not in the shape of the scheme
  Stale,      // signed longer ago, or further ahead, than tolerance_s
  Wrong,      // by none of the secrets
};
[[nodiscard]] std::string_view name_of(Signed verdict);

// Good when any of the secrets made any of the signatures that the field holds: secrets are rotated
// on either side first. The comparison takes the same time for every signature of the right length.
// `id` stands for {id} in signed_text.
[[nodiscard]] Signed check_signature(const catalog::Signature& signature,
                                     std::span<const std::string> secrets,
                                     const HeaderLookup& header, std::string_view id,
                                     std::string_view body, WallTime now);

}  // namespace martgate::ingest
