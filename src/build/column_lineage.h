// From which columns each column of a SELECT takes its values, as the engine resolves its names.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "store/connection.h"

namespace martgate::build {

struct ColumnOrigin {
  std::string schema;
  std::string table;
  std::string column;
  // NOLINTNEXTLINE(modernize-use-nullptr): clang 14 sees a 0 in the defaulted operator
  auto operator<=>(const ColumnOrigin&) const = default;
};

// Of each column of the SELECT, in order: what its values are computed from. Columns that only
// decide which rows there are (joins, filters, groups) are not among them.
//
// Each column is prepared without the others, and what the authorizer is then asked more than for
// none of them is what it takes. Common tables and SELECTs in FROM are columns of their own first.
//
// `shadow` holds every table, empty; temporary tables are made in it and dropped again. Nothing
// when the SELECT is of a shape that is not understood (a recursive common table, say).
[[nodiscard]] std::optional<std::vector<std::set<ColumnOrigin>>> column_lineage(
    store::Connection& shadow, const std::string& sql);

}  // namespace martgate::build
