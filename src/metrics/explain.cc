#include <fmt/format.h>

#include "base/text.h"
#include "metrics/compile.h"

namespace martgate::metrics {
namespace {

using catalog::Metric;

std::string value_text(const store::Value& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  if (const auto* real = std::get_if<double>(&value)) return fmt::format("{}", *real);
  if (const auto* text = std::get_if<std::string>(&value))
    return fmt::format("'{}'", shown(*text, 80));
  return "null";
}

std::string filter_text(const ResolvedFilter& filter) {
  std::vector<std::string> values;
  for (const store::Value& value : filter.values) values.push_back(value_text(value));
  std::string text = fmt::format("{} {}", filter.name, name_of(filter.op));
  if (!values.empty()) text += " " + join(values, ", ");
  return text;
}

std::string range_text(const TimeRange& time, std::string_view column) {
  if (time.from && time.to) {
    return fmt::format("{} from {} up to, not including, {}", column, to_iso(*time.from),
                       to_iso(*time.to));
  }
  if (time.from) return fmt::format("{} from {} on", column, to_iso(*time.from));
  return fmt::format("{} before {}", column, to_iso(*time.to));
}

void explain_aggregate(const Aggregate& aggregate, const Plan& plan, std::string& text) {
  text += fmt::format("Read {} ({})\n", aggregate.model->common.name, aggregate.model->common.file);
  for (const Join& join_to : aggregate.joins) {
    text += fmt::format("  join {} on {} = {}: many to one, so no row of {} is counted twice\n",
                        join_to.to->common.name, join(join_to.relationship->from_columns, ", "),
                        join(join_to.relationship->to_columns, ", "), aggregate.model->common.name);
  }
  if (aggregate.range.from || aggregate.range.to)
    text += fmt::format("  keep {}\n", range_text(aggregate.range, aggregate.time->name));
  for (const Window& window : aggregate.windows)
    text += fmt::format("  count each period's rows {}\n", in_words(window));
  for (const ResolvedFilter& filter : aggregate.where)
    text += fmt::format("  keep {}\n", filter_text(filter));
  for (std::size_t i = 0; i < aggregate.measures.size(); ++i) {
    const Measure& measure = aggregate.measures[i];
    text += fmt::format("  {} = {}({})", aggregate.names[i], name_of(measure.definition->agg),
                        measure.definition->expr.empty() ? "rows" : measure.definition->expr);
    std::vector<std::string> filters;
    for (const ResolvedFilter& filter : measure.filter) filters.push_back(filter_text(filter));
    if (!filters.empty()) text += fmt::format(" where {}", join(filters, " and "));
    text += '\n';
  }
  for (std::size_t i = 0; i < aggregate.keys.size(); ++i) {
    const Field& key = aggregate.keys[i];
    text += fmt::format("  group by {}", plan.group_by[i].name);
    if (key.grain)
      text +=
          fmt::format(": the first day of each {} of {}", name_of(*key.grain), key.column->name);
    text += '\n';
  }
}

}  // namespace

std::string explain(const catalog::Project& project, const Compiled& compiled) {
  const Plan& plan = compiled.plan;
  std::string text;
  for (const OutputColumn& column : plan.columns) {
    if (column.role != ColumnRole::Metric) continue;
    const Metric& metric = *project.metric(column.name);
    text += fmt::format("{}: {}\n  defined in {}, owner {}, definition {}\n", metric.common.name,
                        metric.common.description, metric.common.file,
                        metric.common.owner.team.empty() ? "nobody" : metric.common.owner.team,
                        metric.common.digest.substr(0, 12));
    if (const auto* ratio = std::get_if<catalog::RatioMetric>(&metric.definition)) {
      text += fmt::format("  = {} / {}; null where the denominator is 0\n", ratio->numerator.metric,
                          ratio->denominator.metric);
    } else if (const auto* derived = std::get_if<catalog::DerivedMetric>(&metric.definition)) {
      text += fmt::format("  = {}\n", derived->expr);
    } else if (const auto* whole = std::get_if<catalog::CumulativeMetric>(&metric.definition)) {
      text += fmt::format("  = {} {}\n", whole->input.metric,
                          in_words(*window_of(metric, whole->input)));
    }
  }
  text += "\nPlan\n";
  for (const Aggregate& aggregate : plan.aggregates) explain_aggregate(aggregate, plan, text);
  if (plan.aggregates.size() > 1) {
    text += "Combine: one row for each combination of group values that any of them has\n";
  }
  text += fmt::format("At most {} rows\n\nSQL\n{}\n\nValues\n", plan.limit, compiled.query.sql);
  for (std::size_t i = 0; i < compiled.query.values.size(); ++i) {
    text += fmt::format("  {} {}\n", i + 1, value_text(compiled.query.values[i]));
  }
  return text;
}

}  // namespace martgate::metrics
