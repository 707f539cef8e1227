// Kind dimension_values: which values a dimension has, most frequent first.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/digest.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "metrics/resolve/fields.h"
#include "metrics/sql/render.h"
#include "tools/cells.h"
#include "tools/tool.h"

namespace martgate::tools {
namespace {

using catalog::Metric;
using catalog::Model;

bool is_open_mart(const Model& model) {
  return model.layer == catalog::Layer::Marts && model.access == catalog::Access::Public;
}

std::vector<std::string> mart_names(const catalog::Project& project) {
  std::vector<std::string> names;
  for (const Model& model : project.models) {
    if (is_open_mart(model)) names.push_back(model.common.name);
  }
  return names;
}

// The mart that the arguments mean: named, or the metric's, or the only one that has the dimension.
Result<const Model*> mart_of(const catalog::Project& project, const nlohmann::json& arguments,
                             const std::string& dimension) {
  if (const auto name = arguments.find("mart"); name != arguments.end()) {
    const Model* model = project.model(name->get<std::string>());
    if (model != nullptr && is_open_mart(*model)) return model;
    return fail(Code::NotFound,
                fmt::format("there is no mart \"{}\"", shown(name->get<std::string>(), 80)),
                name_hints(name->get<std::string>(), mart_names(project)), "unknown_mart");
  }
  if (const auto name = arguments.find("metric"); name != arguments.end()) {
    const Metric* metric = project.metric(name->get<std::string>());
    if (metric != nullptr) {
      const Metric* simple = project.simple_metrics_of(*metric).front();
      return project.model(std::get<catalog::SimpleMetric>(simple->definition).model);
    }
    std::vector<std::string> names;
    for (const Metric& known : project.metrics) names.push_back(known.common.name);
    return fail(Code::NotFound,
                fmt::format("there is no metric \"{}\"", shown(name->get<std::string>(), 80)),
                name_hints(name->get<std::string>(), names), "unknown_metric");
  }
  std::vector<const Model*> found;
  std::vector<std::string> found_names;
  std::vector<std::string> every_name;
  for (const Model& model : project.models) {
    if (!is_open_mart(model)) continue;
    for (std::string& name : metrics::dimension_names(project, model))
      every_name.push_back(std::move(name));
    if (metrics::resolve_field(project, model, dimension)) {
      found.push_back(&model);
      found_names.push_back(model.common.name);
    }
  }
  if (found.size() == 1) return found.front();
  if (found.empty()) {
    std::ranges::sort(every_name);
    every_name.erase(std::unique(every_name.begin(), every_name.end()), every_name.end());
    return fail(Code::NotFound, fmt::format("no mart has a dimension \"{}\"", shown(dimension, 80)),
                name_hints(metrics::split_field_name(dimension).path, every_name),
                "unknown_dimension");
  }
  return fail(Code::InvalidArgument,
              fmt::format("several marts have a dimension \"{}\"", dimension),
              {fmt::format("name one with the argument mart: {}", join(found_names, ", "))},
              "ambiguous_dimension");
}

}  // namespace

Result<ToolAnswer> list_dimension_values(const Context& context, const nlohmann::json& arguments) {
  const auto dimension = arguments.at("dimension").get<std::string>();
  const auto mart = mart_of(context.project, arguments, dimension);
  if (!mart) return tl::unexpected(mart.error());
  auto field = metrics::resolve_field(context.project, **mart, dimension);
  if (!field) return tl::unexpected(field.error());
  if (field->column->dimension == catalog::DimensionType::Time && !field->grain)
    field->grain = Grain::Day;

  // A plan like any metric's: count the rows of the mart by this one key.
  Metric rows_metric;
  rows_metric.common.name = "rows";
  rows_metric.unit.kind = catalog::UnitKind::Count;
  catalog::SimpleMetric count;
  count.model = (*mart)->common.name;
  count.agg = catalog::Aggregation::Count;
  rows_metric.definition = count;
  metrics::ResolvedQuery query;
  query.metrics.push_back(
      {&rows_metric,
       {{&rows_metric, &std::get<catalog::SimpleMetric>(rows_metric.definition), {}, nullptr}},
       catalog::input_expression()});
  query.group_by.push_back({dimension, false, field->grain});
  if (const auto contains = arguments.find("contains"); contains != arguments.end()) {
    const catalog::Filter filter{
        dimension, catalog::FilterOp::Contains, {contains->get<std::string>()}};
    if (auto checked = metrics::resolve_filter(context.project, **mart, filter); !checked) {
      return tl::unexpected(checked.error());
    }
    query.where.push_back(filter);
  }
  query.order_by.push_back({"rows", metrics::Direction::Descending});
  query.limit = std::min(arguments.value("limit", std::int64_t{50}), context.limits.rows_max);
  const auto plan = metrics::make_plan(context.project, query);
  if (!plan) return tl::unexpected(plan.error());
  const engine::Query sql = metrics::render(*plan, metrics::sqlite_dialect());
  auto run = context.mart.run(sql, context.run_limits(query.limit));
  if (!run) return tl::unexpected(run.error());

  ToolAnswer answer;
  answer.reads = std::move(run->reads);
  answer.rows = static_cast<std::int64_t>(run->rows.row_count());
  answer.limit = query.limit;
  answer.truncated = run->more_rows;
  answer.work = run->work;
  answer.plan_digest = sha256_hex(sql.sql);
  JsonWriter json(answer.members);
  json.field("dimension", dimension)
      .field("mart", (*mart)->common.name)
      .key("values")
      .begin_array();
  TextTable table;
  table.add_row({dimension, "rows"});
  for (std::size_t i = 0; i < run->rows.row_count(); ++i) {
    json.begin_object().key("value");
    write_cell(json, run->rows.at(i, 0), plan->columns[0]);
    json.key("rows");
    write_cell(json, run->rows.at(i, 1), plan->columns[1]);
    json.end_object();
    table.add_row({cell_text(run->rows.at(i, 0), plan->columns[0]),
                   cell_text(run->rows.at(i, 1), plan->columns[1])});
  }
  json.end_array().field("truncated", answer.truncated).field("limit", answer.limit);
  answer.text = table.text();
  if (answer.truncated)
    answer.text += fmt::format("(cut at {} values; there are more)\n", answer.limit);
  return answer;
}

}  // namespace martgate::tools
