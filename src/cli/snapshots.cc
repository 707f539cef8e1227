// martgate snapshots: what was published, what moved between two of them, going back.
#include <fmt/format.h>

#include <algorithm>

#include "base/json_writer.h"
#include "base/text.h"
#include "build/marts_folder.h"
#include "build/snapshot_diff.h"
#include "cli/commands.h"
#include "cli/opened.h"
#include "engine/sqlite/sqlite_mart.h"
#include "metrics/compile.h"
#include "tools/cells.h"

namespace martgate::cli {
namespace {

namespace fs = std::filesystem;
using build::Movement;

constexpr std::string_view kNoValue = "-";

std::string signed_text(std::int64_t number) {
  return number > 0 ? fmt::format("+{}", number) : fmt::format("{}", number);
}

std::string size_text(std::uintmax_t bytes) {
  constexpr double kKib = 1'024;
  const auto size = static_cast<double>(bytes);
  if (size < kKib * kKib) return fmt::format("{:.0f} KiB", size / kKib);
  return fmt::format("{:.1f} MiB", size / kKib / kKib);
}

// "current", "previous", an id, or the beginning of one.
Result<std::string> named_snapshot(const fs::path& state_folder, const std::string& word) {
  const std::vector<std::string> ids = build::published_ids(state_folder);
  const auto current = engine::current_snapshot(state_folder);
  if (!current) return tl::unexpected(current.error());
  if (word == "current") return *current;
  if (word == "previous") {
    for (const std::string& id : ids) {
      if (id != *current) return id;
    }
    return fail(Code::NotFound, "there is no snapshot but the current one", {}, "unknown_snapshot");
  }
  std::vector<std::string> found;
  for (const std::string& id : ids) {
    const bool is_meant = id.starts_with(word) || id.starts_with("snap_" + word);
    if (!word.empty() && is_meant) found.push_back(id);
  }
  if (found.size() == 1) return found.front();
  std::vector<std::string> hints = found.empty() ? name_hints(word, ids) : found;
  hints.emplace_back("accepted too: current, previous");
  return fail(Code::NotFound,
              found.empty() ? fmt::format("there is no snapshot {}", shown(word, 60))
                            : fmt::format("{} is the beginning of several", shown(word, 60)),
              std::move(hints), "unknown_snapshot");
}

Exit refuse(App& app, const Error& error) {
  app.terminal.error(error);
  return exit_of(error);
}

Exit list(App& app, const fs::path& state_folder) {
  const auto current = engine::current_snapshot(state_folder);
  if (!current) return refuse(app, current.error());
  const auto history = build::read_history(state_folder);
  Table table({{""},
               {"snapshot"},
               {"built"},
               {"current since"},
               {"marts", Align::Right},
               {"rows", Align::Right},
               {"tests"},
               {"size", Align::Right},
               {"commit"}});
  std::string text;
  JsonWriter json(text);
  json.begin_array();
  for (const std::string& id : build::published_ids(state_folder)) {
    const fs::path path = engine::snapshot_path(state_folder, id);
    const auto facts = engine::read_facts(path);
    if (!facts) {
      app.terminal.note(fmt::format("{} is not a snapshot of this version", id));
      continue;
    }
    std::int64_t rows = 0;
    std::int64_t marts = 0;
    for (const engine::BuiltModel& model : facts->models) {
      if (model.layer != "marts") continue;
      ++marts;
      rows += model.rows;
    }
    const auto warned = std::ranges::count_if(facts->tests, [](const engine::TestResult& test) {
      return test.verdict != engine::Verdict::Pass;
    });
    std::string since;
    std::string how;
    for (const build::HistoryLine& line : history ? *history : std::vector<build::HistoryLine>()) {
      if (line.id != id || line.change == build::Change::Pruned) continue;
      since = to_rfc3339(line.at);
      how = build::name_of(line.change);
    }
    std::error_code ignored;
    const auto bytes = fs::file_size(path, ignored);
    table.add_row({id == *current ? "*" : "", id, to_rfc3339(facts->built_at),
                   since + (how == "rollback" ? " (rollback)" : ""), std::to_string(marts),
                   std::to_string(rows),
                   warned == 0 ? fmt::format("{} pass", facts->tests.size())
                               : fmt::format("{} of {} warn", warned, facts->tests.size()),
                   size_text(bytes), facts->commit.substr(0, 10)});
    json.begin_object().field("id", id).field("current", id == *current);
    json.field("built_at", to_rfc3339(facts->built_at)).field("current_since", since);
    json.field("marts", marts).field("rows", rows);
    json.field("tests", facts->tests.size()).field("tests_not_passing", warned);
    json.field("bytes", bytes).field("commit", facts->commit).end_object();
  }
  json.end_array();
  if (app.json)
    app.terminal.print(text + "\n");
  else
    app.terminal.print_table(table);
  return Exit::Ok;
}

struct MetricMove {
  const catalog::Metric* metric = nullptr;
  metrics::OutputColumn column;
  store::Value before;
  store::Value after;
};

// The metric's total over all of a snapshot; nothing where its definition does not fit the marts
// that were built then.
store::Value total_of(const engine::MartEngine& mart, const metrics::Compiled& compiled,
                      const catalog::Limits& limits) {
  const auto answer = mart.run(
      compiled.query,
      {.rows_max = 1, .vm_steps_max = limits.vm_steps_max, .wall_ms_max = limits.wall_ms_max});
  if (!answer || answer->rows.row_count() == 0) return {};
  return answer->rows.at(0, answer->rows.columns.size() - 1);
}

Result<std::vector<MetricMove>> metric_moves(App& app, const catalog::Project& project,
                                             const fs::path& before, const fs::path& after) {
  const auto was = engine::SqliteMart::open(before, app.clock);
  if (!was) return tl::unexpected(was.error());
  const auto is = engine::SqliteMart::open(after, app.clock);
  if (!is) return tl::unexpected(is.error());
  std::vector<MetricMove> moves;
  for (const catalog::Metric& metric : project.metrics) {
    metrics::MetricQuery query;
    query.metrics = {metric.common.name};
    const auto compiled = metrics::compile(project, query);
    if (!compiled) continue;
    moves.push_back({&metric, compiled->plan.columns.back(),
                     total_of(**was, *compiled, project.settings.limits),
                     total_of(**is, *compiled, project.settings.limits)});
  }
  return moves;
}

std::optional<double> number_in(const store::Value& value, const metrics::OutputColumn& column) {
  const std::string text = tools::cell_text(value, column);
  try {
    return text.empty() ? std::nullopt : std::optional(std::stod(text));
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

std::string change_text(const MetricMove& move) {
  const auto before = number_in(move.before, move.column);
  const auto after = number_in(move.after, move.column);
  if (!before || !after || *before == 0) return std::string(kNoValue);
  return fmt::format("{:+.2f}%", (*after - *before) / std::abs(*before) * 100);
}

void print_diff(App& app, const build::SnapshotDiff& diff, const std::vector<MetricMove>& moves) {
  const auto title = [&](std::string_view text) {
    app.terminal.print(app.terminal.styled(fmt::format("\n{}\n", text), Style::Bold));
  };
  Table tables({{"mart"}, {""}, {"rows", Align::Right}, {"now", Align::Right}, {"", Align::Right}});
  std::size_t same = 0;
  for (const build::TableDiff& table : diff.tables) {
    if (table.movement == Movement::Same) {
      ++same;
      continue;
    }
    tables.add_row({table.name, std::string(name_of(table.movement)),
                    std::to_string(table.rows_before), std::to_string(table.rows_after),
                    signed_text(table.rows_after - table.rows_before)});
    for (const std::string& line : table.schema) tables.add_row({"  " + line});
  }
  title(fmt::format("Marts ({} changed, {} the same)", diff.tables.size() - same, same));
  if (same < diff.tables.size()) app.terminal.print_table(tables, "  ");
  if (!moves.empty()) {
    Table metrics(
        {{"metric"}, {"unit"}, {"total", Align::Right}, {"now", Align::Right}, {"", Align::Right}});
    std::size_t moved = 0;
    for (const MetricMove& move : moves) {
      if (move.before == move.after) continue;
      ++moved;
      const auto text = [&](const store::Value& value) {
        return store::is_null(value) ? std::string(kNoValue) : tools::cell_text(value, move.column);
      };
      metrics.add_row({move.metric->common.name, tools::unit_text(move.metric->unit),
                       text(move.before), text(move.after), change_text(move)});
    }
    title(fmt::format("Metrics ({} moved, {} the same)", moved, moves.size() - moved));
    if (moved > 0) app.terminal.print_table(metrics, "  ");
  }
  if (!diff.loads.empty()) {
    Table loads({{"raw table"},
                 {"rows", Align::Right},
                 {"now", Align::Right},
                 {"", Align::Right},
                 {"quarantined", Align::Right}});
    for (const build::LoadDiff& load : diff.loads) {
      loads.add_row({load.raw_name, std::to_string(load.rows_before),
                     std::to_string(load.rows_after),
                     signed_text(load.rows_after - load.rows_before),
                     signed_text(load.quarantined_after - load.quarantined_before)});
    }
    title("Loads");
    app.terminal.print_table(loads, "  ");
  }
  if (!diff.tests.empty()) {
    Table tests({{"test"}, {"verdict"}, {"now"}});
    for (const build::TestDiff& test : diff.tests) {
      tests.add_row({test.name, test.before.empty() ? std::string(kNoValue) : test.before,
                     test.after.empty() ? std::string(kNoValue) : test.after});
    }
    title("Tests");
    app.terminal.print_table(tests, "  ");
  }
}

void write_diff(App& app, const build::SnapshotDiff& diff, const std::vector<MetricMove>& moves,
                const std::string& before, const std::string& after) {
  std::string text;
  JsonWriter json(text);
  json.begin_object().field("before", before).field("after", after).key("marts").begin_array();
  for (const build::TableDiff& table : diff.tables) {
    json.begin_object().field("name", table.name).field("movement", name_of(table.movement));
    json.field("rows_before", table.rows_before).field("rows_after", table.rows_after);
    json.key("schema").begin_array();
    for (const std::string& line : table.schema) json.string(line);
    json.end_array().end_object();
  }
  json.end_array().key("metrics").begin_array();
  for (const MetricMove& move : moves) {
    json.begin_object().field("name", move.metric->common.name).key("before");
    tools::write_cell(json, move.before, move.column);
    json.key("after");
    tools::write_cell(json, move.after, move.column);
    json.end_object();
  }
  json.end_array().key("loads").begin_array();
  for (const build::LoadDiff& load : diff.loads) {
    json.begin_object().field("raw_table", load.raw_name).field("rows_before", load.rows_before);
    json.field("rows_after", load.rows_after);
    json.field("quarantined_before", load.quarantined_before);
    json.field("quarantined_after", load.quarantined_after).end_object();
  }
  json.end_array().key("tests").begin_array();
  for (const build::TestDiff& test : diff.tests) {
    json.begin_object().field("name", test.name).field("before", test.before);
    json.field("after", test.after).end_object();
  }
  json.end_array().end_object();
  app.terminal.print(text + "\n");
}

Exit diff(App& app, const catalog::Project& project, const SnapshotsArgs& args) {
  const fs::path& state_folder = project.settings.state_folder;
  const auto before =
      named_snapshot(state_folder, args.ids.empty() ? "previous" : args.ids.front());
  if (!before) return refuse(app, before.error());
  const auto after = named_snapshot(state_folder, args.ids.size() < 2 ? "current" : args.ids[1]);
  if (!after) return refuse(app, after.error());
  const fs::path before_path = engine::snapshot_path(state_folder, *before);
  const fs::path after_path = engine::snapshot_path(state_folder, *after);
  const auto found = build::diff_snapshots(before_path, after_path);
  if (!found) return refuse(app, found.error());
  const auto moves = metric_moves(app, project, before_path, after_path);
  if (!moves) return refuse(app, moves.error());
  if (app.json) {
    write_diff(app, *found, *moves, *before, *after);
    return Exit::Ok;
  }
  app.terminal.print(fmt::format("{} to {}\n", *before, *after));
  print_diff(app, *found, *moves);
  return Exit::Ok;
}

Exit rollback(App& app, const fs::path& state_folder, const SnapshotsArgs& args) {
  const auto lock = build::MartsLock::take(state_folder);
  if (!lock) return refuse(app, lock.error());
  const auto id = named_snapshot(state_folder, args.ids.empty() ? "previous" : args.ids.front());
  if (!id) return refuse(app, id.error());
  const auto from = engine::current_snapshot(state_folder);
  if (auto done = build::roll_back(*lock, *id, app.clock.now()); !done)
    return refuse(app, done.error());
  if (app.json) {
    std::string text;
    JsonWriter(text)
        .begin_object()
        .field("current", *id)
        .field("from", from ? *from : "")
        .end_object();
    app.terminal.print(text + "\n");
    return Exit::Ok;
  }
  app.terminal.print(app.terminal.styled(fmt::format("{} is current\n", *id), Style::Good));
  app.terminal.note("the next build publishes what project and loads give then");
  return Exit::Ok;
}

Exit prune(App& app, const catalog::Project& project, const SnapshotsArgs& args) {
  const auto lock = build::MartsLock::take(project.settings.state_folder);
  if (!lock) return refuse(app, lock.error());
  const int keep = args.keep > 0 ? args.keep : project.settings.snapshots_keep;
  const auto gone = build::prune(*lock, keep, app.clock.now());
  if (!gone) return refuse(app, gone.error());
  const std::size_t left = build::published_ids(project.settings.state_folder).size();
  if (app.json) {
    std::string text;
    JsonWriter json(text);
    json.begin_object().key("removed").begin_array();
    for (const std::string& id : *gone) json.string(id);
    json.end_array().field("left", left).end_object();
    app.terminal.print(text + "\n");
    return Exit::Ok;
  }
  for (const std::string& id : *gone) app.terminal.print(fmt::format("removed {}\n", id));
  app.terminal.print(fmt::format("{} snapshots are left\n", left));
  if (std::cmp_greater(left, keep)) app.terminal.note("one that is being read stays");
  return Exit::Ok;
}

}  // namespace

Exit run_snapshots(App& app, const SnapshotsArgs& args) {
  const auto project = open_project(app);
  if (!project) return Exit::Project;
  if (args.word == "diff") return diff(app, *project, args);
  if (args.word == "rollback") return rollback(app, project->settings.state_folder, args);
  if (args.word == "prune") return prune(app, *project, args);
  return list(app, project->settings.state_folder);
}

}  // namespace martgate::cli
