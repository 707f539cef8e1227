// The rows of a model's SELECT -> its table, and what is said when one does not fit.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "build/table_design.h"
#include "catalog/project.h"
#include "store/connection.h"

namespace martgate::build {

// Makes the model's table in `main` of `target` and puts every row of its SELECT into it, which is
// run on `source`. Returns the rows.
// Errors: FailedPrecondition, reason "model_failed": the model, the column, the value and the key.
[[nodiscard]] Result<std::int64_t> fill(store::Connection& source, store::Connection& target,
                                        const catalog::Model& model);

// The table before, and from which day on it is computed again.
struct Step {
  std::filesystem::path prior;       // the snapshot that holds it
  std::optional<std::string> since;  // ISO date, instead of the newest time less late_days
};

// The same for an incremental model: its rows are those of the table before, less what the new ones
// take the place of, and the new ones. Rows are kept in the order of key or time, so that the table
// is the one that computing it whole would give, as long as nothing came later than late_days.
// Errors: as fill(); FailedPrecondition, reason "duplicate_key", when a new key occurs twice.
[[nodiscard]] Result<std::int64_t> fill_incremental(store::Connection& source,
                                                    store::Connection& target,
                                                    const catalog::Model& model,
                                                    const std::optional<Step>& step);

// Makes the model's indexes in `main` of `target`. Errors: FailedPrecondition, reason
// "duplicate_key", with who demands the key and one that occurs twice.
Status add_indexes(store::Connection& target, const catalog::Model& model,
                   std::span<const IndexDesign> indexes);

// json_each and json_tree may be read from now on: SQLite declares them at their first use, which
// prepare_select would refuse.
Status admit_json_tables(store::Connection& connection);

}  // namespace martgate::build
