// Whether a job starts now. Pure: history, schedule and time in, a decision out.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "base/clock.h"
#include "catalog/jobs.h"
#include "jobs/schedule.h"

namespace martgate::jobs {

enum class RunState : std::uint8_t {
  Running,
  Succeeded,
  Failed,    // a step said no
  TimedOut,  // the attempt took longer than the job's timeout
  Crashed,   // its process ended without a word
  Stopped    // asked to end, between two steps; goes on at the next start
};
[[nodiscard]] std::string_view name_of(RunState state);
[[nodiscard]] RunState run_state_named(std::string_view name);

// What is remembered of a job.
struct JobMemory {
  WallTime enrolled_at{};                 // first seen; what was due before it is not missed
  std::optional<WallTime> covered_until;  // due time of the newest run; all before it are settled
  struct LastRun {
    RunState state = RunState::Succeeded;
    int attempt = 1;
    WallTime scheduled_for{};
    WallTime finished_at{};
  };
  std::optional<LastRun> last_run;
};

struct Start {
  WallTime scheduled_for{};
  int attempt = 1;
  std::int64_t missed = 0;  // due times before `scheduled_for` that nothing ran for
};
struct Wait {
  std::optional<WallTime> until;
};
using Decision = std::variant<Start, Wait>;

inline constexpr std::int64_t kMissedCounted = 10'000;

// However many due times were missed, one run makes up for them: for the latest of them.
[[nodiscard]] Decision decide(const catalog::Job& job, const Schedule& schedule,
                              const JobMemory& memory, WallTime now);

// Before attempt `attempt` + 1: the job's retry_wait, doubled for each attempt after the first.
[[nodiscard]] std::chrono::seconds retry_wait(const catalog::Job& job, int attempt);

}  // namespace martgate::jobs
