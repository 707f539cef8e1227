// The four phases in a row: query -> resolved -> plan -> SQL.
#pragma once

#include <string>

#include "base/result.h"
#include "catalog/project.h"
#include "engine/mart_engine.h"
#include "metrics/plan/plan.h"
#include "metrics/query/metric_query.h"

namespace martgate::metrics {

struct Compiled {
  Plan plan;
  engine::Query query;
};

// Errors: as resolve().
[[nodiscard]] Result<Compiled> compile(const catalog::Project& project, const MetricQuery& query);

// The plan, the joins and why, the filters in words, the SQL and its values: for people.
[[nodiscard]] std::string explain(const catalog::Project& project, const Compiled& compiled);

}  // namespace martgate::metrics
