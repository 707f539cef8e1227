// What each model reads, the order to build in, and every reason why it cannot be built.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "catalog/load.h"
#include "catalog/project.h"
#include "engine/snapshot.h"

namespace martgate::build {

// A column of a model takes its values from a column of what the model reads.
struct ColumnEdge {
  std::string model;
  std::string column;
  std::string reads;        // a model's name or a raw table's raw_name
  std::string reads_layer;  // "raw" | "staging" | "marts"
  std::string read_column;
  // NOLINTNEXTLINE(modernize-use-nullptr): clang 14 sees a 0 in the defaulted operator
  auto operator<=>(const ColumnEdge&) const = default;
};

struct BuildPlan {
  std::vector<std::string> order;            // model names, each behind what it reads
  std::vector<engine::LineageEdge> lineage;  // sorted by model and reads
  std::vector<ColumnEdge> columns;           // sorted; with Detail::Columns only
  std::vector<std::string> inexact;          // models whose columns are taken to read all it reads
  // What each test reads, by its name: models and raw tables, sorted.
  std::map<std::string, std::vector<std::pair<catalog::Layer, std::string>>, std::less<>>
      test_reads;
  std::vector<catalog::Diagnostic>
      diagnostics;  // sorted by file and line; with any, nothing is built
};

// Finds what models read by preparing their SQL on an empty database in memory that holds every
// raw table and every model with its declared columns; SQLite itself names the tables and columns.
// Reads no data. Errors: Internal when that database cannot be made.
enum class Detail : std::uint8_t { Tables, Columns };
[[nodiscard]] Result<BuildPlan> plan_models(const catalog::Project& project,
                                            Detail detail = Detail::Tables);

}  // namespace martgate::build
