// The project's data tests, run on a snapshot that was published.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "build/plan.h"
#include "catalog/project.h"
#include "engine/snapshot.h"

namespace martgate::build {

struct SnapshotTest {
  engine::TestResult result;
  // Its tables are not in the snapshot (staging, raw): the verdict is that of the build.
  bool is_recorded = false;
};

// Tests of the models in `chosen`; empty: all. A test that is neither runnable on the snapshot nor
// recorded in it is left out. By name.
// Errors: Unavailable; FailedPrecondition, reason "test_broken".
[[nodiscard]] Result<std::vector<SnapshotTest>> test_snapshot(
    const catalog::Project& project, const BuildPlan& plan, const std::filesystem::path& snapshot,
    const std::set<std::string>& chosen = {});

}  // namespace martgate::build
