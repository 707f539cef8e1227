// When something is due, written in the five fields of crontab(5): minute, hour, day of month,
// month, day of week. Pure: days and minutes of a local calendar, no zone.
#pragma once

#include <bitset>
#include <string>
#include <string_view>

#include "base/calendar.h"
#include "base/result.h"

namespace martgate {

struct Cron {
  std::string text;  // as written
  std::bitset<60> minutes;
  std::bitset<24> hours;
  std::bitset<32> days;     // 1 to 31
  std::bitset<13> months;   // 1 to 12
  std::bitset<7> weekdays;  // 0 is Sunday
  // A field that begins with "*": the other of the two day fields decides alone (crontab(5)).
  bool any_day = false;
  bool any_weekday = false;
  // Due in every hour: it follows elapsed time where the clock is turned.
  bool any_hour = false;

  // When both day fields are restricted, a day matches if either does.
  [[nodiscard]] bool matches(Date day) const;
};

// Lists (1,15), ranges (1-5), steps (*/10, 8-18/2), names of months and weekdays (jan, mon), 7 for
// Sunday. Errors: InvalidArgument with the field, what is accepted and the nearest name; also for a
// day that no year has (30 2).
[[nodiscard]] Result<Cron> parse_cron(std::string_view text);

}  // namespace martgate
