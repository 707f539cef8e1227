#include "build/build.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <system_error>
#include <thread>

#include "base/check.h"
#include "base/digest.h"
#include "base/files.h"
#include "base/json_writer.h"
#include "build/execute.h"
#include "build/marts_folder.h"
#include "build/plan.h"
#include "build/raw_state.h"
#include "build/schedule.h"
#include "build/unit_tests.h"
#include "build/work_files.h"
#include "catalog/load.h"

namespace martgate::build {
namespace {

namespace fs = std::filesystem;
using catalog::Layer;
using store::Connection;
using store::Value;

bool reads_raw(const BuildPlan& plan) {
  return std::ranges::find(plan.lineage, "raw", &engine::LineageEdge::reads_layer) !=
         plan.lineage.end();
}

// The raw store, when there is one. Errors: as build().
Result<std::optional<fs::path>> raw_store_of(const catalog::Project& project,
                                             const BuildPlan& plan) {
  const fs::path raw_store = project.settings.state_folder / "raw.db";
  std::error_code problem;
  if (fs::exists(raw_store, problem)) return raw_store;
  if (!reads_raw(plan)) return std::nullopt;
  return fail(Code::FailedPrecondition, fmt::format("there is no raw store {}", raw_store.string()),
              {"run: martgate ingest"}, "no_raw_store");
}

Status note_contents(const fs::path& raw_store, std::vector<engine::LoadedTable>& loaded) {
  auto connection = Connection::open_readonly(raw_store);
  if (!connection) return tl::unexpected(connection.error());
  // Under the name it has for the workers too.
  auto attach = connection->prepare("ATTACH ? AS raw");
  if (!attach) return tl::unexpected(attach.error());
  if (auto bound = attach->bind(0, raw_store.string()); !bound) return bound;
  if (auto done = attach->run(); !done) return done;
  return read_raw_contents(*connection, loaded);
}

Status check_unit_tests(const catalog::Project& project, const std::set<std::string>& chosen) {
  const auto results = run_unit_tests(project, chosen);
  if (!results) return tl::unexpected(results.error());
  for (const UnitTestResult& result : *results) {
    if (result.is_good) continue;
    return fail(Code::FailedPrecondition, fmt::format("unit test {} does not hold", result.name),
                result.differences, "unit_test_failed");
  }
  return {};
}

std::vector<engine::TimeColumn> event_columns(const catalog::Project& project) {
  std::vector<engine::TimeColumn> columns;
  for (const catalog::Model& model : project.models) {
    if (model.layer == catalog::Layer::Marts && !model.agg_time_dimension.empty())
      columns.push_back({model.common.name, model.agg_time_dimension});
  }
  return columns;
}

class Build {
 public:
  Build(const catalog::Project& project, const BuildPlan& plan, const BuildOptions& options,
        std::vector<engine::LoadedTable> loaded, std::optional<engine::SnapshotFacts> prior)
      : project_(project),
        plan_(plan),
        options_(options),
        loaded_(std::move(loaded)),
        prior_(std::move(prior)) {}

  Result<BuildReport> run(const MartsLock& lock, const std::optional<fs::path>& raw_store,
                          WallTime at) {
    auto schedule = Schedule::make({.project = project_,
                                    .plan = plan_,
                                    .loaded = loaded_,
                                    .prior = prior_ ? &*prior_ : nullptr,
                                    .chosen = options_.chosen,
                                    .is_forced = options_.force,
                                    .is_since = options_.since.has_value()});
    if (!schedule) return tl::unexpected(schedule.error());
    BuildReport report;
    // Nothing to compute and nothing to test: what would be published is known already.
    if (schedule->is_done()) {
      const std::vector<PlannedTest> tests = plan_tests(*schedule);
      if (std::ranges::all_of(tests, [](const PlannedTest& t) { return t.carried != nullptr; })) {
        std::vector<engine::TestResult> results;
        results.reserve(tests.size());
        for (const PlannedTest& planned : tests) results.push_back(*planned.carried);
        std::ranges::sort(results, {}, &engine::TestResult::name);
        report.facts = facts_of(*schedule, std::move(results), at);
        if (keep_current(report)) return report;
      }
    }
    const auto place = Workplace::make(lock);
    if (!place) return tl::unexpected(place.error());
    std::optional<fs::path> prior_path;
    if (prior_) prior_path = engine::snapshot_path(lock.state_folder(), prior_->id);
    auto files =
        WorkFiles::make({place->marts_path(), place->staging_path(), prior_path, raw_store});
    if (!files) return tl::unexpected(files.error());
    auto tests = execute({.project = project_,
                          .plan = plan_,
                          .place = *place,
                          .files = *files,
                          .schedule = *schedule,
                          .loaded = loaded_,
                          .prior = prior_path,
                          .since = options_.since,
                          .workers = workers(),
                          .progress = options_.progress},
                         [&] { return plan_tests(*schedule); });
    if (!tests) return tl::unexpected(tests.error());
    note_work(*schedule, report);
    report.facts = facts_of(*schedule, std::move(*tests), at);
    if (!report.tests_with(engine::Verdict::Fail).empty()) {
      if (auto noted = note_refused(report.facts); !noted) return tl::unexpected(noted.error());
      return report;
    }
    if (keep_current(report)) return report;
    tell({"publish", report.facts.id, 0, 1});
    if (auto sealed = files->finish(report.facts, event_columns(project_)); !sealed)
      return tl::unexpected(sealed.error());
    { const WorkFiles closed = std::move(*files); }
    if (options_.inspect) {
      auto refusals = options_.inspect(place->marts_path());
      if (!refusals) return tl::unexpected(refusals.error());
      report.refusals = std::move(*refusals);
      if (!report.refusals.empty()) return report;
    }
    auto published = publish(lock, place->marts_path(), report.facts.id, at);
    if (!published) return tl::unexpected(published.error());
    report.is_published = true;
    // What cannot be removed now is looked at again by the next build.
    static_cast<void>(prune(lock, project_.settings.snapshots_keep, at));
    tell({"publish", report.facts.id, 1, 1});
    return report;
  }

 private:
  // What keeps a snapshot from being published is in no snapshot: it is written beside them.
  [[nodiscard]] Status note_refused(const engine::SnapshotFacts& facts) const {
    std::string text;
    JsonWriter json(text);
    json.begin_object().field("at", to_rfc3339(facts.built_at)).key("tests").begin_array();
    for (const engine::TestResult& test : facts.tests) {
      if (test.verdict != engine::Verdict::Fail) continue;
      json.begin_object().field("name", test.name).field("observed", test.observed);
      json.field("expected", test.expected).key("rows").begin_array();
      for (const std::string& row : test.failing_rows) json.raw(row);
      json.end_array().end_object();
    }
    json.end_array().end_object();
    return replace_file(project_.settings.state_folder / "marts" / "refused.json", text + "\n");
  }

  void tell(const BuildProgress& progress) const {
    if (options_.progress) options_.progress(progress);
  }

  [[nodiscard]] int workers() const {
    const int wanted = options_.workers > 0 ? options_.workers
                                            : static_cast<int>(std::thread::hardware_concurrency());
    return std::clamp(wanted, 1, kWorkersMax);
  }

  // True when the current snapshot is this one; then it is what the report is about.
  bool keep_current(BuildReport& report) const {
    if (!prior_ || prior_->id != report.facts.id) return false;
    report.facts = *prior_;
    report.is_up_to_date = true;
    return true;
  }

  void note_work(const Schedule& schedule, BuildReport& report) const {
    for (std::size_t i = 0; i < schedule.size(); ++i) {
      const engine::BuiltModel& built = schedule.built(i);
      if (schedule.is_carried(i)) continue;
      report.computed.push_back(built.name);
      const engine::BuiltModel* before = prior_ ? prior_->model(built.name) : nullptr;
      const bool is_mart = schedule.model(i).layer == Layer::Marts;
      if (is_mart && (before == nullptr || before->content != built.content))
        report.changed.push_back(built.name);
    }
  }

  // A test's verdict holds as long as its definition and the content of all it reads.
  std::string recipe_of(const Schedule& schedule, const catalog::Model& model,
                        const catalog::DataTest& test) const {
    std::string text;
    JsonWriter json(text);
    json.begin_array().string(model.common.digest).string(test.name);
    const auto reads = plan_.test_reads.find(test.name);
    if (reads == plan_.test_reads.end()) return {};
    for (const auto& [layer, name] : reads->second) {
      json.string(catalog::name_of(layer)).string(name);
      if (layer == Layer::Raw) {
        const auto loaded = std::ranges::find(loaded_, name, &engine::LoadedTable::raw_name);
        json.string(loaded == loaded_.end() ? "" : loaded->content);
      } else if (const auto index = schedule.index_of(name)) {
        json.string(schedule.built(*index).content);
      }
    }
    json.end_array();
    return sha256_hex(text);
  }

  [[nodiscard]] std::vector<PlannedTest> plan_tests(const Schedule& schedule) const {
    std::vector<PlannedTest> planned;
    for (const catalog::Model& model : project_.models) {
      const auto index = schedule.index_of(model.common.name);
      MARTGATE_CHECK(index.has_value());
      for (const catalog::DataTest& test : model.tests) {
        PlannedTest one{&test, recipe_of(schedule, model, test), nullptr};
        const engine::TestResult* before = nullptr;
        if (prior_) {
          const auto found = std::ranges::find(prior_->tests, test.name, &engine::TestResult::name);
          if (found != prior_->tests.end()) before = &*found;
        }
        const bool is_same = before != nullptr && !one.recipe.empty() &&
                             before->recipe == one.recipe && !options_.force;
        if (schedule.is_behind(*index)) {
          // What was not built is not tested: its verdict is that of the rows it has.
          if (before == nullptr) continue;
          one.carried = before;
        } else if (is_same) {
          one.carried = before;
        }
        planned.push_back(std::move(one));
      }
    }
    return planned;
  }

  [[nodiscard]] engine::SnapshotFacts facts_of(const Schedule& schedule,
                                               std::vector<engine::TestResult> tests,
                                               WallTime at) const {
    engine::SnapshotFacts facts;
    facts.built_at = at;
    facts.project = project_.settings.name;
    facts.project_digest = project_.digest;
    facts.commit = project_.commit;
    facts.loaded = loaded_;
    facts.lineage = plan_.lineage;
    facts.tests = std::move(tests);
    for (std::size_t i = 0; i < schedule.size(); ++i) {
      facts.models.push_back(schedule.built(i));
      if (schedule.is_behind(i)) stay_behind(schedule.built(i).name, facts);
    }
    facts.id = engine::snapshot_id(facts);
    return facts;
  }

  // Rows of older loads are as old as those loads, and the snapshot is not yet the project's.
  void stay_behind(const std::string& model, engine::SnapshotFacts& facts) const {
    if (!prior_) return;
    facts.project_digest = prior_->project_digest;
    for (const std::string& raw_name : facts.raw_tables_behind(model)) {
      const auto loaded = std::ranges::find(facts.loaded, raw_name, &engine::LoadedTable::raw_name);
      const engine::LoadedTable* before = prior_->loaded_table(raw_name);
      if (loaded != facts.loaded.end() && before != nullptr) *loaded = *before;
    }
  }

  const catalog::Project& project_;
  const BuildPlan& plan_;
  const BuildOptions& options_;
  std::vector<engine::LoadedTable> loaded_;
  std::optional<engine::SnapshotFacts> prior_;
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
  const auto plan = plan_models(project);
  if (!plan) return tl::unexpected(plan.error());
  if (!plan->diagnostics.empty()) return tl::unexpected(catalog::to_error(plan->diagnostics));
  if (auto held = check_unit_tests(project, options.chosen); !held)
    return tl::unexpected(held.error());
  const auto lock = MartsLock::take(project.settings.state_folder);
  if (!lock) return tl::unexpected(lock.error());
  const auto raw_store = raw_store_of(project, *plan);
  if (!raw_store) return tl::unexpected(raw_store.error());
  std::ranges::sort(loaded, {}, &engine::LoadedTable::raw_name);
  if (*raw_store && reads_raw(*plan)) {
    if (auto noted = note_contents(**raw_store, loaded); !noted)
      return tl::unexpected(noted.error());
  }
  std::optional<engine::SnapshotFacts> prior;
  if (const auto current = engine::current_snapshot(project.settings.state_folder)) {
    auto facts = engine::read_facts(engine::snapshot_path(project.settings.state_folder, *current));
    if (facts) prior = std::move(*facts);
  }
  return Build(project, *plan, options, std::move(loaded), std::move(prior))
      .run(*lock, *raw_store, clock.now());
}

}  // namespace martgate::build
