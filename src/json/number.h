// JSON numbers compared and divided exactly, whatever mixture of integers and doubles carries them.
#pragma once

#include <compare>
#include <cstdint>

#include "json/json_fwd.h"

namespace martgate {

// value = (negative ? -1 : 1) * digits * 10^exponent; digits has no trailing zero unless it is 0.
struct DecimalDigits {
  bool negative = false;
  std::uint64_t digits = 0;
  int exponent = 0;
};

// The shortest digits that read back as the same finite double; they are what its author wrote.
[[nodiscard]] DecimalDigits shortest_digits(double value);
[[nodiscard]] DecimalDigits digits_of(const Json& number);

[[nodiscard]] std::strong_ordering compare_numbers(const Json& left, const Json& right);

// 1, 1.0 and 1e300 are integers; 1.5 is not, nor is anything but a number.
[[nodiscard]] bool is_integer(const Json& value);

// Over the decimal digits as written: 0.0075 is a multiple of 0.0001. The divisor is above 0.
[[nodiscard]] bool is_multiple(const Json& value, const Json& divisor);

// A total order in which values are equal exactly when JSON Schema calls them equal: 1 equals 1.0,
// and the order of members does not matter.
[[nodiscard]] std::strong_ordering compare_values(const Json& left, const Json& right);

}  // namespace martgate
