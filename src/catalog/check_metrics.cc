#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "catalog/check_names.h"
#include "catalog/checks.h"
#include "catalog/fields.h"

namespace martgate::catalog {
namespace {

// The mart of a metric, or null when it is none that a metric can use; that is reported once, at
// the metric itself.
const Model* usable_mart(const Draft& draft, const SimpleMetric& simple) {
  const Model* model = draft.models.find(simple.model);
  const bool is_usable =
      model != nullptr && model->layer == Layer::Marts && model->access == Access::Public;
  return is_usable ? model : nullptr;
}

// What a metric is computed on. Nulls: unknown, because something it needs is missing or unread.
struct Base {
  const Model* model = nullptr;
  const SimpleMetric* numerator = nullptr;    // the metric itself when it is simple
  const SimpleMetric* denominator = nullptr;  // the same when it is simple
};

const SimpleMetric* simple_in(const Draft& draft, std::string_view name) {
  const Metric* metric = draft.metrics.find(name);
  return metric == nullptr ? nullptr : std::get_if<SimpleMetric>(&metric->definition);
}

Base base_of(const Draft& draft, const Metric& metric) {
  Base base;
  if (const auto* ratio = std::get_if<RatioMetric>(&metric.definition)) {
    base.numerator = simple_in(draft, ratio->numerator.metric);
    base.denominator = simple_in(draft, ratio->denominator.metric);
  } else {
    base.numerator = base.denominator = std::get_if<SimpleMetric>(&metric.definition);
  }
  if (base.numerator != nullptr && base.denominator != nullptr &&
      base.numerator->model == base.denominator->model) {
    base.model = usable_mart(draft, *base.numerator);
  }
  return base;
}

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

// The simple metric that one side of a ratio names; null when it is none that can be used.
const SimpleMetric* check_input(const Draft& draft, const Node& input) {
  const Node name = input.is_text() ? input : input.at("name");
  const Metric* metric = draft.metrics.resolve(name, "metric");
  if (metric == nullptr) return nullptr;
  const auto* simple = std::get_if<SimpleMetric>(&metric->definition);
  if (simple == nullptr) {
    name.mistake(fmt::format("{} is a ratio itself", name.text()),
                 {"accepted: metrics of type simple"});
    return nullptr;
  }
  const Model* model = usable_mart(draft, *simple);
  if (model == nullptr) return nullptr;
  check_filters(draft, *model, input.at("filter"));
  return simple;
}

void check_ratio(const Draft& draft, const Node& node) {
  const SimpleMetric* numerator = check_input(draft, node.at("numerator"));
  const SimpleMetric* denominator = check_input(draft, node.at("denominator"));
  if (numerator == nullptr || denominator == nullptr) return;
  if (numerator->model != denominator->model) {
    node.at("denominator")
        .mistake(fmt::format("the numerator lives on {}, the denominator on {}", numerator->model,
                             denominator->model),
                 {"both must live on one mart: bring what is missing into one of them"});
  }
}

bool is_metric_time(std::string_view name) {
  return name == kMetricTime || name.starts_with("metric_time__");
}

void check_dimensions(const Draft& draft, const Model& model, const Node& list) {
  for (const Node& name : list.items()) {
    if (is_metric_time(name.text())) {
      name.mistake("metric_time is always accepted", {"leave it out of the list"});
      continue;
    }
    const auto field = resolve_field(draft, model, name, Reach::Dimension);
    if (field && field->grain) {
      name.mistake("the list holds dimensions without a grain",
                   {fmt::format("write {}", name.text().substr(0, name.text().rfind("__")))});
    }
  }
}

bool has_time(const SimpleMetric* simple) {
  return simple == nullptr || !simple->agg_time_dimension.empty();
}

void check_metric_time(const Base& base, const Metric& metric, const Node& name) {
  const std::string text = name.text();
  if (!has_time(base.numerator) || !has_time(base.denominator)) {
    name.mistake(
        fmt::format("{} has no time of its own, so metric_time has no meaning", metric.common.name),
        {"declare agg_time_dimension on the metric or its model"});
    return;
  }
  if (text == kMetricTime) return;
  std::vector<std::string> accepted;
  accepted.reserve(kGrains.size());
  for (const Grain grain : kGrains) {
    accepted.push_back(fmt::format("{}__{}", kMetricTime, name_of(grain)));
  }
  if (std::ranges::find(accepted, text) == accepted.end()) {
    name.mistake(fmt::format("\"{}\" is not a period", shown(text, 80)),
                 name_hints(text, accepted));
  }
}

// A list with a name in it that is no dimension allows everything: the name is reported there, and
// what its writer meant is not known.
bool is_allowed(const Draft& draft, const Model& model, const Metric& metric,
                std::string_view path) {
  return metric.dimensions.empty() ||
         std::ranges::find(metric.dimensions, path) != metric.dimensions.end() ||
         std::ranges::any_of(metric.dimensions, [&](const std::string& name) {
           return !is_dimension(draft, model, name);
         });
}

// One group_by entry for one metric; nothing when it was reported or cannot be known.
std::optional<ResolvedField> check_group(const Draft& draft, const Metric& metric,
                                         const Node& name) {
  const Base base = base_of(draft, metric);
  if (base.model == nullptr) return std::nullopt;
  const std::string text = name.text();
  if (is_metric_time(text)) {
    check_metric_time(base, metric, name);
    return std::nullopt;
  }
  const auto field = resolve_field(draft, *base.model, name, Reach::Dimension);
  if (!field) return std::nullopt;
  const std::string path = field->grain ? text.substr(0, text.rfind("__")) : text;
  if (!is_allowed(draft, *base.model, metric, path)) {
    name.mistake(fmt::format("{} cannot be split by {}", metric.common.name, path),
                 name_hints(path, metric.dimensions));
    return std::nullopt;
  }
  return field;
}

// Metrics of one query meet in its groups, so a name must mean one column for all of them.
void check_query(const Draft& draft, const Node& metrics, const Node& group_by) {
  std::vector<const Metric*> known;
  for (const Node& name : metrics.items()) {
    const Metric* metric = draft.metrics.resolve(name, "metric");
    if (metric != nullptr) known.push_back(metric);
  }
  for (const Node& name : group_by.items()) {
    std::optional<ResolvedField> first;
    std::string first_metric;
    for (const Metric* metric : known) {
      const auto field = check_group(draft, *metric, name);
      if (!field) continue;
      if (!first) {
        first = field;
        first_metric = metric->common.name;
      } else if (first->column != field->column) {
        name.mistake(fmt::format("{} is not one dimension: {} and {} each have their own",
                                 shown(name.text(), 80), first_metric, metric->common.name),
                     {"group by metric_time, or by a dimension both reach by a relationship"});
        break;
      }
    }
  }
}

void check_metric(const Draft& draft, const Metric& metric, const Node& node) {
  if (const auto* simple = std::get_if<SimpleMetric>(&metric.definition)) {
    check_simple(draft, metric, *simple, node);
  } else {
    check_ratio(draft, node);
  }
  if (const Base base = base_of(draft, metric); base.model != nullptr) {
    check_dimensions(draft, *base.model, node.at("dimensions"));
  }
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

void check_questions(const Draft& draft, Report& report) {
  if (!draft.questions_document) return;
  std::map<std::string, int> lines;
  for (const Node& question : Node(*draft.questions_document, report).at("questions").items()) {
    const Node id = question.at("id");
    const auto [first, is_new] = lines.emplace(id.text(), id.position().line);
    if (!is_new) {
      id.mistake(fmt::format("question \"{}\" appears twice", id.text()),
                 {fmt::format("first on line {}", first->second)});
    }
    check_query(draft, question.at("metrics"), question.at("group_by"));
  }
}

}  // namespace martgate::catalog
