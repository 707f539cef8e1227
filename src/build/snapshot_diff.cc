#include "build/snapshot_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "store/connection.h"

namespace martgate::build {
namespace {

using store::Value;

struct Snapshot {
  engine::SnapshotFacts facts;
  std::map<std::string, std::map<std::string, std::string>> columns;  // mart -> column -> type
};

Result<Snapshot> read(const std::filesystem::path& path) {
  auto facts = engine::read_facts(path);
  if (!facts) return tl::unexpected(facts.error());
  auto connection = store::Connection::open_readonly(path);
  if (!connection) return tl::unexpected(connection.error());
  Snapshot snapshot{std::move(*facts), {}};
  for (const engine::BuiltModel& model : snapshot.facts.models) {
    if (model.layer != "marts") continue;
    const Value values[] = {model.name};
    const auto columns = connection->query("SELECT name, type FROM pragma_table_info(?)", values);
    if (!columns) return tl::unexpected(columns.error());
    auto& types = snapshot.columns[model.name];
    for (std::size_t i = 0; i < columns->row_count(); ++i) {
      types[std::get<std::string>(columns->at(i, 0))] = std::get<std::string>(columns->at(i, 1));
    }
  }
  return snapshot;
}

std::vector<std::string> schema_diff(const std::map<std::string, std::string>& before,
                                     const std::map<std::string, std::string>& after) {
  std::vector<std::string> lines;
  for (const auto& [name, type] : before) {
    const auto now = after.find(name);
    if (now == after.end())
      lines.push_back(fmt::format("- {} {}", name, type));
    else if (now->second != type)
      lines.push_back(fmt::format("~ {} {} to {}", name, type, now->second));
  }
  for (const auto& [name, type] : after) {
    if (!before.contains(name)) lines.push_back(fmt::format("+ {} {}", name, type));
  }
  return lines;
}

std::string verdict_of(const engine::SnapshotFacts& facts, const std::string& test) {
  const auto found = std::ranges::find(facts.tests, test, &engine::TestResult::name);
  return found == facts.tests.end() ? std::string() : std::string(engine::name_of(found->verdict));
}

}  // namespace

std::string_view name_of(Movement movement) {
  switch (movement) {
    case Movement::Same:
      return "same";
    case Movement::Changed:
      return "changed";
    case Movement::Added:
      return "added";
    case Movement::Removed:
      return "removed";
  }
  return "same";
}

bool SnapshotDiff::is_empty() const {
  const bool is_same = std::ranges::all_of(
      tables, [](const TableDiff& table) { return table.movement == Movement::Same; });
  return is_same && loads.empty() && tests.empty();
}

Result<SnapshotDiff> diff_snapshots(const std::filesystem::path& before_path,
                                    const std::filesystem::path& after_path) {
  const auto before = read(before_path);
  if (!before) return tl::unexpected(before.error());
  const auto after = read(after_path);
  if (!after) return tl::unexpected(after.error());
  SnapshotDiff diff;
  std::set<std::string> marts;
  for (const Snapshot* side : {&*before, &*after}) {
    for (const auto& [name, columns] : side->columns) marts.insert(name);
  }
  for (const std::string& name : marts) {
    const engine::BuiltModel* was = before->facts.model(name);
    const engine::BuiltModel* is = after->facts.model(name);
    TableDiff table;
    table.name = name;
    if (was != nullptr) table.rows_before = was->rows;
    if (is != nullptr) table.rows_after = is->rows;
    if (was == nullptr) {
      table.movement = Movement::Added;
    } else if (is == nullptr) {
      table.movement = Movement::Removed;
    } else {
      table.movement = was->content == is->content ? Movement::Same : Movement::Changed;
      table.schema = schema_diff(before->columns.at(name), after->columns.at(name));
    }
    diff.tables.push_back(std::move(table));
  }
  std::set<std::string> raw_names;
  std::set<std::string> tests;
  for (const Snapshot* side : {&*before, &*after}) {
    for (const engine::LoadedTable& loaded : side->facts.loaded) raw_names.insert(loaded.raw_name);
    for (const engine::TestResult& test : side->facts.tests) tests.insert(test.name);
  }
  for (const std::string& name : raw_names) {
    const engine::LoadedTable* was = before->facts.loaded_table(name);
    const engine::LoadedTable* is = after->facts.loaded_table(name);
    const LoadDiff load{name, was == nullptr ? 0 : was->rows, is == nullptr ? 0 : is->rows,
                        was == nullptr ? 0 : was->quarantined, is == nullptr ? 0 : is->quarantined};
    if (load.rows_before != load.rows_after || load.quarantined_before != load.quarantined_after)
      diff.loads.push_back(load);
  }
  for (const std::string& name : tests) {
    TestDiff test{name, verdict_of(before->facts, name), verdict_of(after->facts, name)};
    if (test.before != test.after) diff.tests.push_back(std::move(test));
  }
  return diff;
}

}  // namespace martgate::build
