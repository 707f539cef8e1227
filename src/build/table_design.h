// Everything about a model's table that is known before its rows are: definition and indexes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "catalog/project.h"
#include "store/connection.h"

namespace martgate::build {

// Schemas of the connections that build and of the empty one that plans: marts in the file that is
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
[[nodiscard]] std::string create_table_sql(const catalog::Model& model, std::string_view schema);

struct IndexDesign {
  std::vector<std::string> columns;
  bool is_unique = false;
  std::string because;  // of a unique one: "primary_key", "relationship orders.customer"
};

// The primary key; for marts also what relationships join on, the mart's own time, since almost
// every question bounds it, and what the model declares.
[[nodiscard]] std::vector<IndexDesign> indexes_of(const catalog::Project& project,
                                                  const catalog::Model& model);
[[nodiscard]] std::string create_index_sql(const catalog::Model& model, const IndexDesign& index,
                                           std::string_view schema);

// SHA-256 hex over the table's definition, its indexes and every row in the order of rowid, values
// as they are stored. The table is in `main` of the connection.
[[nodiscard]] Result<std::string> table_digest(store::Connection& connection,
                                               const catalog::Project& project,
                                               const catalog::Model& model);

}  // namespace martgate::build
