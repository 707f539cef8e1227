#include "jobs/run_job.h"

#include <fmt/format.h>

#include <exception>

#include "base/duration_text.h"
#include "base/files.h"
#include "base/text.h"

namespace martgate::jobs {
namespace {

constexpr std::size_t kMessageBytesMax = 500;

void add(Watched& all, Watched more) {
  for (std::string& scope : more.scopes) all.scopes.push_back(std::move(scope));
  for (Trouble& trouble : more.troubles) all.troubles.push_back(std::move(trouble));
}

// The due time a manual run settles: one that is still open, else now.
WallTime manual_time(const Schedule& schedule, const JobMemory& memory, WallTime now) {
  const auto latest = schedule.last_until(now);
  const WallTime covered = memory.covered_until.value_or(memory.enrolled_at);
  return latest && *latest > covered ? *latest : now;
}

// The lock is ours, so whoever began these runs is gone.
Status settle_crashed(const RunRequest& request, JobStore& store, WallTime now) {
  const auto dead = store.unfinished(request.job.name);
  if (!dead) return tl::unexpected(dead.error());
  for (const Run& run : *dead) {
    const RunEnd end{RunState::Crashed, "", "its process ended without a word"};
    Watched watched = watch_run(request.job, run, end);
    watched.repeat_after = request.repeat_after;
    if (auto finished = store.finish(run.run_id, end, now, watched); !finished) return finished;
  }
  return {};
}

RunEnd run_steps(const RunRequest& request, StepRunner& steps, Watched& watched) {
  for (const catalog::JobStep& step : request.job.steps) {
    const std::string name = to_text(step);
    if (request.is_stopping && request.is_stopping())
      return {RunState::Stopped, name, "asked to stop before this step"};
    StepOutcome outcome;
    try {
      outcome = steps.run(step);
    } catch (const std::exception& problem) {
      outcome.is_good = false;
      outcome.message = problem.what();
    }
    add(watched, std::move(outcome.watched));
    if (!outcome.is_good) return {RunState::Failed, name, shown(outcome.message, kMessageBytesMax)};
  }
  return {};
}

}  // namespace

std::filesystem::path job_lock_path(const std::filesystem::path& state_folder,
                                    std::string_view job) {
  return state_folder / fmt::format("job-{}.lock", job);
}

Watched watch_run(const catalog::Job& job, const Run& run, const RunEnd& end) {
  const std::string key = fmt::format("job.{}.failed", job.name);
  const bool is_bad = end.state != RunState::Succeeded && end.state != RunState::Stopped;
  if (end.state == RunState::Stopped || (is_bad && run.attempt <= job.retries)) return {};
  Watched watched{{key}, {}};
  if (!is_bad) return watched;
  Trouble trouble;
  trouble.key = key;
  trouble.title = fmt::format("job {} {}", job.name,
                              end.state == RunState::TimedOut  ? "ran out of time"
                              : end.state == RunState::Crashed ? "crashed"
                                                               : "failed");
  trouble.text = end.step.empty() ? end.message : fmt::format("{}: {}", end.step, end.message);
  if (run.attempt > 1) trouble.text += fmt::format("; attempt {}, no more follow", run.attempt);
  trouble.route = job.alert;
  trouble.owner = job.owner_contact.empty()
                      ? job.owner_team
                      : fmt::format("{} ({})", job.owner_team, job.owner_contact);
  trouble.runbook = job.runbook;
  watched.troubles.push_back(std::move(trouble));
  return watched;
}

Status find_crashed(const RunRequest& request, JobStore& store, const Clock& clock) {
  const auto lock = FileLock::take(job_lock_path(request.state_folder, request.job.name), "run");
  if (!lock && lock.error().reason == "locked") return {};
  if (!lock) return tl::unexpected(lock.error());
  return settle_crashed(request, store, clock.now());
}

Result<RunReport> run_job(const RunRequest& request, JobStore& store, const Clock& clock,
                          StepRunner& steps) {
  const catalog::Job& job = request.job;
  const auto schedule = Schedule::make(job.schedule);
  if (!schedule) return tl::unexpected(schedule.error());
  const auto lock = FileLock::take(job_lock_path(request.state_folder, job.name), "run");
  if (!lock) {
    if (lock.error().reason == "locked") return RunReport{RunReport::Kind::AlreadyRunning, {}};
    return tl::unexpected(lock.error());
  }
  if (auto settled = settle_crashed(request, store, clock.now()); !settled)
    return tl::unexpected(settled.error());
  const WallTime now = clock.now();
  const auto memory = store.memory(job.name, now);
  if (!memory) return tl::unexpected(memory.error());
  const Decision decision = decide(job, *schedule, *memory, now);
  Run run;
  run.job = job.name;
  run.started_at = now;
  run.trigger = request.trigger;
  run.pid = request.pid;
  if (const auto* start = std::get_if<Start>(&decision)) {
    run.scheduled_for = start->scheduled_for;
    run.attempt = start->attempt;
    run.missed = start->missed;
  } else if (request.trigger == Trigger::Schedule) {
    return RunReport{RunReport::Kind::NothingDue, {}};
  } else {
    run.scheduled_for = manual_time(*schedule, *memory, now);
  }
  const auto run_id = store.begin(run);
  if (!run_id) return tl::unexpected(run_id.error());
  run.run_id = *run_id;
  if (request.on_begin) request.on_begin(run);
  Watched watched;
  const RunEnd end = run_steps(request, steps, watched);
  add(watched, watch_run(job, run, end));
  watched.repeat_after = request.repeat_after;
  run.finished_at = clock.now();
  run.state = end.state;
  run.step = end.step;
  run.message = end.message;
  if (auto finished = store.finish(run.run_id, end, *run.finished_at, watched); !finished)
    return tl::unexpected(finished.error());
  return RunReport{RunReport::Kind::Ran, std::move(run)};
}

}  // namespace martgate::jobs
