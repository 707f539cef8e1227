// The table a model becomes: its definition, how it is filled, and what is said when it cannot be.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "catalog/project.h"
#include "store/connection.h"

namespace martgate::build {

// Schemas of the connection that builds and of the empty one that plans: marts in the file that is
// published, staging and raw attached. A bare name is looked up in this order.
inline constexpr std::string_view kMartsSchema = "main";
inline constexpr std::string_view kStagingSchema = "staging";
inline constexpr std::string_view kRawSchema = "raw";

[[nodiscard]] std::string_view schema_of(catalog::Layer layer);
// main."orders"
[[nodiscard]] std::string qualified(const catalog::Model& model);
// Restricted and confidential values are never repeated in messages and test results.
[[nodiscard]] bool may_show(const catalog::Column& column);

// STRICT, with the checks of the types that SQLite does not know.
[[nodiscard]] std::string create_table_sql(const catalog::Model& model);

// The model's SELECT is run on `connection`, where everything it reads exists. Returns the rows.
// Errors: FailedPrecondition, reason "model_failed": the model, the column, the value and the key.
[[nodiscard]] Result<std::int64_t> fill(store::Connection& connection, const catalog::Model& model);

// Columns that every row of `model` must be told apart by, besides NULLs.
// Errors: FailedPrecondition, reason "duplicate_key", with `because` and a key that occurs twice.
Status add_unique_index(store::Connection& connection, const catalog::Model& model,
                        const std::vector<std::string>& columns, std::string_view because);
Status add_index(store::Connection& connection, const catalog::Model& model,
                 const std::vector<std::string>& columns);

// json_each and json_tree may be read from now on: SQLite declares them at their first use, which
// prepare_select would refuse.
Status admit_json_tables(store::Connection& connection);

// The connection may read the raw schema and never change it. Holds until the next prepare_select.
void forbid_raw_writes(store::Connection& connection);

}  // namespace martgate::build
