// Metrics and what they are split by, as examples, questions and allow-lists name them.
#pragma once

#include "catalog/draft.h"

namespace martgate::catalog {

// The allow-list of a metric: dimensions that every mart behind it has, without a grain.
void check_dimensions(const Draft& draft, const Metric& metric, const Node& list);

// Metrics of one query meet in its groups, so a name must mean one column for all of them.
void check_query(const Draft& draft, const Node& metrics, const Node& group_by);

}  // namespace martgate::catalog
