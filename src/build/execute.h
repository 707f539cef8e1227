// Carries a schedule out with several workers, then runs the tests on what was built.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "build/build.h"
#include "build/marts_folder.h"
#include "build/plan.h"
#include "build/schedule.h"
#include "build/work_files.h"
#include "catalog/project.h"
#include "engine/snapshot.h"

namespace martgate::build {

// A data test of the project, and what a build does about it.
struct PlannedTest {
  const catalog::DataTest* test = nullptr;
  std::string recipe;                           // empty: never taken from the snapshot before
  const engine::TestResult* carried = nullptr;  // the verdict of the snapshot before still holds
};

struct Execution {
  const catalog::Project& project;
  const BuildPlan& plan;
  const Workplace& place;
  WorkFiles& files;
  Schedule& schedule;
  std::vector<engine::LoadedTable>& loaded;
  std::optional<std::filesystem::path> prior;  // the snapshot before
  std::optional<std::string> since;            // ISO date for incremental models
  int workers = 1;
  std::function<void(const BuildProgress&)> progress;  // one call at a time, from any thread
};

// Computes every model that the schedule asks for; in the end each mart is in the marts file, in
// the order of the plan whatever the number of workers, so that the same build gives the same
// bytes. Then runs the tests that `tests_of` names, which is asked once all content is known.
//
// The raw store is read in one state: each worker's connection begins its transaction on it before
// any model is computed, and keeps it to the end.
//
// Errors: of the first model in the plan's order that failed; see build().
[[nodiscard]] Result<std::vector<engine::TestResult>> execute(
    const Execution& execution, const std::function<std::vector<PlannedTest>()>& tests_of);

}  // namespace martgate::build
