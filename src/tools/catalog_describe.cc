// Kind catalog_describe: definition, owner, lineage, freshness and tests of one catalog object.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json_writer.h"
#include "base/text.h"
#include "metrics/resolve/fields.h"
#include "metrics/resolve/window.h"
#include "tools/cells.h"
#include "tools/tool.h"
#include "tools/trust.h"

namespace martgate::tools {
namespace {

using catalog::Common;
using catalog::Metric;
using catalog::Model;
using catalog::Project;
using catalog::Source;

void write_common(JsonWriter& json, std::string_view kind, const Common& common) {
  json.field("id", fmt::format("{}.{}", kind, common.name))
      .field("kind", kind)
      .field("name", common.name);
  json.field("label", common.label).field("description", common.description);
  json.key("owner").begin_object();
  if (!common.owner.team.empty()) json.field("team", common.owner.team);
  if (!common.owner.contact.empty()) json.field("contact", common.owner.contact);
  json.end_object();
  json.field("status", common.status == catalog::Status::Active  ? "active"
                       : common.status == catalog::Status::Draft ? "draft"
                                                                 : "deprecated");
  if (!common.synonyms.empty()) {
    json.key("synonyms").begin_array();
    for (const std::string& synonym : common.synonyms) json.string(synonym);
    json.end_array();
  }
  json.field("file", common.file).field("definition", common.digest);
}

void write_strings(JsonWriter& json, std::string_view key, const std::vector<std::string>& values) {
  json.key(key).begin_array();
  for (const std::string& value : values) json.string(value);
  json.end_array();
}

std::string filter_text(const std::vector<catalog::Filter>& filters) {
  std::vector<std::string> parts;
  for (const catalog::Filter& filter : filters) {
    std::vector<std::string> values;
    for (const catalog::Scalar& value : filter.values) {
      if (const auto* text = std::get_if<std::string>(&value))
        values.push_back(*text);
      else if (const auto* number = std::get_if<std::int64_t>(&value))
        values.push_back(std::to_string(*number));
      else if (const auto* real = std::get_if<double>(&value))
        values.push_back(fmt::format("{}", *real));
      else if (const auto* flag = std::get_if<bool>(&value))
        values.emplace_back(*flag ? "true" : "false");
    }
    parts.push_back(values.empty() ? fmt::format("{} {}", filter.field, name_of(filter.op))
                                   : fmt::format("{} {} {}", filter.field, name_of(filter.op),
                                                 join(values, ", ")));
  }
  return join(parts, " and ");
}

std::string formula_of(const Metric& metric) {
  const auto input = [](const catalog::MetricInput& side) {
    return side.filter.empty() ? side.metric
                               : fmt::format("{} where {}", side.metric, filter_text(side.filter));
  };
  if (const auto* ratio = std::get_if<catalog::RatioMetric>(&metric.definition)) {
    return fmt::format("{} / {}", input(ratio->numerator), input(ratio->denominator));
  }
  if (const auto* derived = std::get_if<catalog::DerivedMetric>(&metric.definition)) {
    std::string formula = derived->expr;
    for (const catalog::MetricInput& one : derived->inputs) {
      const auto window = metrics::window_of(metric, one);
      if (one.alias == one.metric && one.filter.empty() && !window) continue;
      formula += fmt::format("; {} is {}", one.alias, input(one));
      if (window) formula += " " + in_words(*window);
    }
    return formula;
  }
  if (const auto* whole = std::get_if<catalog::CumulativeMetric>(&metric.definition)) {
    return fmt::format("{} {}", input(whole->input),
                       in_words(*metrics::window_of(metric, whole->input)));
  }
  const auto& simple = std::get<catalog::SimpleMetric>(metric.definition);
  std::string formula =
      fmt::format("{}({})", name_of(simple.agg), simple.expr.empty() ? "rows" : simple.expr);
  if (!simple.filter.empty()) formula += " where " + filter_text(simple.filter);
  return formula;
}

// The steps from sources to the models, nearest first.
void write_lineage(JsonWriter& json, const engine::SnapshotFacts& facts,
                   const std::vector<std::string>& models) {
  json.key("lineage").begin_array();
  std::vector<std::string> open = models;
  std::vector<std::string> seen = models;
  for (std::size_t next = 0; next < open.size(); ++next) {
    for (const engine::LineageEdge& edge : facts.lineage) {
      if (edge.model != open[next]) continue;
      json.begin_object()
          .field("model", edge.model)
          .field("reads", edge.reads)
          .field("layer", edge.reads_layer);
      write_strings(json, "columns", edge.columns);
      json.end_object();
      if (edge.reads_layer != "raw" && std::ranges::find(seen, edge.reads) == seen.end()) {
        seen.push_back(edge.reads);
        open.push_back(edge.reads);
      }
    }
  }
  json.end_array();
}

void write_standing(JsonWriter& json, const Standing& standing, ToolAnswer& answer) {
  answer.trust = trust_of(standing);
  write_strings(json, "sources", standing.sources);
  json.key("tests")
      .begin_object()
      .field("pass", standing.tests.pass)
      .field("warn", standing.tests.warn);
  json.field("fail", standing.tests.fail).end_object();
  json.field("freshness", name_of(standing.freshness));
  answer.text += fmt::format("sources: {}\ntests: {} pass, {} warn, {} fail; freshness {}\n",
                             join(standing.sources, ", "), standing.tests.pass, standing.tests.warn,
                             standing.tests.fail, name_of(standing.freshness));
}

void add_once(std::vector<std::string>& names, const std::string& name) {
  if (std::ranges::find(names, name) == names.end()) names.push_back(name);
}

// As fresh and as trusted as the worst of the marts. Tests of what several marts share count for
// each of them.
Standing standing_of_all(const Context& context, const std::vector<std::string>& marts) {
  Standing whole;
  for (const std::string& mart : marts) {
    Standing one = standing_of(context.project, context.mart.facts(), mart, context.now);
    if (&mart == &marts.front()) {
      whole = std::move(one);
      continue;
    }
    whole.freshness = std::max(whole.freshness, one.freshness);
    whole.tests.pass += one.tests.pass;
    whole.tests.warn += one.tests.warn;
    whole.tests.fail += one.tests.fail;
    for (const std::string& source : one.sources) add_once(whole.sources, source);
  }
  std::ranges::sort(whole.sources);
  return whole;
}

void describe_metric(const Context& context, const Metric& metric, ToolAnswer& answer) {
  std::vector<std::string> marts;
  std::vector<std::string> times;
  for (const Metric* simple : context.project.simple_metrics_of(metric)) {
    const auto& definition = std::get<catalog::SimpleMetric>(simple->definition);
    add_once(marts, definition.model);
    if (!definition.agg_time_dimension.empty()) add_once(times, definition.agg_time_dimension);
  }
  const auto dimensions = metrics::dimension_names(context.project, metric);
  JsonWriter json(answer.members);
  write_common(json, "metric", metric.common);
  json.field("formula", formula_of(metric));
  if (const std::string unit = unit_text(metric.unit); !unit.empty()) json.field("unit", unit);
  write_strings(json, "marts", marts);
  write_strings(json, "times", times);
  write_strings(json, "dimensions", dimensions);
  json.key("examples").begin_array();
  for (const catalog::Example& example : metric.examples) {
    json.begin_object().field("question", example.question);
    if (!example.arguments_json.empty()) json.key("arguments").raw(example.arguments_json);
    json.end_object();
  }
  json.end_array();
  answer.text =
      fmt::format("metric {} ({})\n{}\n= {}\nmarts: {}; time: {}\ndimensions: {}\nowner: {}\n",
                  metric.common.name, metric.common.label, metric.common.description,
                  formula_of(metric), join(marts, ", "), times.empty() ? "none" : join(times, ", "),
                  join(dimensions, ", "), metric.common.owner.team);
  write_lineage(json, context.mart.facts(), marts);
  write_standing(json, standing_of_all(context, marts), answer);
}

void describe_mart(const Context& context, const Model& mart, ToolAnswer& answer) {
  JsonWriter json(answer.members);
  write_common(json, "mart", mart.common);
  write_strings(json, "primary_key", mart.primary_key);
  if (const auto* built = context.mart.facts().model(mart.common.name))
    json.field("rows", built->rows);
  json.key("columns").begin_array();
  std::vector<std::string> names;
  for (const catalog::Column& column : mart.columns) {
    json.begin_object().field("name", column.name).field("type", name_of(column.type));
    if (!column.description.empty()) json.field("description", column.description);
    json.field("dimension", column.dimension != catalog::DimensionType::None);
    if (column.classification == catalog::Classification::Restricted)
      json.field("restricted", true);
    json.end_object();
    names.push_back(column.name);
  }
  json.end_array();
  const auto dimensions = metrics::dimension_names(context.project, mart);
  write_strings(json, "dimensions", dimensions);
  std::vector<std::string> metric_names;
  for (const Metric& metric : context.project.metrics) {
    const auto* simple = std::get_if<catalog::SimpleMetric>(&metric.definition);
    if (simple != nullptr && simple->model == mart.common.name)
      metric_names.push_back(metric.common.name);
  }
  write_strings(json, "metrics", metric_names);
  answer.text =
      fmt::format("mart {} ({})\n{}\ncolumns: {}\ndimensions: {}\nmetrics: {}\nowner: {}\n",
                  mart.common.name, mart.common.label, mart.common.description, join(names, ", "),
                  join(dimensions, ", "), join(metric_names, ", "), mart.common.owner.team);
  write_lineage(json, context.mart.facts(), {mart.common.name});
  write_standing(json,
                 standing_of(context.project, context.mart.facts(), mart.common.name, context.now),
                 answer);
}

void describe_source(const Context& context, const Source& source, ToolAnswer& answer) {
  JsonWriter json(answer.members);
  write_common(json, "source", source.common);
  json.key("tables").begin_array();
  answer.text =
      fmt::format("source {} ({}, {})\n{}\nowner: {}\n", source.common.name, source.common.label,
                  source.system, source.common.description, source.common.owner.team);
  Freshness worst = Freshness::Fresh;
  for (const catalog::SourceTable& table : source.tables) {
    json.begin_object().field("name", table.raw_name).field("description", table.description);
    const engine::LoadedTable* loaded = context.mart.facts().loaded_table(table.raw_name);
    const auto loaded_at = loaded == nullptr ? std::nullopt : loaded->last_loaded_at;
    const Freshness freshness = freshness_of(source, loaded_at, context.now);
    worst = std::max(worst, freshness);
    json.field("rows", loaded == nullptr ? 0 : loaded->rows);
    if (loaded_at) json.field("last_loaded_at", to_rfc3339(*loaded_at));
    json.field("freshness", name_of(freshness)).end_object();
    answer.text += fmt::format("table {}: {} rows, {}\n", table.raw_name,
                               loaded == nullptr ? 0 : loaded->rows, name_of(freshness));
  }
  json.end_array().field("freshness", name_of(worst));
}

}  // namespace

Result<ToolAnswer> describe_asset(const Context& context, const nlohmann::json& arguments) {
  const auto asked = arguments.at("name").get<std::string>();
  const Project& project = context.project;
  std::string kind;
  std::string name = asked;
  for (const std::string_view prefix : {"metric.", "mart.", "source."}) {
    if (asked.starts_with(prefix)) {
      kind = prefix.substr(0, prefix.size() - 1);
      name = asked.substr(prefix.size());
    }
  }
  const auto wanted = [&](std::string_view one) { return kind.empty() || kind == one; };
  ToolAnswer answer;
  answer.read_facts = true;
  answer.rows = 1;
  const Model* mart = project.model(name);
  if (mart != nullptr &&
      (mart->layer != catalog::Layer::Marts || mart->access != catalog::Access::Public))
    mart = nullptr;
  if (const Metric* metric = project.metric(name); metric != nullptr && wanted("metric")) {
    answer.catalog_objects.push_back("metric." + name);
    describe_metric(context, *metric, answer);
  } else if (mart != nullptr && wanted("mart")) {
    answer.catalog_objects.push_back("mart." + name);
    describe_mart(context, *mart, answer);
  } else if (const Source* source = project.source(name); source != nullptr && wanted("source")) {
    answer.catalog_objects.push_back("source." + name);
    describe_source(context, *source, answer);
  } else {
    std::vector<std::string> names;
    if (wanted("metric")) {
      for (const Metric& known : project.metrics) names.push_back(known.common.name);
    }
    if (wanted("mart")) {
      for (const Model& known : project.models) {
        if (known.layer == catalog::Layer::Marts && known.access == catalog::Access::Public)
          names.push_back(known.common.name);
      }
    }
    if (wanted("source")) {
      for (const Source& known : project.sources) names.push_back(known.common.name);
    }
    return fail(Code::NotFound,
                fmt::format("there is no metric, mart or source \"{}\"", shown(asked, 80)),
                name_hints(name, names), "unknown_asset");
  }
  return answer;
}

}  // namespace martgate::tools
