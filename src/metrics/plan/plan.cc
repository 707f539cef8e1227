#include "metrics/plan/plan.h"

#include <algorithm>
#include <array>

#include "metrics/plan/value_type.h"
#include "metrics/resolve/fields.h"

namespace martgate::metrics {
namespace {

using catalog::Aggregation;
using catalog::Column;
using catalog::DataType;
using catalog::Model;
using catalog::Project;

// Whether the metrics' own time plays any part: it bounds the rows or names the groups.
bool uses_metric_time(const ResolvedQuery& query) {
  return query.time.from || query.time.to ||
         std::ranges::any_of(query.group_by, [](const Group& group) { return group.metric_time; });
}

// Measures of one model and the same windows, and of one time column where time plays a part, share
// a pass.
std::size_t aggregate_for(const Project& project, std::vector<Aggregate>& aggregates,
                          const Measure& measure, bool timed) {
  const Model* model = project.model(measure.definition->model);
  const Column* time = timed ? measure.time : nullptr;
  for (std::size_t i = 0; i < aggregates.size(); ++i) {
    if (aggregates[i].model == model && aggregates[i].time == time &&
        aggregates[i].windows == measure.windows) {
      return i;
    }
  }
  Aggregate aggregate;
  aggregate.model = model;
  aggregate.time = time;
  aggregate.windows = measure.windows;
  aggregates.push_back(std::move(aggregate));
  return aggregates.size() - 1;
}

MeasureRef place(const Project& project, std::vector<Aggregate>& aggregates, const Measure& measure,
                 const std::string& name, bool timed) {
  const std::size_t index = aggregate_for(project, aggregates, measure, timed);
  Aggregate& aggregate = aggregates[index];
  const auto same = std::ranges::find(aggregate.measures, measure);
  if (same == aggregate.measures.end()) {
    aggregate.measures.push_back(measure);
    aggregate.names.push_back(name);
    return {index, aggregate.measures.size() - 1};
  }
  return {index, static_cast<std::size_t>(same - aggregate.measures.begin())};
}

void need_join(const Project& project, Aggregate& aggregate, const Field& field) {
  if (field.via == nullptr) return;
  auto join = std::ranges::find(aggregate.joins, field.via, &Join::relationship);
  if (join == aggregate.joins.end()) {
    aggregate.joins.push_back({field.via, project.model(field.via->to), field.via->to_columns});
    join = aggregate.joins.end() - 1;
  }
  if (std::ranges::find(join->columns, field.column->name) == join->columns.end()) {
    join->columns.push_back(field.column->name);
  }
  std::ranges::sort(join->columns);
}

Status bind_keys_and_filters(const Project& project, const ResolvedQuery& query,
                             Aggregate& aggregate) {
  for (const Group& group : query.group_by) {
    Field field;
    if (group.metric_time) {
      field = {nullptr, aggregate.model, aggregate.time, group.grain};
    } else {
      auto resolved = resolve_field(project, *aggregate.model, group.name);
      if (!resolved) return tl::unexpected(resolved.error());
      field = *resolved;
      field.grain = group.grain;
    }
    aggregate.keys.push_back(field);
  }
  for (const catalog::Filter& filter : query.where) {
    auto resolved = resolve_filter(project, *aggregate.model, filter);
    if (!resolved) return tl::unexpected(resolved.error());
    aggregate.where.push_back(std::move(*resolved));
  }
  for (const Field& key : aggregate.keys) need_join(project, aggregate, key);
  for (const ResolvedFilter& filter : aggregate.where) need_join(project, aggregate, filter.field);
  for (const Measure& measure : aggregate.measures) {
    for (const ResolvedFilter& filter : measure.filter) need_join(project, aggregate, filter.field);
  }
  return {};
}

// Precondition: a range with both ends when there are windows, as resolve() has it.
void bound_in_time(const ResolvedQuery& query, Aggregate& aggregate) {
  if (aggregate.windows.empty()) {
    aggregate.range = query.time;
    return;
  }
  const Days range{*query.time.from, *query.time.to};
  const auto time = std::ranges::find_if(query.group_by, &Group::metric_time);
  if (time != query.group_by.end()) {
    aggregate.periods = periods_of(range, *time->grain, aggregate.windows);
    return;
  }
  const Days days = windowed(range, std::nullopt, aggregate.windows);
  aggregate.range = {days.from, days.to};
}

ValueKind kind_of(DataType type) {
  switch (type) {
    case DataType::Text:
      return ValueKind::Text;
    case DataType::Integer:
      return ValueKind::Integer;
    case DataType::Real:
      return ValueKind::Real;
    case DataType::Decimal:
      return ValueKind::Decimal;
    case DataType::Boolean:
      return ValueKind::Boolean;
    case DataType::Date:
      return ValueKind::Date;
    case DataType::Timestamp:
      return ValueKind::Timestamp;
  }
  return ValueKind::Text;
}

OutputColumn key_column(const Group& group, const Field& field) {
  OutputColumn column;
  column.name = group.name;
  column.grain = group.grain;
  column.kind = group.grain ? ValueKind::Date : kind_of(field.column->type);
  column.scale = column.kind == ValueKind::Decimal ? field.column->scale : 0;
  return column;
}

// The value of a measure as it is aggregated; an integer cell of a sum is exact, a real one is
// scaled as it is.
ValueKind kind_of(Aggregation agg) {
  if (is_counting(agg)) return ValueKind::Integer;
  return agg == Aggregation::Average || agg == Aggregation::Median ? ValueKind::Real
                                                                   : ValueKind::Decimal;
}

OutputColumn metric_column(const ResolvedMetric& metric) {
  OutputColumn column;
  column.name = metric.metric->common.name;
  column.role = ColumnRole::Metric;
  column.unit = metric.metric->unit;
  std::vector<ValueType> inputs;
  inputs.reserve(metric.measures.size());
  for (const Measure& measure : metric.measures) inputs.push_back(type_of(measure));
  const ValueType whole = types_of(metric.expression, inputs).back();
  column.scale = whole.scale;
  column.kind = metric.is_simple() ? kind_of(metric.measures.front().definition->agg)
                : whole.is_exact   ? ValueKind::Decimal
                                   : ValueKind::Real;
  return column;
}

// Names of measures in their passes: a simple metric's own, else that of the metric and its input.
std::string measure_name(const ResolvedMetric& metric, std::size_t input) {
  const std::string& name = metric.metric->common.name;
  if (metric.is_simple()) return name;
  if (std::holds_alternative<catalog::RatioMetric>(metric.metric->definition) &&
      metric.measures.size() == 2) {
    return name + (input == 0 ? ".numerator" : ".denominator");
  }
  return name + "." + std::to_string(input + 1) + "." + metric.measures[input].metric->common.name;
}

}  // namespace

std::string_view name_of(ValueKind kind) {
  static constexpr std::array<std::string_view, 7> kNames{
      "text", "integer", "decimal", "number", "boolean", "date", "timestamp"};
  return kNames[static_cast<std::size_t>(kind)];
}

Result<Plan> make_plan(const Project& project, const ResolvedQuery& query) {
  Plan plan;
  plan.group_by = query.group_by;
  plan.time = query.time;
  plan.order_by = query.order_by;
  plan.limit = query.limit;
  const bool timed = uses_metric_time(query);
  for (const ResolvedMetric& metric : query.metrics) {
    PlannedMetric planned{{}, metric.expression};
    for (std::size_t i = 0; i < metric.measures.size(); ++i) {
      planned.inputs.push_back(
          place(project, plan.aggregates, metric.measures[i], measure_name(metric, i), timed));
    }
    plan.metrics.push_back(std::move(planned));
  }
  for (Aggregate& aggregate : plan.aggregates) {
    bound_in_time(query, aggregate);
    if (auto bound = bind_keys_and_filters(project, query, aggregate); !bound) {
      return tl::unexpected(bound.error());
    }
  }
  for (std::size_t i = 0; i < plan.group_by.size(); ++i) {
    plan.columns.push_back(key_column(plan.group_by[i], plan.aggregates.front().keys[i]));
  }
  for (const ResolvedMetric& metric : query.metrics) plan.columns.push_back(metric_column(metric));
  return plan;
}

}  // namespace martgate::metrics
