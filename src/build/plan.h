// What each model reads, the order to build in, and every reason why it cannot be built.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "catalog/load.h"
#include "catalog/project.h"
#include "engine/snapshot.h"

namespace martgate::build {

struct BuildPlan {
  std::vector<std::string> order;            // model names, each behind what it reads
  std::vector<engine::LineageEdge> lineage;  // sorted by model and reads
  // What each test reads, by its name: models and raw tables, sorted.
  std::map<std::string, std::vector<std::pair<catalog::Layer, std::string>>, std::less<>>
      test_reads;
  std::vector<catalog::Diagnostic>
      diagnostics;  // sorted by file and line; with any, nothing is built
};

// Finds what models read by preparing their SQL on an empty database in memory that holds every
// raw table and every model with its declared columns; SQLite itself names the tables and columns.
// Reads no data. Errors: Internal when that database cannot be made.
[[nodiscard]] Result<BuildPlan> plan_models(const catalog::Project& project);

}  // namespace martgate::build
