// Metrics held against numbers that people trust.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "catalog/project.h"
#include "engine/mart_engine.h"

namespace martgate::tools {

struct TieOutResult {
  const catalog::TieOut* tie_out = nullptr;
  std::size_t compared = 0;  // numbers
  // What is further apart than the tolerance, a line each, in the order of the trusted numbers.
  std::vector<std::string> differences;
  [[nodiscard]] bool is_good() const { return differences.empty(); }
};

// Every tie-out of the project's metrics, by metric and file order. Groups that only one side has
// are differences.
// Errors: InvalidArgument (reason "tie_out_broken") when a query or its file cannot be understood;
// those of the engine.
[[nodiscard]] Result<std::vector<TieOutResult>> run_tie_outs(const catalog::Project& project,
                                                             const engine::MartEngine& mart);

}  // namespace martgate::tools
