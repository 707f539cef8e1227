// Kind metric_query: values of governed metrics by dimension and period.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/digest.h"
#include "base/json_writer.h"
#include "metrics/compile.h"
#include "tools/arguments.h"
#include "tools/cells.h"
#include "tools/tool.h"

namespace martgate::tools {
namespace {

void write_columns(JsonWriter& json, const catalog::Project& project, const metrics::Plan& plan) {
  json.key("columns").begin_array();
  for (const metrics::OutputColumn& column : plan.columns) {
    const bool is_metric = column.role == metrics::ColumnRole::Metric;
    json.begin_object()
        .field("name", column.name)
        .field("role", is_metric ? "metric" : "dimension");
    json.field("type", name_of(column.kind));
    if (is_metric) {
      const catalog::Metric& metric = *project.metric(column.name);
      json.field("label", metric.common.label);
      if (const std::string unit = unit_text(metric.unit); !unit.empty()) json.field("unit", unit);
    } else if (column.grain) {
      json.field("grain", name_of(*column.grain));
    }
    json.end_object();
  }
  json.end_array();
}

std::vector<std::string> header_of(const metrics::Plan& plan) {
  std::vector<std::string> names;
  for (const metrics::OutputColumn& column : plan.columns) {
    const std::string unit =
        column.role == metrics::ColumnRole::Metric ? unit_text(column.unit) : "";
    names.push_back(unit.empty() || unit == "count" ? column.name
                                                    : fmt::format("{} ({})", column.name, unit));
  }
  return names;
}

}  // namespace

Result<ToolAnswer> query_metrics(const Context& context, const nlohmann::json& arguments) {
  const auto query = metric_query_from(arguments, context.limits.rows_max);
  if (!query) return tl::unexpected(query.error());
  const auto compiled = metrics::compile(context.project, *query);
  if (!compiled) return tl::unexpected(compiled.error());
  auto run = context.mart.run(compiled->query, context.run_limits(query->limit));
  if (!run) return tl::unexpected(run.error());

  ToolAnswer answer;
  answer.reads = std::move(run->reads);
  answer.rows = static_cast<std::int64_t>(run->rows.row_count());
  answer.limit = query->limit;
  answer.truncated = run->more_rows;
  answer.work = run->work;
  answer.plan_digest = sha256_hex(compiled->query.sql);
  for (const std::string& name : query->metrics)
    answer.metrics.push_back(context.project.metric(name));

  const metrics::Plan& plan = compiled->plan;
  JsonWriter json(answer.members);
  write_columns(json, context.project, plan);
  json.key("rows").begin_array();
  TextTable table;
  table.add_row(header_of(plan));
  for (std::size_t i = 0; i < run->rows.row_count(); ++i) {
    json.begin_array();
    std::vector<std::string> cells;
    for (std::size_t c = 0; c < plan.columns.size(); ++c) {
      write_cell(json, run->rows.at(i, c), plan.columns[c]);
      cells.push_back(cell_text(run->rows.at(i, c), plan.columns[c]));
    }
    table.add_row(cells);
    json.end_array();
  }
  json.end_array();
  json.field("row_count", answer.rows)
      .field("truncated", answer.truncated)
      .field("limit", answer.limit);
  answer.text = table.text();
  if (answer.rows == 0) answer.text += "(no rows: nothing matches these filters and this range)\n";
  if (answer.truncated)
    answer.text += fmt::format("(cut at {} rows; there are more)\n", answer.limit);
  return answer;
}

}  // namespace martgate::tools
