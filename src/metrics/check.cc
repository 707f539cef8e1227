#include "metrics/check.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "metrics/compile.h"
#include "metrics/sql/dialect.h"
#include "store/connection.h"

namespace martgate::metrics {

namespace {

// Metrics that look back need a range; which one makes no difference to their SQL.
const TimeRange kSomeRange{Date(std::chrono::days(0)), Date(std::chrono::days(1))};

bool has_time(const catalog::Project& project, const catalog::Metric& metric) {
  return std::ranges::none_of(project.simple_metrics_of(metric), [](const catalog::Metric* simple) {
    return std::get<catalog::SimpleMetric>(simple->definition).agg_time_dimension.empty();
  });
}

}  // namespace

std::vector<catalog::Diagnostic> check_metrics(const catalog::Project& project) {
  std::vector<catalog::Diagnostic> diagnostics;
  auto shadow = store::Connection::open_memory();
  if (!shadow) return {{"", 0, 0, shadow.error().message, {}}};
  for (const catalog::Model& model : project.models) {
    if (model.layer != catalog::Layer::Marts) continue;
    std::vector<std::string> columns;
    for (const catalog::Column& column : model.columns) columns.push_back(identifier(column.name));
    const std::string sql =
        fmt::format("CREATE TABLE {}({})", identifier(model.common.name), join(columns, ", "));
    if (auto made = shadow->execute(store::Sql::rendered(sql)); !made) {
      diagnostics.push_back({model.common.file, 0, 0, made.error().message, {}});
    }
  }
  for (const catalog::Metric& metric : project.metrics) {
    MetricQuery query;
    query.metrics = {metric.common.name};
    if (has_time(project, metric)) query.time = kSomeRange;
    const auto compiled = compile(project, query);
    if (!compiled) {
      diagnostics.push_back(
          {metric.common.file, 0, 0, compiled.error().message, compiled.error().hints});
      continue;
    }
    // The others are made of simple metrics, which are prepared on their own.
    const auto* simple = std::get_if<catalog::SimpleMetric>(&metric.definition);
    if (simple == nullptr) continue;
    const auto prepared = shadow->prepare_select(store::Sql::rendered(compiled->query.sql));
    if (prepared) continue;
    std::vector<std::string> names;
    for (const catalog::Column& column : project.model(simple->model)->columns) {
      names.push_back(column.name);
    }
    std::vector<std::string> hints{
        fmt::format("expr is \"{}\"", simple->expr),
        fmt::format("columns of {}: {}", simple->model, join(names, ", "))};
    diagnostics.push_back(
        {metric.common.file, 0, 0,
         fmt::format("the metric's SQL does not prepare: {}", prepared.error().message),
         std::move(hints)});
  }
  std::ranges::sort(diagnostics, {}, &catalog::Diagnostic::file);
  return diagnostics;
}

}  // namespace martgate::metrics
