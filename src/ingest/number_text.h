// Numbers as people and systems write them, by a declared format and nothing else.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "catalog/contract.h"

namespace martgate::ingest {

enum class NumberFault : std::uint8_t {
  None,
  Malformed,   // not a number in this format
  TooPrecise,  // digits behind the point that the scale would drop
  TooLarge,    // beyond 64 bits
};

struct ScaledNumber {
  NumberFault fault = NumberFault::None;
  std::int64_t scaled = 0;    // the value times 10^scale
  bool is_canonical = false;  // the text is what decimal_text(scaled, scale) gives
};

// Exact: no floating point takes part. Zeros behind the scale are not digits that are dropped.
[[nodiscard]] ScaledNumber read_scaled(std::string_view text, int scale,
                                       const catalog::NumberFormat& format);

struct RealNumber {
  NumberFault fault = NumberFault::None;
  double value = 0;
  bool is_canonical = false;  // the text is the shortest one that reads back as the value
};

// Finite numbers; an exponent is accepted when the format has no separators of its own.
[[nodiscard]] RealNumber read_real(std::string_view text, const catalog::NumberFormat& format);

}  // namespace martgate::ingest
