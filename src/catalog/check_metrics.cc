#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "catalog/check_names.h"
#include "catalog/check_queries.h"
#include "catalog/checks.h"
#include "catalog/fields.h"
#include "catalog/metric_bases.h"

namespace martgate::catalog {
namespace {

// The column when the expression is nothing but a column's name.
struct SingleColumn {
  bool is_name = false;
  const Column* column = nullptr;
};

SingleColumn single_column(const Model& model, std::string_view expression) {
  const std::string name = lower_ascii(trim(expression));
  static constexpr std::array<std::string_view, 6> kSqlWords{
      "true", "false", "null", "current_date", "current_time", "current_timestamp"};
  if (!is_snake_case(name) || std::ranges::find(kSqlWords, name) != kSqlWords.end()) return {};
  return {true, model.column(name)};
}

bool is_numeric(DataType type) {
  return type == DataType::Integer || type == DataType::Real || type == DataType::Decimal;
}

bool needs_numbers(Aggregation aggregation) {
  return aggregation == Aggregation::Sum || aggregation == Aggregation::Average ||
         aggregation == Aggregation::Median;
}

void check_scale(const SimpleMetric& simple, const Unit& unit, const SingleColumn& single,
                 const Node& node) {
  const Node declared = node.at("unit").at("scale");
  const Node place = declared.exists() ? declared : node.at("unit");
  const bool counts = simple.agg == Aggregation::Count ||
                      simple.agg == Aggregation::CountDistinct ||
                      simple.agg == Aggregation::SumBoolean;
  if (counts) {
    if (unit.scale != 0) {
      place.mistake(fmt::format("a {} is a whole number, so unit.scale is 0", name_of(simple.agg)));
    }
    return;
  }
  if (single.column == nullptr || single.column->type != DataType::Decimal) return;
  if (single.column->scale != unit.scale) {
    place.mistake(fmt::format("unit.scale is {}, while {} is a decimal of scale {}", unit.scale,
                              single.column->name, single.column->scale),
                  {fmt::format("write unit: {{…, scale: {}}}", single.column->scale)});
  }
}

void check_expression(const Model& model, const SimpleMetric& simple, const Unit& unit,
                      const Node& node) {
  const SingleColumn single = single_column(model, simple.expr);
  const Node expr = node.at("expr");
  if (single.is_name && single.column == nullptr) {
    expr.mistake(
        fmt::format("{} has no column \"{}\"", model.common.name, shown(trim(simple.expr), 80)),
        name_hints(trim(simple.expr), column_names(model)));
    return;
  }
  if (single.column != nullptr) {
    const DataType type = single.column->type;
    if (simple.agg == Aggregation::SumBoolean && type != DataType::Boolean) {
      expr.mistake(
          fmt::format("sum_boolean of {}, which is {}", single.column->name, name_of(type)));
    } else if (needs_numbers(simple.agg) && !is_numeric(type)) {
      expr.mistake(
          fmt::format("{} of {}, which is {}", name_of(simple.agg), single.column->name,
                      name_of(type)),
          {type == DataType::Boolean ? "accepted: agg: sum_boolean" : "accepted: numbers"});
    }
  }
  check_scale(simple, unit, single, node);
}

void check_own_time(const Model& model, const Node& time) {
  if (!time.exists()) return;
  const Column* column = resolve_column(model, time);
  if (column != nullptr && column->dimension != DimensionType::Time) {
    time.mistake(fmt::format("{} is not a time dimension", column->name),
                 {"its column needs data_type date or timestamp, and dimension: {type: time}"});
  }
}

void check_simple(const Draft& draft, const Metric& metric, const SimpleMetric& simple,
                  const Node& node) {
  const Model* model = draft.models.resolve(node.at("model"), "model");
  if (model == nullptr) return;
  if (usable_mart(draft, simple) == nullptr) {
    std::vector<std::string> marts;
    for (const Entry<Model>& entry : draft.models.entries) {
      if (entry.object && entry.object->layer == Layer::Marts &&
          entry.object->access == Access::Public) {
        marts.push_back(entry.object->common.name);
      }
    }
    node.at("model").mistake(
        fmt::format("{} is {}, and metrics are computed from public marts", simple.model,
                    model->layer == Layer::Marts ? "private" : "a staging model"),
        name_hints(simple.model, marts));
    return;
  }
  check_own_time(*model, node.at("agg_time_dimension"));
  check_expression(*model, simple, metric.unit, node);
  check_filters(draft, *model, node.at("filter"));
}

// One input: a metric of any type, and conditions that every mart behind it must understand. Its
// time can be moved only where it has one.
void check_input(const Draft& draft, const Node& input, bool needs_time) {
  const Node name = input.is_text() ? input : input.at("name");
  const Metric* metric = draft.metrics.resolve(name, "metric");
  if (metric == nullptr) return;
  for (const char* key : {"offset_window", "offset_to_grain"}) {
    needs_time = needs_time || input.at(key).exists();
  }
  if (needs_time && std::ranges::any_of(bases_of(draft, *metric), [](const Base& base) {
        return base.simple->agg_time_dimension.empty();
      })) {
    name.mistake(fmt::format("{} has no time of its own to look back in", metric->common.name),
                 {"declare agg_time_dimension on the metric or its model"});
  }
  if (!input.at("filter").exists()) return;
  std::vector<const Model*> seen;
  for (const Base& base : bases_of(draft, *metric)) {
    if (std::ranges::find(seen, base.mart) != seen.end()) continue;
    seen.push_back(base.mart);
    check_filters(draft, *base.mart, input.at("filter"));
  }
}

void check_circle(const Draft& draft, const Metric& metric, const Node& node) {
  const std::vector<std::string> circle = circle_of(draft, metric);
  if (circle.empty()) return;
  node.mistake(
      fmt::format("{} is computed from itself: {}", metric.common.name, join(circle, " from ")));
}

// False when two inputs share a name, which is reported.
bool check_aliases(const DerivedMetric& derived, const Node& inputs) {
  std::set<std::string> names;
  const std::vector<Node> nodes = inputs.items();
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (!names.insert(derived.inputs[i].alias).second) {
      nodes[i].mistake(fmt::format("two inputs are called {}", derived.inputs[i].alias),
                       {"give one of them an alias"});
      return false;
    }
  }
  return true;
}

void check_derived(const Draft& draft, const Metric& metric, const DerivedMetric& derived,
                   const Node& node) {
  for (const Node& input : node.at("input_metrics").items()) check_input(draft, input, false);
  if (!check_aliases(derived, node.at("input_metrics"))) return;
  std::vector<std::string> names;
  for (const MetricInput& input : derived.inputs) names.push_back(input.alias);
  const auto expression = parse_expression(derived.expr, names);
  if (!expression) {
    node.at("expr").mistake(expression.error().message, expression.error().hints);
    return;
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    const bool is_used = std::ranges::any_of(expression->nodes, [&](const auto& one) {
      return one.op == Expression::Op::Input && one.input == i;
    });
    if (!is_used) {
      node.at("input_metrics")
          .mistake(fmt::format("{} is an input that expr does not use", names[i]));
    }
  }
  check_circle(draft, metric, node.at("input_metrics"));
}

void check_cumulative(const Draft& draft, const Metric& metric, const Node& node) {
  check_input(draft, node.at("input_metric"), true);
  check_circle(draft, metric, node.at("input_metric"));
}

void check_ratio(const Draft& draft, const Metric& metric, const Node& node) {
  for (const char* side : {"numerator", "denominator"}) check_input(draft, node.at(side), false);
  check_circle(draft, metric, node.at("numerator"));
}

void check_metric(const Draft& draft, const Metric& metric, const Node& node) {
  if (const auto* simple = std::get_if<SimpleMetric>(&metric.definition)) {
    check_simple(draft, metric, *simple, node);
  } else if (const auto* derived = std::get_if<DerivedMetric>(&metric.definition)) {
    check_derived(draft, metric, *derived, node);
  } else if (std::holds_alternative<CumulativeMetric>(metric.definition)) {
    check_cumulative(draft, metric, node);
  } else {
    check_ratio(draft, metric, node);
  }
  check_dimensions(draft, metric, node.at("dimensions"));
  for (const Node& example : node.at("examples").items()) {
    const Node arguments = example.at("arguments");
    check_query(draft, arguments.at("metrics"), arguments.at("group_by"));
  }
}

}  // namespace

void check_metrics(const Draft& draft, Report& report) {
  check_names(draft.metrics, "metric", report);
  check_replacements(draft.metrics, "metric", report);
  for (const Entry<Metric>& entry : draft.metrics.entries) {
    if (entry.object) check_metric(draft, *entry.object, Node(entry.document, report));
  }
}

}  // namespace martgate::catalog
