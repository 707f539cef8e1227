// A project's models and the raw store -> a tested snapshot that is published, or nothing.
#pragma once

#include <cstddef>
#include <functional>
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
  bool force = false;  // build even when project and loads are those of the current snapshot
  std::function<void(const BuildProgress&)> progress = {};
};

struct BuildReport {
  bool is_up_to_date = false;  // nothing was built: the current snapshot has it all
  bool is_published = false;   // a new snapshot became the current one
  // Of the snapshot that was built, published or not, or of the current one.
  engine::SnapshotFacts facts;

  // Tests with the given verdict, by name.
  [[nodiscard]] std::vector<const engine::TestResult*> tests_with(engine::Verdict verdict) const;
};

// Reads state/raw.db and writes state/marts/ of the project's state folder. A failing test of
// severity error leaves the old snapshot current: the report says so, it is not an error here.
//
// `loaded` is what ingest::loaded_tables gives; the build refuses when the store moved on since.
//
// Errors  InvalidArgument: the models cannot be planned, every reason in message and hints.
//         FailedPrecondition: nothing was ingested (reason "no_raw_store"), a model or its keys do
//         not hold ("model_failed", "duplicate_key"), a test cannot be run ("test_broken").
//         Unavailable: another build runs, the raw store changed meanwhile, input or output failed.
[[nodiscard]] Result<BuildReport> build(const catalog::Project& project,
                                        std::vector<engine::LoadedTable> loaded, const Clock& clock,
                                        const BuildOptions& options = {});

}  // namespace martgate::build
