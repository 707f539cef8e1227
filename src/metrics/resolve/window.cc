#include "metrics/resolve/window.h"

#include <fmt/format.h>

namespace martgate::metrics {

std::optional<Window> window_of(const catalog::Metric& metric, const catalog::MetricInput& input) {
  if (const auto* whole = std::get_if<catalog::CumulativeMetric>(&metric.definition)) {
    Window window{.kind = Window::Kind::AllTime,
                  .span = {},
                  .is_first_day_of_period = whole->first_day_of_period};
    if (whole->window) {
      window.kind = Window::Kind::Trailing;
      window.span = *whole->window;
    } else if (whole->grain_to_date) {
      window.kind = Window::Kind::GrainToDate;
      window.span.grain = *whole->grain_to_date;
    }
    return window;
  }
  if (input.offset_window) {
    return Window{.kind = Window::Kind::Earlier, .span = *input.offset_window};
  }
  if (input.offset_to_grain) {
    return Window{.kind = Window::Kind::GrainStart,
                  .span = {.count = 0, .grain = *input.offset_to_grain}};
  }
  return std::nullopt;
}

std::string in_words(const Window& window) {
  const std::string span = fmt::format("{} {}{}", window.span.count, name_of(window.span.grain),
                                       window.span.count == 1 ? "" : "s");
  const std::string_view end =
      window.is_first_day_of_period ? "the first day of the period" : "the end of the period";
  switch (window.kind) {
    case Window::Kind::Earlier:
      return fmt::format("{} earlier", span);
    case Window::Kind::GrainStart:
      return fmt::format("at the beginning of the {}", name_of(window.span.grain));
    case Window::Kind::Trailing:
      return fmt::format("over the {} up to {}", span, end);
    case Window::Kind::GrainToDate:
      return fmt::format("from the beginning of the {} to {}", name_of(window.span.grain), end);
    case Window::Kind::AllTime:
      return fmt::format("over all time up to {}", end);
  }
  return {};
}

}  // namespace martgate::metrics
