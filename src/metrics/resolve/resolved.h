// Phase 2: the question with every name bound to the catalog object it means.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/calendar.h"
#include "catalog/project.h"
#include "metrics/query/metric_query.h"
#include "metrics/resolve/window.h"
#include "store/value.h"

namespace martgate::metrics {

// A column of the metric's own model, or of a model one many-to-one relationship away.
// Pointers are into the project, which outlives every query.
struct Field {
  const catalog::Relationship* via = nullptr;  // null: the model's own column
  const catalog::Model* model = nullptr;       // the model that has the column
  const catalog::Column* column = nullptr;
  std::optional<Grain> grain;  // time columns: the period asked for; none: the value itself

  friend bool operator==(const Field&, const Field&) = default;
};

struct ResolvedFilter {
  std::string name;  // as written
  Field field;
  catalog::FilterOp op = catalog::FilterOp::Eq;
  std::vector<store::Value> values;  // as the column stores them

  friend bool operator==(const ResolvedFilter&, const ResolvedFilter&) = default;
};

// A simple metric, asked for or an input of another, ready to be aggregated.
struct Measure {
  const catalog::Metric* metric = nullptr;
  const catalog::SimpleMetric* definition = nullptr;
  std::vector<ResolvedFilter> filter;     // the metric's own and those of the inputs it came by
  const catalog::Column* time = nullptr;  // agg_time_dimension; null when the metric has none
  std::vector<Window> windows = {};       // from the outermost metric inwards

  friend bool operator==(const Measure&, const Measure&) = default;
};

struct ResolvedMetric {
  const catalog::Metric* metric = nullptr;
  std::vector<Measure> measures;   // the inputs of the expression
  catalog::Expression expression;  // over the measures; of a simple metric just input 0

  [[nodiscard]] bool is_simple() const { return expression.nodes.size() == 1; }
};

// What a group_by entry means for one model: entries that name metric_time differ by measure.
struct Group {
  std::string name;  // as asked; also the column's name in the answer
  bool metric_time = false;
  std::optional<Grain> grain;
};

struct ResolvedQuery {
  std::vector<ResolvedMetric> metrics;
  std::vector<Group> group_by;
  std::vector<catalog::Filter> where;  // checked; bound per model by field_of()
  TimeRange time;
  std::vector<OrderBy> order_by;
  std::int64_t limit = 0;
};

}  // namespace martgate::metrics
