// A project's models and the raw store -> a tested snapshot that is published, or nothing.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "catalog/project.h"
#include "engine/snapshot.h"

namespace martgate::build {

struct BuildProgress {
  std::string_view phase;  // "models" | "tests" | "publish"
  std::string_view name;   // of the model or test that begins; may be empty
  std::size_t done = 0;
  std::size_t total = 0;
};

struct BuildOptions {
  bool force = false;  // compute every table again, whether or not its recipe is the same
  // Models that may become new, as select_models() gives them; empty: all. The other marts are
  // those of the current snapshot.
  std::set<std::string> chosen = {};
  // Incremental models that may become new are computed again from this day on, an ISO date.
  std::optional<std::string> since = {};
  int workers = 0;  // threads that compute; 0: one a core, at most kWorkersMax
  std::function<void(const BuildProgress&)> progress = {};
  // Looks at the finished snapshot before it is published; what it returns speaks against that.
  std::function<Result<std::vector<std::string>>(const std::filesystem::path&)> inspect = {};
};

inline constexpr int kWorkersMax = 8;

struct BuildReport {
  bool is_up_to_date = false;         // the current snapshot holds the same, to the last row
  bool is_published = false;          // another snapshot became the current one
  std::vector<std::string> computed;  // models, in the plan's order; the others were reused
  std::vector<std::string> refusals;  // of `inspect`; with any, nothing was published
  std::vector<std::string> changed;   // marts whose rows or definition differ from the ones before
  // Of the snapshot that was built, published or not, or of the current one.
  engine::SnapshotFacts facts;

  // Tests with the given verdict, by name.
  [[nodiscard]] std::vector<const engine::TestResult*> tests_with(engine::Verdict verdict) const;
};

// Reads state/raw.db and writes state/marts/ of the project's state folder. A failing test of
// severity error leaves the old snapshot current: the report says so, it is not an error here. The
// rows that failed are then in state/marts/refused.json.
//
// `loaded` is what ingest::loaded_tables gives; the build refuses when the store moved on since.
//
// Errors  InvalidArgument: the models cannot be planned, every reason in message and hints.
//         FailedPrecondition: nothing was ingested (reason "no_raw_store"), a model or its keys do
//         not hold ("model_failed", "duplicate_key", "not_repeatable"), a test cannot be run
//         ("test_broken"), a mart that was not chosen is not there ("not_in_snapshot"),
//         a unit test of a model does not hold ("unit_test_failed").
//         Unavailable: another build runs, the raw store changed meanwhile, input or output failed.
[[nodiscard]] Result<BuildReport> build(const catalog::Project& project,
                                        std::vector<engine::LoadedTable> loaded, const Clock& clock,
                                        const BuildOptions& options = {});

}  // namespace martgate::build
