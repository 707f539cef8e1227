// martgate run: one job, now or if it is due, in this process; for crontabs, hands and `serve
// --jobs`.
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>

#include "base/duration_text.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/opened.h"
#include "jobs/alert_sender.h"
#include "jobs/job_standing.h"
#include "jobs/project_steps.h"
#include "jobs/watchdog.h"

namespace martgate::cli {
namespace {

volatile sig_atomic_t stop_was_asked = 0;

void stop_between_steps() {
  struct sigaction action {};
  action.sa_handler = [](int) { stop_was_asked = 1; };
  ::sigaction(SIGTERM, &action, nullptr);
  ::sigaction(SIGINT, &action, nullptr);
}

// Writes down that time ran out, and ends the process in the middle of whatever it does.
void end_late_run(const catalog::Project& project, const catalog::Job& job, jobs::Run run,
                  const Clock& clock) {
  auto store = jobs::JobStore::open(project.settings.state_folder);
  if (!store) ::_exit(static_cast<int>(Exit::Environment));
  const jobs::RunEnd end{jobs::RunState::TimedOut, "",
                         fmt::format("took longer than {}", compact_duration(job.timeout))};
  jobs::Watched watched = jobs::watch_run(job, run, end);
  watched.repeat_after = project.jobs.alerts.repeat_after;
  // Refused when the run ended at this very moment: then its own end counts.
  if (!store->finish(run.run_id, end, clock.now(), watched)) return;
  fmt::print(stderr, "martgate: job {} {}\n", job.name, end.message);
  ::_exit(static_cast<int>(Exit::No));
}

// What the run changed is told right away; what cannot be told now waits in the outbox.
void watch_and_send(App& app, const catalog::Project& project, const catalog::Job& job,
                    jobs::JobStore& store) {
  const WallTime now = app.clock.now();
  if (const auto standing = jobs::standing_of(job, store, now)) {
    jobs::Watched watched = jobs::watch_jobs({*standing}, now);
    watched.repeat_after = project.jobs.alerts.repeat_after;
    if (auto settled = jobs::settle(store.connection(), watched, now); !settled)
      app.terminal.error(settled.error());
  }
  const auto sender = jobs::sender_of(project.jobs.alerts, project.settings.state_folder);
  if (!sender) return app.terminal.error(sender.error());
  if (*sender == nullptr) return;
  Random random(static_cast<std::uint64_t>(now.time_since_epoch().count()));
  const auto delivered =
      jobs::deliver(store.connection(), project.settings.state_folder, **sender, app.clock, random);
  if (!delivered)
    app.terminal.error(delivered.error());
  else if (delivered->failed > 0)
    app.terminal.note("an alert could not be sent; it waits in the outbox");
}

Exit print_report(App& app, const catalog::Job& job, const jobs::RunReport& report, bool if_due) {
  if (report.kind == jobs::RunReport::Kind::AlreadyRunning) {
    app.terminal.note(fmt::format("job {} is running already", job.name));
    return if_due ? Exit::Ok : Exit::No;
  }
  if (report.kind == jobs::RunReport::Kind::NothingDue) {
    app.terminal.note(fmt::format("job {} is not due", job.name));
    return Exit::Ok;
  }
  const jobs::Run& run = report.run;
  const bool is_good = run.state == jobs::RunState::Succeeded;
  app.terminal.print(fmt::format(
      "{}  {}  attempt {}, {}\n", job.name,
      app.terminal.styled(name_of(run.state), is_good ? Style::Good : Style::Bad), run.attempt,
      duration_text(run.finished_at.value_or(run.started_at) - run.started_at)));
  if (!run.message.empty()) app.terminal.print(fmt::format("{}: {}\n", run.step, run.message));
  if (run.missed > 0)
    app.terminal.note(
        fmt::format("{} earlier due times were missed; this run stands for them", run.missed));
  return is_good ? Exit::Ok : Exit::No;
}

}  // namespace

Exit run_job_now(App& app, const RunArgs& args) {
  const auto project = open_project(app);
  if (!project) return Exit::Project;
  const catalog::Job* job = project->jobs.job(args.job);
  if (job == nullptr) {
    std::vector<std::string> names;
    for (const catalog::Job& one : project->jobs.jobs) names.push_back(one.name);
    app.terminal.error({Code::NotFound, fmt::format("there is no job \"{}\"", shown(args.job, 60)),
                        names.empty() ? std::vector<std::string>{"catalog/jobs.yaml lists jobs"}
                                      : name_hints(args.job, names)});
    return Exit::Usage;
  }
  auto store = jobs::JobStore::open(project->settings.state_folder);
  if (!store) {
    app.terminal.error(store.error());
    return Exit::Environment;
  }
  stop_between_steps();
  jobs::ProjectSteps steps(*project, app.clock);
  std::optional<jobs::Watchdog> watchdog;
  jobs::RunRequest request{*job};
  request.repeat_after = project->jobs.alerts.repeat_after;
  request.trigger = args.if_due ? jobs::Trigger::Schedule : jobs::Trigger::Manual;
  request.pid = ::getpid();
  request.state_folder = project->settings.state_folder;
  request.is_stopping = [] { return stop_was_asked != 0; };
  request.on_begin = [&](const jobs::Run& run) {
    watchdog.emplace(job->timeout, [&, run] { end_late_run(*project, *job, run, app.clock); });
  };
  const auto report = jobs::run_job(request, *store, app.clock, steps);
  watchdog.reset();
  if (!report) {
    app.terminal.error(report.error());
    return Exit::Environment;
  }
  const Exit exit = print_report(app, *job, *report, args.if_due);
  watch_and_send(app, *project, *job, *store);
  return exit;
}

}  // namespace martgate::cli
