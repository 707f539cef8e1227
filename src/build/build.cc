#include "build/build.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <optional>
#include <set>
#include <system_error>

#include "base/check.h"
#include "base/digest.h"
#include "build/data_tests.h"
#include "build/marts_folder.h"
#include "build/model_table.h"
#include "build/plan.h"
#include "catalog/load.h"

namespace martgate::build {
namespace {

namespace fs = std::filesystem;
using store::Connection;
using store::Sql;
using store::Value;

constexpr std::size_t kIdDigits = 8;

// "20261121T004501Z-1a2b3c4d": sorts by time; the digits tell two builds of one second apart.
std::string snapshot_id(const catalog::Project& project,
                        const std::vector<engine::LoadedTable>& loaded, WallTime at) {
  std::string text = fmt::format("{}\n{}\n", project.digest, at.time_since_epoch().count());
  for (const engine::LoadedTable& table : loaded) {
    const std::int64_t last =
        table.last_loaded_at ? table.last_loaded_at->time_since_epoch().count() : 0;
    text += fmt::format("{} {} {} {} {}\n", table.raw_name, table.loads, table.rows,
                        table.quarantined, last);
  }
  std::string time = to_rfc3339(at).substr(0, std::string_view("2026-11-21T00:45:01").size());
  std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
  return fmt::format("{}Z-{}", time, sha256_hex(text).substr(0, kIdDigits));
}

bool is_same(const engine::LoadedTable& left, const engine::LoadedTable& right) {
  return left.source == right.source && left.raw_name == right.raw_name &&
         left.loads == right.loads && left.rows == right.rows &&
         left.quarantined == right.quarantined && left.last_loaded_at == right.last_loaded_at;
}

// The facts of the current snapshot when it was built from this project and these loads.
std::optional<engine::SnapshotFacts> up_to_date_facts(
    const catalog::Project& project, const std::vector<engine::LoadedTable>& loaded) {
  const auto current = engine::current_snapshot(project.settings.state_folder);
  if (!current) return std::nullopt;
  auto facts = engine::read_facts(engine::snapshot_path(project.settings.state_folder, *current));
  if (!facts || facts->project_digest != project.digest ||
      !std::ranges::equal(facts->loaded, loaded, is_same)) {
    return std::nullopt;
  }
  return std::move(*facts);
}

std::string_view layer_text(catalog::Layer layer) {
  return catalog::name_of(layer);
}

class Build {
 public:
  Build(const catalog::Project& project, const BuildPlan& plan, const BuildOptions& options)
      : project_(project), plan_(plan), options_(options) {}

  // Everything up to a complete file that may be published; true when the tests allow it.
  Result<bool> make(const Workplace& place, engine::SnapshotFacts& facts) {
    auto connection = Connection::open_writable(place.building_path(), store::Durability::Build);
    if (!connection) return tl::unexpected(connection.error());
    // The raw store has one writer, and it is not this one; checkpoints write too.
    sqlite3_db_config(connection->handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    Status done = set_up(*connection, place);
    // One transaction: every model reads the same state of the raw store.
    if (done) done = connection->execute("BEGIN");
    if (done) done = check_loads(*connection, facts.loaded);
    if (done) done = make_models(*connection, facts);
    if (done) done = make_mart_indexes(*connection);
    if (done) done = run_tests(*connection, facts);
    if (!done) return tl::unexpected(done.error());
    const bool is_refused = std::ranges::any_of(facts.tests, [](const engine::TestResult& test) {
      return test.verdict == engine::Verdict::Fail;
    });
    if (is_refused) return false;
    if (done = seal(*connection, facts); !done) return tl::unexpected(done.error());
    return true;
  }

 private:
  void tell(std::string_view phase, std::string_view name, std::size_t at,
            std::size_t total) const {
    if (options_.progress) options_.progress({phase, name, at, total});
  }

  [[nodiscard]] bool reads_raw() const {
    return std::ranges::find(plan_.lineage, "raw", &engine::LineageEdge::reads_layer) !=
           plan_.lineage.end();
  }

  Status attach(Connection& connection, const fs::path& path, std::string_view schema) {
    auto statement = connection.prepare(Sql::rendered(fmt::format("ATTACH ? AS {}", schema)));
    if (!statement) return tl::unexpected(statement.error());
    if (auto bound = statement->bind(0, path.string()); !bound) return bound;
    if (auto done = statement->run(); !done) {
      return tl::unexpected(with_context(done.error(), path.string()));
    }
    return {};
  }

  Status set_up(Connection& connection, const Workplace& place) {
    const fs::path raw_store = project_.settings.state_folder / "raw.db";
    std::error_code problem;
    const bool has_raw = fs::exists(raw_store, problem);
    if (!has_raw && reads_raw()) {
      return fail(Code::FailedPrecondition,
                  fmt::format("there is no raw store {}", raw_store.string()),
                  {"run: martgate ingest"}, "no_raw_store");
    }
    if (auto set = connection.execute("PRAGMA page_size = 8192"); !set) return set;
    if (auto done = attach(connection, place.staging_path(), kStagingSchema); !done) return done;
    // A refused statement must be unwound before the tables it read can be looked at again.
    auto set = connection.execute(
        "PRAGMA main.journal_mode = MEMORY; PRAGMA staging.page_size = 8192;"
        "PRAGMA staging.journal_mode = MEMORY; PRAGMA staging.synchronous = OFF;"
        "PRAGMA main.cache_size = -65536; PRAGMA staging.cache_size = -65536");
    if (!set) return set;
    if (auto done = attach(connection, has_raw ? raw_store : ":memory:", kRawSchema); !done)
      return done;
    forbid_raw_writes(connection);
    return admit_json_tables(connection);
  }

  // The facts describe the rows that are read below, not those of a moment before.
  Status check_loads(Connection& connection, const std::vector<engine::LoadedTable>& loaded) {
    if (!reads_raw()) return {};
    for (const engine::LoadedTable& table : loaded) {
      const Value values[] = {table.raw_name};
      const auto live = connection.query(
          "SELECT count(*), max(loaded_at_ms) FROM raw._martgate_loads"
          " WHERE raw_table = ? AND live = 1",
          values);
      if (!live) return tl::unexpected(with_context(live.error(), "raw store"));
      const Value last = table.last_loaded_at
                             ? Value(std::int64_t{table.last_loaded_at->time_since_epoch().count()})
                             : Value();
      if (live->at(0, 0) != Value(table.loads) || live->at(0, 1) != last) {
        return fail(Code::Unavailable,
                    fmt::format("raw table {} changed while the build began", table.raw_name),
                    {"build again"}, "raw_changed");
      }
    }
    return {};
  }

  Status make_models(Connection& connection, engine::SnapshotFacts& facts) {
    for (const std::string& name : plan_.order) {
      const catalog::Model* model = project_.model(name);
      MARTGATE_CHECK(model != nullptr);
      tell("models", name, facts.models.size(), plan_.order.size());
      const auto rows = fill(connection, *model);
      if (!rows) {
        Error error = rows.error();
        // The plan accepted it, so the raw store is behind the project's sources.
        const std::string_view text = error.message;
        if (text.find("no such table") != text.npos || text.find("no such column") != text.npos) {
          error.hints.emplace_back("run: martgate ingest");
        }
        return tl::unexpected(error);
      }
      if (!model->primary_key.empty()) {
        auto keyed = add_unique_index(connection, *model, model->primary_key, "primary_key");
        if (!keyed) return keyed;
      }
      facts.models.push_back(
          {name, std::string(layer_text(model->layer)), model->common.digest, *rows});
    }
    return {};
  }

  // Joins follow relationships from mart to mart, and the row there must be the only one. Almost
  // every question bounds the time, so a mart is also found by its own time.
  Status make_mart_indexes(Connection& connection) {
    std::set<std::pair<std::string, std::vector<std::string>>> made;
    for (const catalog::Model& model : project_.models) {
      made.insert({model.common.name, model.primary_key});
    }
    for (const catalog::Model& model : project_.models) {
      if (model.layer != catalog::Layer::Marts) continue;
      if (!model.agg_time_dimension.empty() &&
          made.insert({model.common.name, {model.agg_time_dimension}}).second) {
        auto indexed = add_index(connection, model, {model.agg_time_dimension});
        if (!indexed) return indexed;
      }
      for (const catalog::Relationship& relationship : model.relationships) {
        const catalog::Model* to = project_.model(relationship.to);
        MARTGATE_CHECK(to != nullptr);
        if (made.insert({to->common.name, relationship.to_columns}).second) {
          auto keyed = add_unique_index(
              connection, *to, relationship.to_columns,
              fmt::format("relationship {}.{}", model.common.name, relationship.name));
          if (!keyed) return keyed;
        }
        if (made.insert({model.common.name, relationship.from_columns}).second) {
          auto indexed = add_index(connection, model, relationship.from_columns);
          if (!indexed) return indexed;
        }
      }
    }
    return {};
  }

  Status run_tests(Connection& connection, engine::SnapshotFacts& facts) {
    std::size_t total = 0;
    for (const catalog::Model& model : project_.models) total += model.tests.size();
    for (const catalog::Model& model : project_.models) {
      for (const catalog::DataTest& test : model.tests) {
        tell("tests", test.name, facts.tests.size(), total);
        auto result = run_test(connection, project_, test);
        if (!result) return tl::unexpected(result.error());
        facts.tests.push_back(std::move(*result));
      }
    }
    std::ranges::sort(facts.tests, {}, &engine::TestResult::name);
    return {};
  }

  Status seal(Connection& connection, const engine::SnapshotFacts& facts) {
    tell("publish", facts.id, 0, 1);
    if (auto written = engine::write_facts(connection, facts); !written) return written;
    auto done = connection.execute(
        "COMMIT; DETACH staging; DETACH raw; ANALYZE main; PRAGMA main.journal_mode = DELETE");
    if (!done) return done;
    const auto verdict = connection.query_value("PRAGMA main.quick_check(1)");
    if (!verdict) return tl::unexpected(verdict.error());
    if (*verdict != Value("ok")) {
      return fail(Code::Unavailable,
                  fmt::format("the built file is damaged: {}", std::get<std::string>(*verdict)));
    }
    return {};
  }

  const catalog::Project& project_;
  const BuildPlan& plan_;
  const BuildOptions& options_;
};

}  // namespace

std::vector<const engine::TestResult*> BuildReport::tests_with(engine::Verdict verdict) const {
  std::vector<const engine::TestResult*> tests;
  for (const engine::TestResult& test : facts.tests) {
    if (test.verdict == verdict) tests.push_back(&test);
  }
  return tests;
}

Result<BuildReport> build(const catalog::Project& project, std::vector<engine::LoadedTable> loaded,
                          const Clock& clock, const BuildOptions& options) {
  auto plan = plan_models(project);
  if (!plan) return tl::unexpected(plan.error());
  if (!plan->diagnostics.empty()) return tl::unexpected(catalog::to_error(plan->diagnostics));
  auto place = Workplace::enter(project.settings.state_folder);
  if (!place) return tl::unexpected(place.error());
  std::ranges::sort(loaded, {}, &engine::LoadedTable::raw_name);

  BuildReport report;
  if (!options.force) {
    if (auto facts = up_to_date_facts(project, loaded)) {
      report.is_up_to_date = true;
      report.facts = std::move(*facts);
      return report;
    }
  }
  engine::SnapshotFacts& facts = report.facts;
  facts.built_at = clock.now();
  facts.id = snapshot_id(project, loaded, facts.built_at);
  facts.project = project.settings.name;
  facts.project_digest = project.digest;
  facts.commit = project.commit;
  facts.loaded = std::move(loaded);
  facts.lineage = plan->lineage;

  place->begin(facts.id);
  const auto made = Build(project, *plan, options).make(*place, facts);
  if (!made) return tl::unexpected(made.error());
  if (!*made) return report;
  if (auto published = place->publish(); !published) return tl::unexpected(published.error());
  report.is_published = true;
  place->prune(project.settings.snapshots_keep);
  if (options.progress) options.progress({"publish", facts.id, 1, 1});
  return report;
}

}  // namespace martgate::build
