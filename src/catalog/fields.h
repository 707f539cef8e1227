// Names of columns, dimensions and filters, looked up in a draft and reported where they stand.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/calendar.h"
#include "catalog/draft.h"

namespace martgate::catalog {

inline constexpr std::string_view kMetricTime = "metric_time";

[[nodiscard]] bool is_time(DataType type);
[[nodiscard]] std::vector<std::string> column_names(const Model& model);

// The column of `model` that `node` names; reports one that is not there.
const Column* resolve_column(const Model& model, const Node& node);

struct ResolvedField {
  const Model* model = nullptr;
  const Column* column = nullptr;
  std::optional<Grain> grain;  // "ordered_at__month"
};

// Dimension: what callers may ask for. Definition: every column, as the project's own filters may.
enum class Reach : std::uint8_t { Dimension, Definition };

// The column behind "channel", "customer.segment" or "ordered_at__month", seen from `model`.
// Nothing when it was reported, or when the other model could not be read.
[[nodiscard]] std::optional<ResolvedField> resolve_field(const Draft& draft, const Model& model,
                                                         const Node& node, Reach reach);

// Whether `path`, without a grain, is one callers may ask for; reports nothing.
[[nodiscard]] bool is_dimension(const Draft& draft, const Model& model, std::string_view path);

// A list of filters on `model`: fields, operators, number and type of the values.
void check_filters(const Draft& draft, const Model& model, const Node& list);

// One value that a column of this type is compared with or must hold; reports what cannot be.
void check_value(const Node& node, const Column& column, std::optional<Grain> grain = {});

}  // namespace martgate::catalog
