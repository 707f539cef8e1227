// Phase 3: how the answer is computed. Each model is aggregated on its own, at its own grain,
// before anything meets, so a row can never be counted twice by a join.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "catalog/project.h"
#include "metrics/resolve/periods.h"
#include "metrics/resolve/resolved.h"

namespace martgate::metrics {

// A many-to-one relationship that an aggregate follows, and the columns it needs from there.
struct Join {
  const catalog::Relationship* relationship = nullptr;
  const catalog::Model* to = nullptr;
  std::vector<std::string> columns;  // sorted, keys included
};

// One pass over one model: joined many-to-one, filtered, grouped by the query's keys. With windows
// its rows are those of other days than the query's.
struct Aggregate {
  const catalog::Model* model = nullptr;
  const catalog::Column* time = nullptr;  // bounds the range and names metric_time; may be null
  TimeRange range;                        // of `time`; open when the aggregate has periods
  std::vector<Window> windows;            // of every measure
  // Days that each period counts, when they are others than its own: a row may belong to several.
  std::vector<Period> periods;
  std::vector<Join> joins;
  std::vector<Field> keys;  // one for each group_by entry, in order
  std::vector<ResolvedFilter> where;
  std::vector<Measure> measures;
  std::vector<std::string> names;  // of the measures, unique in the plan
};

struct MeasureRef {
  std::size_t aggregate = 0;
  std::size_t measure = 0;
};
struct PlannedMetric {
  std::vector<MeasureRef> inputs;
  catalog::Expression expression;  // over the inputs
};

enum class ColumnRole : std::uint8_t { Dimension, Metric };
enum class ValueKind : std::uint8_t { Text, Integer, Decimal, Real, Boolean, Date, Timestamp };
[[nodiscard]] std::string_view name_of(ValueKind kind);

// A column of the answer. Cells hold `Decimal` as an integer times 10^scale; `Real` cells are to be
// divided by 10^scale, which may be negative (a ratio of cents to counts has 2, of counts to cents
// -2).
struct OutputColumn {
  std::string name;
  ColumnRole role = ColumnRole::Dimension;
  ValueKind kind = ValueKind::Text;
  int scale = 0;
  catalog::Unit unit;          // metrics
  std::optional<Grain> grain;  // dimensions
};

struct Plan {
  std::vector<Aggregate> aggregates;
  std::vector<Group> group_by;
  std::vector<PlannedMetric> metrics;  // in the order asked
  std::vector<OutputColumn> columns;   // groups, then metrics
  TimeRange time;
  std::vector<OrderBy> order_by;
  std::int64_t limit = 0;
};

// Pure. Errors: as resolve_field() when a key or filter has no meaning on one of the models.
[[nodiscard]] Result<Plan> make_plan(const catalog::Project& project, const ResolvedQuery& query);

}  // namespace martgate::metrics
