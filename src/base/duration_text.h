// Spans of time as people say them.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"

namespace martgate {

// "12 minutes", "26 hours", "3 days": whole units, rounded down, of the largest that is there at
// least twice. Negative spans are "0 seconds".
[[nodiscard]] std::string duration_text(std::chrono::milliseconds span);

// The same without rounding, for a limit somebody wrote down: "50 hours", "3 days", "90 minutes".
[[nodiscard]] std::string limit_text(std::chrono::minutes limit);

// "90s", "15m", "4h", "2d": a whole number of at most 5 digits and its unit; at least a second.
// Errors: InvalidArgument.
[[nodiscard]] Result<std::chrono::seconds> parse_duration(std::string_view text);
// The same form, in the largest unit that is exact.
[[nodiscard]] std::string compact_duration(std::chrono::seconds span);

}  // namespace martgate
