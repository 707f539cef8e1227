#include "engine/snapshot.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/digest.h"
#include "base/files.h"
#include "base/json_writer.h"
#include "base/text.h"

namespace martgate::engine {
namespace {

using store::Sql;
using store::Value;

constexpr std::int64_t kFormat = 2;
constexpr std::size_t kIdDigits = 16;

Status insert_rows(store::Connection& snapshot, Sql sql,
                   const std::vector<std::vector<Value>>& rows) {
  auto insert = snapshot.prepare(sql);
  if (!insert) return tl::unexpected(insert.error());
  for (const auto& row : rows) {
    if (auto bound = insert->bind_all(row); !bound) return bound;
    if (auto done = insert->run(); !done) return done;
  }
  return {};
}

std::string text_of(const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text == nullptr ? std::string() : *text;
}

std::int64_t int_of(const Value& value) {
  const auto* number = std::get_if<std::int64_t>(&value);
  return number == nullptr ? 0 : *number;
}

WallTime time_of(const Value& value) {
  return WallTime{std::chrono::milliseconds(int_of(value))};
}

Value as_value(const std::optional<WallTime>& at) {
  if (!at) return std::monostate{};
  return std::int64_t{at->time_since_epoch().count()};
}

Verdict verdict_named(std::string_view name) {
  if (name == "pass") return Verdict::Pass;
  return name == "warn" ? Verdict::Warn : Verdict::Fail;
}

std::vector<std::string> split_names(const std::string& joined) {
  std::vector<std::string> names;
  if (joined.empty()) return names;
  for (const std::string_view name : split(joined, '\n')) names.emplace_back(name);
  return names;
}

}  // namespace

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::Pass:
      return "pass";
    case Verdict::Warn:
      return "warn";
    case Verdict::Fail:
      return "fail";
  }
  return "fail";
}

const BuiltModel* SnapshotFacts::model(std::string_view name) const {
  const auto found = std::ranges::find(models, name, &BuiltModel::name);
  return found == models.end() ? nullptr : &*found;
}

std::vector<std::string> SnapshotFacts::raw_tables_behind(std::string_view model_name) const {
  std::set<std::string> raw;
  std::set<std::string, std::less<>> seen{std::string(model_name)};
  std::vector<std::string> open{std::string(model_name)};
  while (!open.empty()) {
    const std::string name = std::move(open.back());
    open.pop_back();
    for (const LineageEdge& edge : lineage) {
      if (edge.model != name) continue;
      if (edge.reads_layer == "raw")
        raw.insert(edge.reads);
      else if (seen.insert(edge.reads).second)
        open.push_back(edge.reads);
    }
  }
  return {raw.begin(), raw.end()};
}

const LoadedTable* SnapshotFacts::loaded_table(std::string_view raw_name) const {
  const auto found = std::ranges::find(loaded, raw_name, &LoadedTable::raw_name);
  return found == loaded.end() ? nullptr : &*found;
}

std::string content_digest(const SnapshotFacts& facts) {
  std::string text;
  JsonWriter json(text);
  json.begin_array().integer(kFormat).string(facts.project).string(facts.project_digest);
  for (const LoadedTable& table : facts.loaded) {
    json.string(table.source).string(table.raw_name).integer(table.loads).integer(table.rows);
    json.integer(table.quarantined).string(table.content);
    json.integer(table.last_loaded_at ? table.last_loaded_at->time_since_epoch().count() : -1);
  }
  json.begin_array();
  for (const BuiltModel& model : facts.models) {
    json.string(model.name).string(model.layer).string(model.digest).integer(model.rows);
    json.string(model.recipe).string(model.content);
  }
  json.end_array().begin_array();
  for (const LineageEdge& edge : facts.lineage) {
    json.string(edge.model).string(edge.reads).string(edge.reads_layer).begin_array();
    for (const std::string& column : edge.columns) json.string(column);
    json.end_array();
  }
  json.end_array().begin_array();
  for (const TestResult& test : facts.tests) {
    json.string(test.name).string(test.model).string(test.column).string(test.check);
    json.string(test.severity).string(name_of(test.verdict)).string(test.observed);
    json.string(test.expected).string(test.recipe);
  }
  json.end_array().end_array();
  return sha256_hex(text);
}

std::string snapshot_id(const SnapshotFacts& facts) {
  return "snap_" + content_digest(facts).substr(0, kIdDigits);
}

const EventTime* SnapshotFacts::newest_event(std::string_view model_name) const {
  const auto found = std::ranges::find(events, model_name, &EventTime::model);
  return found == events.end() ? nullptr : &*found;
}

Status write_facts(store::Connection& snapshot, const SnapshotFacts& facts) {
  auto made = snapshot.execute(
      "CREATE TABLE _martgate_snapshot(format INTEGER NOT NULL, id TEXT NOT NULL, built_at_ms "
      "INTEGER NOT NULL,"
      " project TEXT NOT NULL, project_digest TEXT NOT NULL, git_commit TEXT NOT NULL) STRICT;"
      "CREATE TABLE _martgate_loaded(source TEXT NOT NULL, raw_name TEXT NOT NULL PRIMARY KEY, "
      "loads INTEGER NOT NULL,"
      " row_count INTEGER NOT NULL, quarantined INTEGER NOT NULL, last_loaded_at_ms INTEGER,"
      " content TEXT NOT NULL) STRICT;"
      "CREATE TABLE _martgate_models(name TEXT NOT NULL PRIMARY KEY, layer TEXT NOT NULL, digest "
      "TEXT NOT NULL,"
      " row_count INTEGER NOT NULL, recipe TEXT NOT NULL, content TEXT NOT NULL) STRICT;"
      "CREATE TABLE _martgate_lineage(model TEXT NOT NULL, reads TEXT NOT NULL, reads_layer TEXT "
      "NOT NULL,"
      " columns TEXT NOT NULL, PRIMARY KEY(model, reads)) STRICT;"
      "CREATE TABLE _martgate_tests(name TEXT NOT NULL PRIMARY KEY, model TEXT NOT NULL, "
      "column_name TEXT NOT NULL,"
      " check_name TEXT NOT NULL, severity TEXT NOT NULL, verdict TEXT NOT NULL, observed TEXT NOT "
      "NULL,"
      " expected TEXT NOT NULL, recipe TEXT NOT NULL) STRICT;"
      "CREATE TABLE _martgate_failing_rows(test TEXT NOT NULL, row TEXT NOT NULL) STRICT;");
  if (!made) return made;
  std::vector<std::vector<Value>> rows;
  rows.push_back({kFormat, facts.id, std::int64_t{facts.built_at.time_since_epoch().count()},
                  facts.project, facts.project_digest, facts.commit});
  if (auto done = insert_rows(snapshot, "INSERT INTO _martgate_snapshot VALUES(?,?,?,?,?,?)", rows);
      !done)
    return done;
  rows.clear();
  for (const LoadedTable& table : facts.loaded) {
    rows.push_back({table.source, table.raw_name, table.loads, table.rows, table.quarantined,
                    as_value(table.last_loaded_at), table.content});
  }
  if (auto done = insert_rows(snapshot, "INSERT INTO _martgate_loaded VALUES(?,?,?,?,?,?,?)", rows);
      !done)
    return done;
  rows.clear();
  for (const BuiltModel& model : facts.models) {
    rows.push_back(
        {model.name, model.layer, model.digest, model.rows, model.recipe, model.content});
  }
  if (auto done = insert_rows(snapshot, "INSERT INTO _martgate_models VALUES(?,?,?,?,?,?)", rows);
      !done)
    return done;
  rows.clear();
  for (const LineageEdge& edge : facts.lineage) {
    rows.push_back({edge.model, edge.reads, edge.reads_layer, join(edge.columns, "\n")});
  }
  if (auto done = insert_rows(snapshot, "INSERT INTO _martgate_lineage VALUES(?,?,?,?)", rows);
      !done)
    return done;
  rows.clear();
  for (const TestResult& test : facts.tests) {
    rows.push_back({test.name, test.model, test.column, test.check, test.severity,
                    std::string(name_of(test.verdict)), test.observed, test.expected, test.recipe});
  }
  if (auto done =
          insert_rows(snapshot, "INSERT INTO _martgate_tests VALUES(?,?,?,?,?,?,?,?,?)", rows);
      !done)
    return done;
  rows.clear();
  for (const TestResult& test : facts.tests) {
    for (const std::string& row : test.failing_rows) rows.push_back({test.name, row});
  }
  return insert_rows(snapshot, "INSERT INTO _martgate_failing_rows VALUES(?,?)", rows);
}

Result<SnapshotFacts> read_facts(const std::filesystem::path& path) {
  std::error_code problem;
  if (!std::filesystem::is_regular_file(path, problem)) {
    return fail(Code::Unavailable, fmt::format("there is no snapshot file {}", path.string()),
                {"run: martgate build"}, "no_snapshot");
  }
  auto snapshot = store::Connection::open_readonly(path);
  if (!snapshot) return tl::unexpected(snapshot.error());
  SnapshotFacts facts;
  const auto head = snapshot->query(
      "SELECT format, id, built_at_ms, project, project_digest, git_commit FROM "
      "_martgate_snapshot");
  if (!head || head->row_count() != 1 || int_of(head->at(0, 0)) != kFormat) {
    return fail(Code::Unavailable,
                fmt::format("{} is not a snapshot of this version", path.string()),
                {"run: martgate build"}, "no_snapshot");
  }
  facts.id = text_of(head->at(0, 1));
  facts.built_at = time_of(head->at(0, 2));
  facts.project = text_of(head->at(0, 3));
  facts.project_digest = text_of(head->at(0, 4));
  facts.commit = text_of(head->at(0, 5));
  const auto loaded = snapshot->query(
      "SELECT source, raw_name, loads, row_count, quarantined, last_loaded_at_ms, content FROM "
      "_martgate_loaded ORDER BY raw_name");
  const auto models = snapshot->query(
      "SELECT name, layer, digest, row_count, recipe, content FROM _martgate_models ORDER BY "
      "rowid");
  const auto lineage = snapshot->query(
      "SELECT model, reads, reads_layer, columns FROM _martgate_lineage ORDER BY model, reads");
  const auto tests = snapshot->query(
      "SELECT name, model, column_name, check_name, severity, verdict, observed, expected, recipe"
      " FROM _martgate_tests ORDER BY name");
  const auto failing =
      snapshot->query("SELECT test, row FROM _martgate_failing_rows ORDER BY rowid");
  for (const auto* part : {&loaded, &models, &lineage, &tests, &failing}) {
    if (!*part) return tl::unexpected(part->error());
  }
  for (std::size_t i = 0; i < loaded->row_count(); ++i) {
    const auto row = loaded->row(i);
    facts.loaded.push_back(
        {text_of(row[0]), text_of(row[1]), int_of(row[2]), int_of(row[3]), int_of(row[4]),
         store::is_null(row[5]) ? std::nullopt : std::optional(time_of(row[5])), text_of(row[6])});
  }
  for (std::size_t i = 0; i < models->row_count(); ++i) {
    const auto row = models->row(i);
    facts.models.push_back({text_of(row[0]), text_of(row[1]), text_of(row[2]), int_of(row[3]),
                            text_of(row[4]), text_of(row[5])});
  }
  for (std::size_t i = 0; i < lineage->row_count(); ++i) {
    const auto row = lineage->row(i);
    facts.lineage.push_back(
        {text_of(row[0]), text_of(row[1]), text_of(row[2]), split_names(text_of(row[3]))});
  }
  for (std::size_t i = 0; i < tests->row_count(); ++i) {
    const auto row = tests->row(i);
    facts.tests.push_back({text_of(row[0]), text_of(row[1]), text_of(row[2]), text_of(row[3]),
                           text_of(row[4]), verdict_named(text_of(row[5])), text_of(row[6]),
                           text_of(row[7]), text_of(row[8])});
  }
  for (std::size_t i = 0; i < failing->row_count(); ++i) {
    const auto test = std::ranges::find(facts.tests, text_of(failing->at(i, 0)), &TestResult::name);
    if (test != facts.tests.end()) test->failing_rows.push_back(text_of(failing->at(i, 1)));
  }
  auto events = read_event_times(*snapshot);
  if (!events) return tl::unexpected(events.error());
  facts.events = std::move(*events);
  return facts;
}

std::filesystem::path snapshot_path(const std::filesystem::path& state_folder,
                                    std::string_view id) {
  return state_folder / "marts" / fmt::format("{}.db", id);
}

Result<std::string> current_snapshot(const std::filesystem::path& state_folder) {
  const auto text = read_file(state_folder / "marts" / "current", 256);
  if (!text) {
    return fail(Code::NotFound, "no snapshot has been published yet", {"run: martgate build"},
                "no_snapshot");
  }
  return std::string(trim(*text));
}

}  // namespace martgate::engine
