// martgate test: unit tests of models, data tests on the current snapshot, tie-outs of metrics.
#include <fmt/format.h>

#include <algorithm>

#include "base/json_writer.h"
#include "build/check_snapshot.h"
#include "build/plan.h"
#include "build/unit_tests.h"
#include "catalog/load.h"
#include "cli/commands.h"
#include "cli/opened.h"
#include "engine/sqlite/sqlite_mart.h"
#include "tools/tie_out.h"

namespace martgate::cli {
namespace {

using build::SnapshotTest;
using build::UnitTestResult;
using engine::Verdict;
using tools::TieOutResult;

constexpr std::size_t kRowsShown = 3;

struct Results {
  std::vector<UnitTestResult> units;
  std::vector<SnapshotTest> tests;
  std::vector<TieOutResult> tie_outs;

  [[nodiscard]] bool is_good() const {
    return std::ranges::all_of(units, &UnitTestResult::is_good) &&
           std::ranges::none_of(
               tests, [](const auto& test) { return test.result.verdict == Verdict::Fail; }) &&
           std::ranges::all_of(tie_outs, [](const TieOutResult& result) {
             return result.is_good() || result.tie_out->severity == catalog::Severity::Warn;
           });
  }
};

// Errors: as the three that it runs.
Result<Results> run_all(App& app, const catalog::Project& project, const TestArgs& args) {
  const auto chosen = chosen_models(project, args.select);
  if (!chosen) return tl::unexpected(chosen.error());
  Results results;
  auto units = build::run_unit_tests(project, *chosen);
  if (!units) return tl::unexpected(units.error());
  results.units = std::move(*units);
  const auto plan = build::plan_models(project);
  if (!plan) return tl::unexpected(plan.error());
  if (!plan->diagnostics.empty()) return tl::unexpected(catalog::to_error(plan->diagnostics));
  const auto id = engine::current_snapshot(project.settings.state_folder);
  if (!id) return tl::unexpected(id.error());
  const auto path = engine::snapshot_path(project.settings.state_folder, *id);
  const auto mart = engine::SqliteMart::open(path, app.clock);
  if (!mart) return tl::unexpected(mart.error());
  auto tests = build::test_snapshot(project, *plan, path, *chosen);
  if (!tests) return tl::unexpected(tests.error());
  results.tests = std::move(*tests);
  if (args.select.empty()) {
    auto tie_outs = tools::run_tie_outs(project, **mart);
    if (!tie_outs) return tl::unexpected(tie_outs.error());
    results.tie_outs = std::move(*tie_outs);
  }
  return results;
}

void print_tests(App& app, const std::vector<SnapshotTest>& tests, bool with_rows) {
  std::size_t passed = 0;
  std::size_t recorded = 0;
  Table table({{""}, {"test"}, {"found"}, {"expected"}});
  for (const SnapshotTest& test : tests) {
    if (test.is_recorded) ++recorded;
    if (test.result.verdict == Verdict::Pass) {
      ++passed;
      continue;
    }
    table.add_row({std::string(name_of(test.result.verdict)), test.result.name,
                   test.result.observed, test.result.expected});
  }
  app.terminal.print(fmt::format(
      "data tests   {} of {} pass{}\n", passed, tests.size(),
      recorded == 0 ? "" : fmt::format(" ({} as recorded when it was built)", recorded)));
  if (passed < tests.size()) app.terminal.print_table(table, "  ");
  for (const SnapshotTest& test : tests) {
    const auto& rows = test.result.failing_rows;
    if (!with_rows || rows.empty()) continue;
    app.terminal.print(fmt::format("  {}\n", test.result.name));
    for (std::size_t i = 0; i < std::min(rows.size(), kRowsShown); ++i)
      app.terminal.print(fmt::format("    {}\n", rows[i]));
    if (rows.size() > kRowsShown)
      app.terminal.print(fmt::format("    and {} more with --json\n", rows.size() - kRowsShown));
  }
}

void print_results(App& app, const Results& results, bool with_rows) {
  const auto good = std::ranges::count_if(results.units, &UnitTestResult::is_good);
  if (!results.units.empty())
    app.terminal.print(fmt::format("unit tests   {} of {} pass\n", good, results.units.size()));
  for (const UnitTestResult& unit : results.units) {
    if (unit.is_good) continue;
    app.terminal.print(app.terminal.styled(fmt::format("  {}\n", unit.name), Style::Bad));
    for (const std::string& line : unit.differences)
      app.terminal.print(fmt::format("    {}\n", line));
  }
  print_tests(app, results.tests, with_rows);
  if (results.tie_outs.empty()) return;
  const auto tied = std::ranges::count_if(results.tie_outs, &TieOutResult::is_good);
  app.terminal.print(fmt::format("tie-outs     {} of {} hold\n", tied, results.tie_outs.size()));
  for (const TieOutResult& tie : results.tie_outs) {
    if (tie.is_good()) continue;
    const bool is_warning = tie.tie_out->severity == catalog::Severity::Warn;
    const std::string report =
        tie.tie_out->report.empty() ? "" : fmt::format(" ({})", tie.tie_out->report);
    app.terminal.print(app.terminal.styled(fmt::format("  {}{}\n", tie.tie_out->name, report),
                                           is_warning ? Style::Warn : Style::Bad));
    for (const std::string& line : tie.differences)
      app.terminal.print(fmt::format("    {}\n", line));
  }
}

void write_results(App& app, const Results& results) {
  std::string text;
  JsonWriter json(text);
  const auto write_lines = [&](const std::vector<std::string>& lines) {
    json.begin_array();
    for (const std::string& line : lines) json.string(line);
    json.end_array();
  };
  json.begin_object().field("ok", results.is_good()).key("unit_tests").begin_array();
  for (const UnitTestResult& unit : results.units) {
    json.begin_object().field("name", unit.name).field("ok", unit.is_good).key("differences");
    write_lines(unit.differences);
    json.end_object();
  }
  json.end_array().key("data_tests").begin_array();
  for (const SnapshotTest& test : results.tests) {
    json.begin_object().field("name", test.result.name);
    json.field("verdict", name_of(test.result.verdict)).field("severity", test.result.severity);
    json.field("observed", test.result.observed).field("expected", test.result.expected);
    json.field("recorded", test.is_recorded).key("rows").begin_array();
    for (const std::string& row : test.result.failing_rows) json.raw(row);
    json.end_array().end_object();
  }
  json.end_array().key("tie_outs").begin_array();
  for (const TieOutResult& tie : results.tie_outs) {
    json.begin_object().field("name", tie.tie_out->name).field("ok", tie.is_good());
    json.field("compared", tie.compared).key("differences");
    write_lines(tie.differences);
    json.end_object();
  }
  json.end_array().end_object();
  app.terminal.print(text + "\n");
}

}  // namespace

Exit run_test(App& app, const TestArgs& args) {
  const auto project = open_project(app);
  if (!project) return Exit::Project;
  const auto results = run_all(app, *project, args);
  if (!results) {
    app.terminal.error(results.error());
    return results.error().code == Code::InvalidArgument ? Exit::Project : exit_of(results.error());
  }
  if (app.json)
    write_results(app, *results);
  else
    print_results(app, *results, args.rows);
  return results->is_good() ? Exit::Ok : Exit::No;
}

}  // namespace martgate::cli
