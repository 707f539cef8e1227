// Metrics that count other days than those of their own period: earlier ones, or all so far.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "catalog/project.h"

namespace martgate::metrics {

// How the days that are counted for a period follow from the period.
struct Window {
  enum class Kind : std::uint8_t {
    Earlier,      // as many spans earlier: last month's value
    GrainStart,   // the first period of the same length in the enclosing grain
    Trailing,     // the span that ends with the period
    GrainToDate,  // from the beginning of the grain to the end of the period
    AllTime,      // everything up to the end of the period
  };
  Kind kind = Kind::Earlier;
  catalog::TimeSpan span;  // Earlier, Trailing; its grain alone: GrainStart, GrainToDate
  bool is_first_day_of_period = false;  // the cumulative value on the period's first day, not last

  friend bool operator==(const Window&, const Window&) = default;
};

// What an input of `metric` adds on its way down to the simple metrics.
[[nodiscard]] std::optional<Window> window_of(const catalog::Metric& metric,
                                              const catalog::MetricInput& input);

// «1 month earlier», «over the 7 days up to the end of the period»
[[nodiscard]] std::string in_words(const Window& window);

}  // namespace martgate::metrics
