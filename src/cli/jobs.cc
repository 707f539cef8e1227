// martgate jobs: what runs by itself, when next, and how it went.
#include <fmt/format.h>

#include "base/json_writer.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/jobs_page.h"
#include "cli/opened.h"
#include "jobs/alert_store.h"

namespace martgate::cli {
namespace {

void write_run(JsonWriter& json, const jobs::Run& run) {
  json.begin_object().field("run", run.run_id).field("job", run.job);
  json.field("due_at", to_rfc3339(run.scheduled_for)).field("began_at", to_rfc3339(run.started_at));
  if (run.finished_at) json.field("ended_at", to_rfc3339(*run.finished_at));
  json.field("state", name_of(run.state)).field("attempt", run.attempt);
  json.field("missed", run.missed).field("by", name_of(run.trigger));
  json.field("step", run.step).field("message", run.message).end_object();
}

std::string jobs_json(const std::vector<jobs::JobStanding>& standings) {
  std::string text;
  JsonWriter json(text);
  json.begin_array();
  for (const jobs::JobStanding& standing : standings) {
    const catalog::Job& job = *standing.job;
    json.begin_object().field("job", job.name).field("schedule", to_text(job.schedule));
    json.field("owner", job.owner_team).field("runbook", job.runbook);
    if (standing.next_due) json.field("next_due", to_rfc3339(*standing.next_due));
    if (standing.late_since) json.field("late_since", to_rfc3339(*standing.late_since));
    if (standing.good_start) json.field("last_good", to_rfc3339(*standing.good_start));
    if (standing.is_fresh) json.field("contract_kept", *standing.is_fresh);
    if (standing.last_run) {
      json.key("last_run");
      write_run(json, *standing.last_run);
    }
    json.end_object();
  }
  json.end_array();
  return text + "\n";
}

Exit print_list(App& app, const catalog::Project& project, jobs::JobStore& store) {
  const WallTime now = app.clock.now();
  std::vector<jobs::JobStanding> standings;
  for (const catalog::Job& job : project.jobs.jobs) {
    auto standing = jobs::standing_of(job, store, now);
    if (!standing) {
      app.terminal.error(standing.error());
      return Exit::Environment;
    }
    standings.push_back(std::move(*standing));
  }
  app.terminal.print(app.json ? jobs_json(standings) : jobs_page(app.terminal, standings, now));
  if (const auto outbox = jobs::outbox_state(store.connection()); outbox && outbox->unsent > 0) {
    app.terminal.note(fmt::format("{} alert{} to be sent{}", outbox->unsent,
                                  outbox->unsent == 1 ? " waits" : "s wait",
                                  outbox->last_error.empty() ? "" : ": " + outbox->last_error));
  }
  return Exit::Ok;
}

}  // namespace

Exit run_jobs(App& app, const JobsArgs& args) {
  const auto project = open_project(app);
  if (!project) return Exit::Project;
  auto store = jobs::JobStore::open(project->settings.state_folder);
  if (!store) {
    app.terminal.error(store.error());
    return Exit::Environment;
  }
  if (args.word != "history") return print_list(app, *project, *store);
  const auto runs = store->history(args.job, args.count);
  if (!runs) {
    app.terminal.error(runs.error());
    return Exit::Environment;
  }
  if (!app.json) {
    app.terminal.print(history_page(app.terminal, *runs));
    return Exit::Ok;
  }
  std::string text;
  JsonWriter json(text);
  json.begin_array();
  for (const jobs::Run& run : *runs) write_run(json, run);
  json.end_array();
  app.terminal.print(text + "\n");
  return Exit::Ok;
}

}  // namespace martgate::cli
