#include "jobs/schedule.h"

#include <algorithm>

namespace martgate::jobs {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// The 29th of February is eight years away at most (2096 to 2104).
constexpr days kHorizon{366 * 9};

}  // namespace

Result<Schedule> Schedule::make(const catalog::JobSchedule& schedule) {
  auto zone = TimeZone::named(schedule.zone);
  if (!zone) return tl::unexpected(zone.error());
  return Schedule(schedule, std::move(*zone));
}

Date Schedule::local_day(WallTime at) const {
  return Date(floor<days>(zone_.local(floor<seconds>(at)).time_since_epoch()));
}

std::vector<SysTime> Schedule::due_on(Date day) const {
  std::vector<SysTime> due;
  const Cron& cron = *schedule_.cron;
  if (!cron.matches(day)) return due;
  for (std::size_t hour = 0; hour < cron.hours.size(); ++hour) {
    if (!cron.hours.test(hour)) continue;
    for (std::size_t minute = 0; minute < cron.minutes.size(); ++minute) {
      if (!cron.minutes.test(minute)) continue;
      const LocalTime local(day.time_since_epoch() + hours(hour) + minutes(minute));
      const TimeZone::Moments moments = zone_.moments(local);
      if (moments.is_skipped && cron.any_hour) continue;
      due.push_back(moments.first);
      if (moments.second && cron.any_hour) due.push_back(*moments.second);
    }
  }
  std::ranges::sort(due);
  const auto twice = std::ranges::unique(due);
  due.erase(twice.begin(), twice.end());
  return due;
}

std::optional<WallTime> Schedule::next_after(WallTime at) const {
  if (!schedule_.cron) {
    const auto every = schedule_.every;
    if (every.count() <= 0) return std::nullopt;
    const auto passed = floor<seconds>(at).time_since_epoch() / every;
    return WallTime(every * (passed + 1));
  }
  // A turned clock may move a due time across midnight, so the day before takes part.
  const Date first = local_day(at) - days(1);
  for (Date day = first; day < first + kHorizon; day += days(1)) {
    for (const SysTime due : due_on(day)) {
      if (WallTime(due) > at) return WallTime(due);
    }
  }
  return std::nullopt;
}

std::optional<WallTime> Schedule::last_until(WallTime at) const {
  if (!schedule_.cron) {
    const auto every = schedule_.every;
    if (every.count() <= 0) return std::nullopt;
    return WallTime(every * (floor<seconds>(at).time_since_epoch() / every));
  }
  const Date first = local_day(at) + days(1);
  for (Date day = first; day > first - kHorizon; day -= days(1)) {
    const std::vector<SysTime> due = due_on(day);
    for (auto it = due.rbegin(); it != due.rend(); ++it) {
      if (WallTime(*it) <= at) return WallTime(*it);
    }
  }
  return std::nullopt;
}

std::int64_t Schedule::count_between(WallTime from, WallTime to, std::int64_t count_max) const {
  std::int64_t count = 0;
  for (auto due = next_after(from); due && *due < to && count < count_max; due = next_after(*due))
    ++count;
  return count;
}

}  // namespace martgate::jobs
