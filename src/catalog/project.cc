#include "catalog/project.h"

#include <algorithm>
#include <array>
#include <utility>

namespace martgate::catalog {
namespace {

constexpr std::array<std::pair<FilterOp, std::string_view>, 11> kFilterOps{{
    {FilterOp::Eq, "eq"},
    {FilterOp::Ne, "ne"},
    {FilterOp::Lt, "lt"},
    {FilterOp::Lte, "lte"},
    {FilterOp::Gt, "gt"},
    {FilterOp::Gte, "gte"},
    {FilterOp::In, "in"},
    {FilterOp::NotIn, "not_in"},
    {FilterOp::Contains, "contains"},
    {FilterOp::IsNull, "is_null"},
    {FilterOp::NotNull, "not_null"},
}};

// The elements are sorted by name.
template <class T>
const T* find_named(const std::vector<T>& sorted, std::string_view name) {
  const auto by_name = [](const T& element) -> std::string_view {
    if constexpr (requires { element.common; })
      return element.common.name;
    else
      return element.name;
  };
  const auto found = std::ranges::lower_bound(sorted, name, {}, by_name);
  return found != sorted.end() && by_name(*found) == name ? &*found : nullptr;
}

}  // namespace

std::string_view name_of(FilterOp op) {
  const auto found =
      std::ranges::find(kFilterOps, op, &std::pair<FilterOp, std::string_view>::first);
  return found == kFilterOps.end() ? std::string_view() : found->second;
}

std::optional<FilterOp> filter_op_named(std::string_view name) {
  const auto found =
      std::ranges::find(kFilterOps, name, &std::pair<FilterOp, std::string_view>::second);
  if (found == kFilterOps.end()) return std::nullopt;
  return found->first;
}

std::string_view name_of(LoadPattern pattern) {
  switch (pattern) {
    case LoadPattern::Batch:
      return "batch";
    case LoadPattern::Polling:
      return "polling";
    case LoadPattern::Webhook:
      return "webhook";
  }
  return "";
}

std::string_view name_of(Layer layer) {
  switch (layer) {
    case Layer::Raw:
      return "raw";
    case Layer::Staging:
      return "staging";
    case Layer::Marts:
      return "marts";
  }
  return {};
}

std::string_view name_of(DataType type) {
  switch (type) {
    case DataType::Text:
      return "text";
    case DataType::Integer:
      return "integer";
    case DataType::Real:
      return "real";
    case DataType::Decimal:
      return "decimal";
    case DataType::Boolean:
      return "boolean";
    case DataType::Date:
      return "date";
    case DataType::Timestamp:
      return "timestamp";
  }
  return {};
}

std::string_view name_of(Aggregation aggregation) {
  switch (aggregation) {
    case Aggregation::Sum:
      return "sum";
    case Aggregation::Min:
      return "min";
    case Aggregation::Max:
      return "max";
    case Aggregation::Average:
      return "average";
    case Aggregation::Median:
      return "median";
    case Aggregation::Count:
      return "count";
    case Aggregation::CountDistinct:
      return "count_distinct";
    case Aggregation::SumBoolean:
      return "sum_boolean";
  }
  return {};
}

std::string_view name_of(ToolKind kind) {
  switch (kind) {
    case ToolKind::CatalogSearch:
      return "catalog_search";
    case ToolKind::CatalogDescribe:
      return "catalog_describe";
    case ToolKind::MetricQuery:
      return "metric_query";
    case ToolKind::DimensionValues:
      return "dimension_values";
    case ToolKind::EntityLookup:
      return "entity_lookup";
    case ToolKind::DataHealth:
      return "data_health";
  }
  return {};
}

const Column* Model::column(std::string_view column_name) const {
  const auto found = std::ranges::find(columns, column_name, &Column::name);
  return found == columns.end() ? nullptr : &*found;
}

const Relationship* Model::relationship(std::string_view relationship_name) const {
  const auto found = std::ranges::find(relationships, relationship_name, &Relationship::name);
  return found == relationships.end() ? nullptr : &*found;
}

const Source* Project::source(std::string_view name) const {
  return find_named(sources, name);
}

const Model* Project::model(std::string_view name) const {
  return find_named(models, name);
}

const Metric* Project::metric(std::string_view name) const {
  return find_named(metrics, name);
}

std::vector<const MetricInput*> inputs_of(const Metric& metric) {
  std::vector<const MetricInput*> inputs;
  if (const auto* ratio = std::get_if<RatioMetric>(&metric.definition)) {
    inputs = {&ratio->numerator, &ratio->denominator};
  } else if (const auto* derived = std::get_if<DerivedMetric>(&metric.definition)) {
    for (const MetricInput& input : derived->inputs) inputs.push_back(&input);
  } else if (const auto* cumulative = std::get_if<CumulativeMetric>(&metric.definition)) {
    inputs = {&cumulative->input};
  }
  return inputs;
}

namespace {

void add_simple_metrics(const Project& project, const Metric& metric,
                        std::vector<const Metric*>& found) {
  if (std::holds_alternative<SimpleMetric>(metric.definition)) {
    if (std::ranges::find(found, &metric) == found.end()) found.push_back(&metric);
    return;
  }
  for (const MetricInput* input : inputs_of(metric)) {
    add_simple_metrics(project, *project.metric(input->metric), found);
  }
}

}  // namespace

std::vector<const Metric*> Project::simple_metrics_of(const Metric& metric) const {
  std::vector<const Metric*> found;
  add_simple_metrics(*this, metric, found);
  return found;
}

const ToolDefinition* Project::tool(std::string_view name) const {
  return find_named(tools, name);
}

const SourceTable* Project::raw_table(std::string_view raw_name) const {
  for (const Source& candidate : sources) {
    const auto found = std::ranges::find(candidate.tables, raw_name, &SourceTable::raw_name);
    if (found != candidate.tables.end()) return &*found;
  }
  return nullptr;
}

const Source* Project::source_of_raw_table(std::string_view raw_name) const {
  const auto found = std::ranges::find_if(sources, [&](const Source& candidate) {
    return std::ranges::find(candidate.tables, raw_name, &SourceTable::raw_name) !=
           candidate.tables.end();
  });
  return found == sources.end() ? nullptr : &*found;
}

const Model* Project::mart_of_entity(std::string_view entity) const {
  const auto found = std::ranges::find_if(models, [&](const Model& candidate) {
    return candidate.layer == Layer::Marts && candidate.access == Access::Public &&
           std::ranges::any_of(candidate.columns, [&](const Column& column) {
             return column.entity_type == EntityType::Primary && column.entity == entity;
           });
  });
  return found == models.end() ? nullptr : &*found;
}

}  // namespace martgate::catalog
