// When a job is due. Pure.
#pragma once

#include <optional>
#include <vector>

#include "base/calendar.h"
#include "base/clock.h"
#include "base/time_zone.h"
#include "catalog/jobs.h"

namespace martgate::jobs {

// Where the wall clock is turned, a job at fixed hours runs once: what falls into the skipped hour
// at the moment of the turn, what falls into the hour that comes twice at its first coming. A job
// of every hour (its hour field begins with "*") follows elapsed time instead: nothing in the
// skipped hour, both comings of the other.
//
// `every` counts from 1970-01-01T00:00:00Z, so that every process and every restart agrees.
class Schedule {
 public:
  // Errors: those of TimeZone::named().
  [[nodiscard]] static Result<Schedule> make(const catalog::JobSchedule& schedule);

  // The first due time behind `at`; none within eight years and a bit.
  [[nodiscard]] std::optional<WallTime> next_after(WallTime at) const;
  // The last due time not behind `at`.
  [[nodiscard]] std::optional<WallTime> last_until(WallTime at) const;
  // How many due times lie in (from, to); counts to `count_max` at most.
  [[nodiscard]] std::int64_t count_between(WallTime from, WallTime to,
                                           std::int64_t count_max) const;

 private:
  Schedule(catalog::JobSchedule schedule, TimeZone zone)
      : schedule_(std::move(schedule)), zone_(std::move(zone)) {}
  [[nodiscard]] std::vector<SysTime> due_on(Date local_day) const;  // sorted
  [[nodiscard]] Date local_day(WallTime at) const;

  catalog::JobSchedule schedule_;
  TimeZone zone_;
};

}  // namespace martgate::jobs
