#include "catalog/metric_bases.h"

#include <algorithm>

namespace martgate::catalog {
namespace {

// Adds the bases of `metric`; false when they cannot be known.
bool add_bases(const Draft& draft, const Metric& metric, std::vector<const Metric*>& path,
               std::vector<Base>& bases) {
  if (std::ranges::find(path, &metric) != path.end()) return false;
  if (const auto* simple = std::get_if<SimpleMetric>(&metric.definition)) {
    bases.push_back({simple, usable_mart(draft, *simple)});
    return bases.back().mart != nullptr;
  }
  path.push_back(&metric);
  const auto inputs = inputs_of(metric);
  const bool is_known = std::ranges::all_of(inputs, [&](const MetricInput* input) {
    const Metric* next = draft.metrics.find(input->metric);
    return next != nullptr && add_bases(draft, *next, path, bases);
  });
  path.pop_back();
  return is_known && !inputs.empty();
}

bool leads_back(const Draft& draft, const Metric& from, const Metric& to,
                std::vector<std::string>& names) {
  // A circle that does not hold `to` is reported at its own members.
  if (std::ranges::find(names, from.common.name) != names.end()) return false;
  names.push_back(from.common.name);
  for (const MetricInput* input : inputs_of(from)) {
    const Metric* next = draft.metrics.find(input->metric);
    if (next == nullptr) continue;
    if (next == &to) {
      names.push_back(to.common.name);
      return true;
    }
    if (leads_back(draft, *next, to, names)) return true;
  }
  names.pop_back();
  return false;
}

}  // namespace

const Model* usable_mart(const Draft& draft, const SimpleMetric& simple) {
  const Model* model = draft.models.find(simple.model);
  const bool is_usable =
      model != nullptr && model->layer == Layer::Marts && model->access == Access::Public;
  return is_usable ? model : nullptr;
}

std::vector<Base> bases_of(const Draft& draft, const Metric& metric) {
  std::vector<const Metric*> path;
  std::vector<Base> bases;
  if (!add_bases(draft, metric, path, bases)) return {};
  return bases;
}

std::vector<std::string> circle_of(const Draft& draft, const Metric& metric) {
  std::vector<std::string> names;
  if (!leads_back(draft, metric, metric, names)) return {};
  return names;
}

}  // namespace martgate::catalog
