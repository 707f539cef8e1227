// Names of dimensions and values of filters, resolved against one model.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "catalog/project.h"
#include "metrics/resolve/resolved.h"

namespace martgate::metrics {

inline constexpr std::string_view kMetricTime = "metric_time";

// "ordered_at__month" -> ("ordered_at", "month"); no "__" leaves the second empty.
struct FieldName {
  std::string_view path;
  std::string_view grain;
};
[[nodiscard]] FieldName split_field_name(std::string_view name);

// Every dimension that metrics on `model` can be grouped by, sorted: own columns, then those one
// relationship away as "relationship.column". `allowed` narrows it when not empty.
[[nodiscard]] std::vector<std::string> dimension_names(
    const catalog::Project& project, const catalog::Model& model,
    const std::vector<std::string>& allowed = {});
// What a metric can be grouped by: the dimensions that mean one column on every mart behind it,
// narrowed by its allow-list.
[[nodiscard]] std::vector<std::string> dimension_names(const catalog::Project& project,
                                                       const catalog::Metric& metric);

// Callers reach dimensions that are not restricted; the project's own definitions reach every
// column.
enum class Reach : std::uint8_t { Caller, Definition };

// Errors: NotFound (reason "unknown_dimension") with near names; InvalidArgument ("bad_grain");
// PermissionDenied ("restricted_dimension").
[[nodiscard]] Result<Field> resolve_field(const catalog::Project& project,
                                          const catalog::Model& model, std::string_view name,
                                          Reach reach = Reach::Caller);

// The filter's values as the column stores them: decimals scaled, dates checked, booleans 0 or 1.
// Errors: InvalidArgument (reason "bad_value") that says what the field holds.
[[nodiscard]] Result<ResolvedFilter> resolve_filter(const catalog::Project& project,
                                                    const catalog::Model& model,
                                                    const catalog::Filter& filter,
                                                    Reach reach = Reach::Caller);

}  // namespace martgate::metrics
