// The periods of an answer, and the days that are counted for each.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/calendar.h"
#include "metrics/resolve/window.h"

namespace martgate::metrics {

// Half-open, as a TimeRange with both sides.
struct Days {
  Date from;
  Date to;

  friend bool operator==(const Days&, const Days&) = default;
};

// The days that are counted for `days` of the answer, which are one period of `grain` or, without
// one, the whole range; windows apply from the outermost metric inwards. Months clamp as
// everywhere: one month before 31 March ends with February.
[[nodiscard]] Days windowed(Days days, std::optional<Grain> grain,
                            const std::vector<Window>& windows);

// How many periods of `grain` the range touches.
[[nodiscard]] std::int64_t period_count(Days range, Grain grain);

struct Period {
  Date name;  // its first day, as the answer shows it
  Days days;  // what is counted for it
};

// The first and last periods are cut to the range, as they are for every other metric.
[[nodiscard]] std::vector<Period> periods_of(Days range, Grain grain,
                                             const std::vector<Window>& windows);

}  // namespace martgate::metrics
