// Phase 2: words -> catalog objects, or a refusal that says what would work.
#pragma once

#include "base/result.h"
#include "catalog/project.h"
#include "metrics/query/metric_query.h"
#include "metrics/resolve/resolved.h"

namespace martgate::metrics {

inline constexpr std::size_t kMetricsMax = 10;
inline constexpr std::size_t kGroupByMax = 6;
inline constexpr std::size_t kWhereMax = 20;
inline constexpr std::size_t kFilterValuesMax = 128;
// Periods of one answer when a metric of it looks back: ten years of days.
inline constexpr std::int64_t kPeriodsMax = 3'660;

// Errors, by reason: unknown_metric, unknown_dimension, dimension_not_allowed, bad_grain,
// bad_value, bad_operator, bad_time_range, no_time_dimension, unknown_order_field,
// not_shared_dimension, duplicate_name, too_many, time_range_needed, one_period_needed.
[[nodiscard]] Result<ResolvedQuery> resolve(const catalog::Project& project,
                                            const MetricQuery& query);

}  // namespace martgate::metrics
