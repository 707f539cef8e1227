// Spans of time as people say them.
#pragma once

#include <chrono>
#include <string>

namespace martgate {

// "12 minutes", "26 hours", "3 days": whole units, rounded down, of the largest that is there at
// least twice. Negative spans are "0 seconds".
[[nodiscard]] std::string duration_text(std::chrono::milliseconds span);

// The same without rounding, for a limit somebody wrote down: "50 hours", "3 days", "90 minutes".
[[nodiscard]] std::string limit_text(std::chrono::minutes limit);

}  // namespace martgate
