// What metrics are computed on while a project is being read: the simple ones behind each.
#pragma once

#include <vector>

#include "catalog/draft.h"

namespace martgate::catalog {

// The mart of a simple metric, or null when it is none that a metric can use.
[[nodiscard]] const Model* usable_mart(const Draft& draft, const SimpleMetric& simple);

struct Base {
  const SimpleMetric* simple = nullptr;
  const Model* mart = nullptr;
};

// The simple metrics that `metric` is computed from, however deep. Empty when something on the way
// is missing, unread or goes in a circle: that is reported where it stands.
[[nodiscard]] std::vector<Base> bases_of(const Draft& draft, const Metric& metric);

// The names of a circle of inputs that begins and ends at `metric`; empty when there is none.
[[nodiscard]] std::vector<std::string> circle_of(const Draft& draft, const Metric& metric);

}  // namespace martgate::catalog
