// How each job stands: what is due next, how it last went, whether its contract is kept. Pure.
#pragma once

#include <optional>
#include <vector>

#include "catalog/jobs.h"
#include "jobs/alerts.h"
#include "jobs/job_store.h"

namespace martgate::jobs {

// A due time nobody ran for is late only after this long: schedulers look now and then.
inline constexpr std::chrono::minutes kLateAfter{5};

struct JobStanding {
  const catalog::Job* job = nullptr;
  std::optional<WallTime> next_due;
  std::optional<Run> last_run;  // the newest, running or not
  std::optional<WallTime> good_start;
  std::optional<WallTime> late_since;  // a due time that passed and nobody ran for
  // Of `fresh_within`; counted from the first sight of the job until a run is good.
  std::optional<bool> is_fresh;
  WallTime fresh_since{};  // start of the last good run, or the first sight
};

[[nodiscard]] Result<JobStanding> standing_of(const catalog::Job& job, JobStore& store,
                                              WallTime now);

// Keys "job.<name>.late" and "job.<name>.stale" of these jobs.
[[nodiscard]] Watched watch_jobs(const std::vector<JobStanding>& standings, WallTime now);

}  // namespace martgate::jobs
