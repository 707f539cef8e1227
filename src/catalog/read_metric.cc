#include <fmt/format.h>

#include <charconv>

#include "base/text.h"
#include "catalog/read_objects.h"
#include "json/canonical.h"

namespace martgate::catalog {
namespace {

Aggregation read_aggregation(const Node& node) {
  const std::string name = node.text();
  for (const Aggregation aggregation :
       {Aggregation::Sum, Aggregation::Min, Aggregation::Max, Aggregation::Average,
        Aggregation::Median, Aggregation::Count, Aggregation::CountDistinct}) {
    if (name == name_of(aggregation)) return aggregation;
  }
  return Aggregation::SumBoolean;
}

UnitKind read_unit_kind(const Node& node) {
  const std::string name = node.text();
  if (name == "currency") return UnitKind::Currency;
  if (name == "count") return UnitKind::Count;
  if (name == "ratio") return UnitKind::Ratio;
  return name == "duration" ? UnitKind::Duration : UnitKind::Number;
}

// "7 days"; the schema has checked the shape.
std::optional<TimeSpan> read_span(const Node& node) {
  if (!node.exists()) return std::nullopt;
  const std::string text = node.text();
  TimeSpan span;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), span.count);
  std::string_view unit = trim(std::string_view(end, text.data() + text.size()));
  if (unit.ends_with('s')) unit.remove_suffix(1);
  span.grain = grain_named(unit).value_or(Grain::Day);
  return span;
}

std::optional<Grain> read_grain(const Node& node) {
  return node.exists() ? grain_named(node.text()) : std::nullopt;
}

MetricInput read_input(const Node& node) {
  if (node.is_text()) return {.metric = node.text(), .filter = {}, .alias = node.text()};
  const std::string name = node.at("name").text();
  return {.metric = name,
          .filter = read_filters(node.at("filter")),
          .alias = node.at("alias").text(name),
          .offset_window = read_span(node.at("offset_window")),
          .offset_to_grain = read_grain(node.at("offset_to_grain"))};
}

// The expression is parsed here and reported by check_metrics: a broken one is left empty.
DerivedMetric read_derived(const Node& node) {
  DerivedMetric derived{.expr = node.at("expr").text(), .expression = {}, .inputs = {}};
  std::vector<std::string> names;
  for (const Node& item : node.at("input_metrics").items()) {
    derived.inputs.push_back(read_input(item));
    names.push_back(derived.inputs.back().alias);
  }
  if (auto expression = parse_expression(derived.expr, names)) {
    derived.expression = std::move(*expression);
  }
  return derived;
}

}  // namespace

Metric read_metric(const Node& node) {
  Metric metric;
  metric.common = read_common(node);
  const std::string type = node.at("type").text();
  if (type == "ratio") {
    metric.definition =
        RatioMetric{read_input(node.at("numerator")), read_input(node.at("denominator"))};
  } else if (type == "derived") {
    metric.definition = read_derived(node);
  } else if (type == "cumulative") {
    metric.definition =
        CumulativeMetric{.input = read_input(node.at("input_metric")),
                         .window = read_span(node.at("window")),
                         .grain_to_date = read_grain(node.at("grain_to_date")),
                         .first_day_of_period = node.at("period_agg").text() == "first"};
  } else {
    metric.definition = SimpleMetric{.model = node.at("model").text(),
                                     .agg = read_aggregation(node.at("agg")),
                                     .expr = node.at("expr").text(),
                                     .filter = read_filters(node.at("filter")),
                                     .agg_time_dimension = node.at("agg_time_dimension").text(),
                                     .zero_when_empty = node.at("fill_null_with").exists()};
  }
  metric.dimensions = node.at("dimensions").texts();
  const Node unit = node.at("unit");
  metric.unit = {read_unit_kind(unit.at("kind")), unit.at("code").text(),
                 static_cast<int>(unit.at("scale").integer())};
  if (const Node trust = node.at("trust"); trust.exists()) metric.trust = read_trust(trust);
  for (const Node& example : node.at("examples").items()) {
    metric.examples.push_back(
        {example.at("question").text(), canonical_json(*example.at("arguments").json())});
  }
  for (const Node& item : node.at("tie_outs").items()) {
    TieOut tie;
    tie.name = fmt::format("{}.{}", metric.common.name, item.at("name").text());
    tie.report = item.at("report").text();
    tie.arguments_json = item.at("arguments").exists()
                             ? canonical_json(*item.at("arguments").json())
                             : std::string("{}");
    if (item.at("equals").exists()) tie.equals = item.at("equals").number();
    tie.file = item.at("file").text();
    tie.tolerance = item.at("tolerance").number();
    tie.is_percent = item.at("unit").text() == "percent";
    tie.severity = item.at("severity").text() == "warn" ? Severity::Warn : Severity::Error;
    if (tie.equals.has_value() == !tie.file.empty()) {
      item.mistake("a tie-out has one trusted number or one file of them",
                   {"write equals: NUMBER, or file: PATH.csv"});
    }
    metric.tie_outs.push_back(std::move(tie));
  }
  return metric;
}

std::vector<Question> read_questions(const Node& node) {
  std::vector<Question> questions;
  for (const Node& item : node.at("questions").items()) {
    questions.push_back({.id = item.at("id").text(),
                         .question = item.at("question").text(),
                         .asked_by = item.at("asked_by").text(),
                         .cadence = item.at("cadence").text(),
                         .metrics = item.at("metrics").texts(),
                         .group_by = item.at("group_by").texts()});
  }
  return questions;
}

}  // namespace martgate::catalog
