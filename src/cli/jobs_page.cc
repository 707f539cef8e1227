#include "cli/jobs_page.h"

#include <fmt/format.h>

#include "base/duration_text.h"
#include "base/text.h"

namespace martgate::cli {
namespace {

using jobs::JobStanding;
using jobs::Run;
using jobs::RunState;

// To the minute, as schedules are.
std::string minute_text(WallTime at) {
  std::string text = to_rfc3339(at).substr(0, 16);
  text[10] = ' ';
  return text;
}

std::string due_text(const JobStanding& standing, WallTime now) {
  if (standing.last_run && standing.last_run->state == RunState::Running) return "running";
  if (standing.late_since)
    return fmt::format("late by {}", duration_text(now - *standing.late_since));
  if (!standing.next_due) return "never";
  if (*standing.next_due <= now) return "now";
  return fmt::format("{} (in {})", minute_text(*standing.next_due),
                     duration_text(*standing.next_due - now));
}

std::string result_text(const JobStanding& standing, WallTime now) {
  if (!standing.last_run) return "not run yet";
  const Run& run = *standing.last_run;
  return fmt::format("{}, {} ago", name_of(run.state), duration_text(now - run.started_at));
}

std::string took_text(const Run& run) {
  return run.finished_at ? duration_text(*run.finished_at - run.started_at) : "";
}

std::string contract_text(const JobStanding& standing) {
  if (!standing.is_fresh) return "–";
  return fmt::format("{} ({})", *standing.is_fresh ? "kept" : "broken",
                     compact_duration(*standing.job->fresh_within));
}

}  // namespace

std::string jobs_page(const Terminal& terminal, const std::vector<JobStanding>& standings,
                      WallTime now) {
  Table table({{"job"},
               {"schedule"},
               {"next due (UTC)"},
               {"last result"},
               {"took", Align::Right},
               {"contract"},
               {"owner"},
               {"steps"}});
  for (const JobStanding& standing : standings) {
    const catalog::Job& job = *standing.job;
    std::vector<std::string> steps;
    for (const catalog::JobStep& step : job.steps) steps.push_back(to_text(step));
    table.add_row({job.name, to_text(job.schedule), due_text(standing, now),
                   result_text(standing, now),
                   standing.last_run ? took_text(*standing.last_run) : "", contract_text(standing),
                   job.owner_team, join(steps, "; ")});
  }
  return fmt::format(
      "{}\n{}",
      terminal.styled(fmt::format("{} job{}", standings.size(), standings.size() == 1 ? "" : "s"),
                      Style::Bold),
      terminal.table_text(table, "  "));
}

std::string history_page(const Terminal& terminal, const std::vector<Run>& runs) {
  Table table({{"run", Align::Right},
               {"job"},
               {"due (UTC)"},
               {"began (UTC)"},
               {"took", Align::Right},
               {"result"},
               {"attempt", Align::Right},
               {"missed", Align::Right},
               {"by"},
               {"message"}});
  for (const Run& run : runs) {
    table.add_row({std::to_string(run.run_id), run.job, minute_text(run.scheduled_for),
                   minute_text(run.started_at), took_text(run), std::string(name_of(run.state)),
                   std::to_string(run.attempt),
                   run.missed == 0 ? std::string("–") : std::to_string(run.missed),
                   std::string(name_of(run.trigger)),
                   run.step.empty() ? run.message : run.step + ": " + run.message});
  }
  return terminal.table_text(table);
}

}  // namespace martgate::cli
