#include "jobs/job_standing.h"

#include <fmt/format.h>

#include "base/duration_text.h"

namespace martgate::jobs {
namespace {

Trouble trouble_of(const catalog::Job& job, std::string_view fault, std::string title,
                   std::string text) {
  return {.key = fmt::format("job.{}.{}", job.name, fault),
          .title = std::move(title),
          .text = std::move(text),
          .route = job.alert,
          .owner = job.owner_contact.empty()
                       ? job.owner_team
                       : fmt::format("{} ({})", job.owner_team, job.owner_contact),
          .runbook = job.runbook};
}

}  // namespace

Result<JobStanding> standing_of(const catalog::Job& job, JobStore& store, WallTime now) {
  const auto schedule = Schedule::make(job.schedule);
  if (!schedule) return tl::unexpected(schedule.error());
  const auto memory = store.memory(job.name, now);
  if (!memory) return tl::unexpected(memory.error());
  auto runs = store.history(job.name, 1);
  if (!runs) return tl::unexpected(runs.error());
  const auto good = store.last_good_start(job.name);
  if (!good) return tl::unexpected(good.error());
  JobStanding standing;
  standing.job = &job;
  standing.good_start = *good;
  standing.fresh_since = good->value_or(memory->enrolled_at);
  if (job.fresh_within) standing.is_fresh = now - standing.fresh_since <= *job.fresh_within;
  if (!runs->empty()) standing.last_run = std::move(runs->front());
  const bool is_running = standing.last_run && standing.last_run->state == RunState::Running;
  const Decision decision = decide(job, *schedule, *memory, now);
  if (const auto* wait = std::get_if<Wait>(&decision)) {
    standing.next_due = wait->until;
  } else {
    const auto& start = std::get<Start>(decision);
    standing.next_due = start.attempt == 1 ? start.scheduled_for : now;
    if (!is_running && now - start.scheduled_for > kLateAfter && start.attempt == 1)
      standing.late_since = start.scheduled_for;
  }
  return standing;
}

Watched watch_jobs(const std::vector<JobStanding>& standings, WallTime now) {
  Watched watched;
  for (const JobStanding& standing : standings) {
    const catalog::Job& job = *standing.job;
    watched.scopes.push_back(fmt::format("job.{}.late", job.name));
    watched.scopes.push_back(fmt::format("job.{}.stale", job.name));
    if (standing.late_since) {
      watched.troubles.push_back(
          trouble_of(job, "late", fmt::format("job {} has not begun", job.name),
                     fmt::format("due {} ago, at {}", duration_text(now - *standing.late_since),
                                 to_rfc3339(*standing.late_since))));
    }
    if (standing.is_fresh == false) {
      watched.troubles.push_back(trouble_of(
          job, "stale", fmt::format("job {} broke its freshness contract", job.name),
          standing.good_start ? fmt::format("the last good run began {} ago, promised every {}",
                                            duration_text(now - standing.fresh_since),
                                            compact_duration(*job.fresh_within))
                              : fmt::format("no good run within {} of its first sight",
                                            compact_duration(*job.fresh_within))));
    }
  }
  return watched;
}

}  // namespace martgate::jobs
