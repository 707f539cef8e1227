#include "metrics/resolve/periods.h"

#include <algorithm>

namespace martgate::metrics {
namespace {

using std::chrono::days;

// Before anything a mart can hold (ISO dates begin with year 0001).
constexpr Date kBeginning = Date{std::chrono::year(1) / std::chrono::January / std::chrono::day(1)};

Date earlier(Date date, const catalog::TimeSpan& span) {
  return plus(date, span.grain, -span.count);
}

// Spans of months map beginnings of months onto each other; any other end is the day after its own
// last day, moved.
Date earlier_end(Date end, const catalog::TimeSpan& span) {
  if (start_of(Grain::Month, end) == end) return earlier(end, span);
  return earlier(end - days(1), span) + days(1);
}

// As many days from `start` on as `own` has; a whole period of the grain where `own` is one.
Days same_length(Days own, std::optional<Grain> grain, Date start) {
  const bool is_whole =
      grain && own.from == start_of(*grain, own.from) && own.to == plus(own.from, *grain, 1);
  return {start, is_whole ? plus(start, *grain, 1) : start + (own.to - own.from)};
}

Days windowed_by(Days own, std::optional<Grain> grain, const Window& window) {
  const Date end = window.is_first_day_of_period ? own.from + days(1) : own.to;
  switch (window.kind) {
    case Window::Kind::Earlier:
      return {earlier(own.from, window.span), earlier_end(own.to, window.span)};
    case Window::Kind::GrainStart:
      return same_length(own, grain, start_of(window.span.grain, own.from));
    case Window::Kind::Trailing:
      return {earlier_end(end, window.span), end};
    case Window::Kind::GrainToDate:
      return {start_of(window.span.grain, end - days(1)), end};
    case Window::Kind::AllTime:
      return {kBeginning, end};
  }
  return own;
}

}  // namespace

Days windowed(Days days, std::optional<Grain> grain, const std::vector<Window>& windows) {
  for (const Window& window : windows) days = windowed_by(days, grain, window);
  return days;
}

std::int64_t period_count(Days range, Grain grain) {
  std::int64_t count = 0;
  for (Date start = start_of(grain, range.from); start < range.to; start = plus(start, grain, 1)) {
    ++count;
  }
  return count;
}

std::vector<Period> periods_of(Days range, Grain grain, const std::vector<Window>& windows) {
  std::vector<Period> periods;
  for (Date start = start_of(grain, range.from); start < range.to; start = plus(start, grain, 1)) {
    const Days own{std::max(start, range.from), std::min(plus(start, grain, 1), range.to)};
    periods.push_back({start, windowed(own, grain, windows)});
  }
  return periods;
}

}  // namespace martgate::metrics
