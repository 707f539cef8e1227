#include "jobs/decide.h"

#include <algorithm>
#include <array>

namespace martgate::jobs {
namespace {

constexpr std::array<std::string_view, 6> kStates{"running",   "succeeded", "failed",
                                                  "timed_out", "crashed",   "stopped"};
constexpr std::chrono::seconds kRetryWaitMax = std::chrono::hours(24);

}  // namespace

std::string_view name_of(RunState state) {
  return kStates[static_cast<std::size_t>(state)];
}

RunState run_state_named(std::string_view name) {
  const auto found = std::ranges::find(kStates, name);
  return found == kStates.end() ? RunState::Failed : static_cast<RunState>(found - kStates.begin());
}

std::chrono::seconds retry_wait(const catalog::Job& job, int attempt) {
  std::chrono::seconds wait = job.retry_wait;
  for (int i = 1; i < attempt && wait < kRetryWaitMax; ++i) wait *= 2;
  return std::min(wait, kRetryWaitMax);
}

Decision decide(const catalog::Job& job, const Schedule& schedule, const JobMemory& memory,
                WallTime now) {
  const WallTime covered = memory.covered_until.value_or(memory.enrolled_at);
  const auto latest = schedule.last_until(now);
  if (latest && *latest > covered)
    return Start{*latest, 1, schedule.count_between(covered, *latest, kMissedCounted)};
  auto until = schedule.next_after(std::max(now, covered));
  if (memory.last_run) {
    const JobMemory::LastRun& last = *memory.last_run;
    if (last.state == RunState::Stopped) return Start{last.scheduled_for, last.attempt, 0};
    const bool may_retry = last.state != RunState::Succeeded && last.state != RunState::Running &&
                           last.attempt <= job.retries;
    if (may_retry) {
      const WallTime retry_at = last.finished_at + retry_wait(job, last.attempt);
      if (now >= retry_at) return Start{last.scheduled_for, last.attempt + 1, 0};
      if (!until || retry_at < *until) until = retry_at;
    }
  }
  return Wait{until};
}

}  // namespace martgate::jobs
