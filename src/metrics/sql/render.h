// Phase 4: plan -> SQL text and the values bound to it. The text depends on the plan's shape only;
// values never appear in it, and lists grow in powers of two, so the set of texts is finite.
#pragma once

#include "engine/mart_engine.h"
#include "metrics/plan/plan.h"
#include "metrics/sql/dialect.h"

namespace martgate::metrics {

[[nodiscard]] engine::Query render(const Plan& plan, const Dialect& dialect);

}  // namespace martgate::metrics
