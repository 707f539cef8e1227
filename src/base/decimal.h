// Exact decimals as scaled integers: 1284392.17 is 128439217 with scale 2.
#pragma once

#include <cstdint>
#include <string>

namespace martgate {

inline constexpr int kDecimalScaleMax = 9;

// "-0.05" for (-5, 2); "42" for (42, 0). Always `scale` digits behind the point.
[[nodiscard]] std::string decimal_text(std::int64_t scaled, int scale);
// 10^scale as a double, for scaling averages and ratios; scale in [0, kDecimalScaleMax].
[[nodiscard]] double power_of_ten(int scale);

}  // namespace martgate
