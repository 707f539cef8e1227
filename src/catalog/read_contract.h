// The contract part of a source's YAML, after the schema accepted it.
#pragma once

#include "catalog/contract.h"
#include "catalog/node.h"

namespace martgate::catalog {

// What the column does not say of null_values and trim, its table does.
[[nodiscard]] ColumnContract read_column_contract(const Node& column, const Node& table);
[[nodiscard]] FileShape read_file_shape(const Node& table);
// One word for every kind of drift, or a word for each. Columns whose values do not fit their type
// are never accepted: "accept" quarantines their rows.
[[nodiscard]] DriftPolicy read_drift_policy(const Node& node);
[[nodiscard]] VolumePolicy read_volume_policy(const Node& node);

}  // namespace martgate::catalog
