// martgate build: sources -> raw -> staging -> marts -> tests -> snapshot.
#include "build/build.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/calendar.h"
#include "base/json_writer.h"
#include "build/plan.h"
#include "build/selection.h"
#include "cli/commands.h"
#include "cli/load_report.h"
#include "cli/opened.h"
#include "engine/sqlite/sqlite_mart.h"
#include "ingest/ingest.h"
#include "tools/tie_out.h"

namespace martgate::cli {
namespace {

using engine::Verdict;

void print_tests(App& app, const std::vector<const engine::TestResult*>& tests,
                 std::string_view title, Style style) {
  if (tests.empty()) return;
  app.terminal.print(app.terminal.styled(fmt::format("{} ({})\n", title, tests.size()), style));
  Table table({{"test"}, {"found"}, {"expected"}});
  for (const engine::TestResult* test : tests)
    table.add_row({test->name, test->observed, test->expected});
  app.terminal.print_table(table, "  ");
}

void print_report(App& app, const ingest::IngestReport& loads, const build::BuildReport& report) {
  const auto passed = report.tests_with(Verdict::Pass).size();
  const auto warned = report.tests_with(Verdict::Warn);
  const auto failed = report.tests_with(Verdict::Fail);
  print_load_report(app, loads, LoadDetail::WhatHappened);
  Table table({{"mart"}, {"rows", Align::Right}});
  for (const engine::BuiltModel& model : report.facts.models) {
    if (model.layer == "marts") table.add_row({model.name, std::to_string(model.rows)});
  }
  if (!report.is_up_to_date) app.terminal.print_table(table, "  ");
  const std::size_t reused = report.facts.models.size() - report.computed.size();
  if (!report.is_up_to_date && reused > 0) {
    app.terminal.print(fmt::format("reused   {} of {} models, {} marts changed\n", reused,
                                   report.facts.models.size(), report.changed.size()));
  }
  app.terminal.print(
      fmt::format("tested   {} pass, {} warn, {} fail\n", passed, warned.size(), failed.size()));
  print_tests(app, failed, "failed", Style::Bad);
  print_tests(app, warned, "warned", Style::Warn);
  for (const std::string& refusal : report.refusals)
    app.terminal.print(app.terminal.styled(refusal + "\n", Style::Bad));
  if (report.is_up_to_date) {
    app.terminal.print(fmt::format("snapshot {} is up to date\n", report.facts.id));
  } else if (report.is_published) {
    app.terminal.print(
        app.terminal.styled(fmt::format("snapshot {} published\n", report.facts.id), Style::Good));
  } else {
    app.terminal.print(
        app.terminal.styled("nothing published; the old snapshot stays\n", Style::Bad));
  }
}

void print_json(App& app, const ingest::IngestReport& loads, const build::BuildReport& report) {
  std::string text;
  JsonWriter json(text);
  json.begin_object().field("snapshot", report.facts.id).field("published", report.is_published);
  json.field("up_to_date", report.is_up_to_date)
      .field("files_loaded", loads.files_loaded())
      .key("tests")
      .begin_array();
  for (const engine::TestResult& test : report.facts.tests) {
    json.begin_object()
        .field("name", test.name)
        .field("verdict", name_of(test.verdict))
        .field("severity", test.severity);
    json.field("observed", test.observed).field("expected", test.expected).end_object();
  }
  json.end_array().key("computed").begin_array();
  for (const std::string& name : report.computed) json.string(name);
  json.end_array().key("changed").begin_array();
  for (const std::string& name : report.changed) json.string(name);
  json.end_array().key("models").begin_array();
  for (const engine::BuiltModel& model : report.facts.models) {
    json.begin_object()
        .field("name", model.name)
        .field("layer", model.layer)
        .field("rows", model.rows)
        .end_object();
  }
  json.end_array().end_object();
  app.terminal.print(text + "\n");
}

// Tie-outs of severity error that do not hold; those of severity warn are notes.
Result<std::vector<std::string>> broken_tie_outs(App& app, const catalog::Project& project,
                                                 const std::filesystem::path& snapshot) {
  std::vector<std::string> refusals;
  const bool has_any = std::ranges::any_of(
      project.metrics, [](const catalog::Metric& metric) { return !metric.tie_outs.empty(); });
  if (!has_any) return refusals;
  const auto mart = engine::SqliteMart::open(snapshot, app.clock);
  if (!mart) return tl::unexpected(mart.error());
  const auto results = tools::run_tie_outs(project, **mart);
  if (!results) return tl::unexpected(results.error());
  for (const tools::TieOutResult& result : *results) {
    for (const std::string& difference : result.differences) {
      std::string line = fmt::format("tie-out {}: {}", result.tie_out->name, difference);
      if (result.tie_out->severity == catalog::Severity::Warn)
        app.terminal.note(line);
      else
        refusals.push_back(std::move(line));
    }
  }
  return refusals;
}

}  // namespace

Result<std::set<std::string>> chosen_models(const catalog::Project& project,
                                            const std::vector<std::string>& select) {
  if (select.empty()) return std::set<std::string>();
  const auto plan = build::plan_models(project);
  if (!plan) return tl::unexpected(plan.error());
  return build::select_models(project, plan->lineage, select);
}

Exit build_project(App& app, const catalog::Project& project, const BuildArgs& args) {
  ingest::IngestOptions ingest_options;
  ingest_options.full = args.full;
  ingest_options.progress = loading_progress(app);
  const auto& state_folder = project.settings.state_folder;
  const auto loads = ingest::ingest(project, state_folder, app.clock, ingest_options);
  app.terminal.end_progress();
  if (!loads) {
    app.terminal.error(loads.error());
    return Exit::Environment;
  }
  print_file_notes(app, *loads);
  auto loaded = ingest::loaded_tables(ingest::raw_store_path(state_folder), project);
  if (!loaded) {
    app.terminal.error(loaded.error());
    return Exit::Environment;
  }
  build::BuildOptions build_options;
  build_options.force = args.force;
  build_options.workers = args.workers;
  if (auto chosen = chosen_models(project, args.select); chosen) {
    build_options.chosen = std::move(*chosen);
  } else {
    app.terminal.error(chosen.error());
    return exit_of(chosen.error());
  }
  if (!args.since.empty()) {
    if (const auto day = parse_date(args.since); !day) {
      app.terminal.error(with_context(day.error(), "--since"));
      return Exit::Usage;
    }
    build_options.since = args.since;
  }
  build_options.inspect = [&](const std::filesystem::path& snapshot) {
    return broken_tie_outs(app, project, snapshot);
  };
  build_options.progress = [&](const build::BuildProgress& progress) {
    app.terminal.progress(fmt::format("{} {}", progress.phase, progress.name),
                          static_cast<std::int64_t>(progress.done),
                          static_cast<std::int64_t>(progress.total));
  };
  const auto report = build::build(project, std::move(*loaded), app.clock, build_options);
  app.terminal.end_progress();
  if (!report) {
    app.terminal.error(report.error());
    return report.error().code == Code::InvalidArgument ? Exit::Project : exit_of(report.error());
  }
  if (app.json)
    print_json(app, *loads, *report);
  else
    print_report(app, *loads, *report);
  const bool is_current = report->is_published || report->is_up_to_date;
  return is_current && !loads->has_refusals() ? Exit::Ok : Exit::No;
}

Exit run_build(App& app, const BuildArgs& args) {
  const auto project = open_project(app);
  if (!project) return Exit::Project;
  return build_project(app, *project, args);
}

}  // namespace martgate::cli
