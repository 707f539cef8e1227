// Arguments as JSON -> the structs of the layers below.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>

#include "base/result.h"
#include "metrics/query/metric_query.h"

namespace martgate::tools {

// {"metrics": […], "group_by": […], "where": […], "time": {…}, "order_by": […], "limit": n},
// already valid for schemas/tools/metric_query.input.schema.json. limit is capped at rows_max.
// Errors: InvalidArgument (bad_date, bad_value).
[[nodiscard]] Result<metrics::MetricQuery> metric_query_from(const nlohmann::json& arguments,
                                                             std::int64_t rows_max);

}  // namespace martgate::tools
