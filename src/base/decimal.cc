#include "base/decimal.h"

#include "base/check.h"

namespace martgate {

std::string decimal_text(std::int64_t scaled, int scale) {
  MARTGATE_CHECK(scale >= 0 && scale <= kDecimalScaleMax);
  const bool negative = scaled < 0;
  const std::uint64_t magnitude =
      negative ? ~static_cast<std::uint64_t>(scaled) + 1 : static_cast<std::uint64_t>(scaled);
  std::string digits = std::to_string(magnitude);
  if (scale > 0) {
    const auto places = static_cast<std::size_t>(scale);
    if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
    digits.insert(digits.size() - places, 1, '.');
  }
  if (negative) digits.insert(0, 1, '-');
  return digits;
}

double power_of_ten(int scale) {
  MARTGATE_CHECK(scale >= 0 && scale <= kDecimalScaleMax);
  double power = 1;
  for (int i = 0; i < scale; ++i) power *= 10;
  return power;
}

}  // namespace martgate
