#include "metrics/sql/render.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "metrics/sql/expression.h"

namespace martgate::metrics {
namespace {

using catalog::Aggregation;
using catalog::FilterOp;

// Text and values grow together, so that the n-th "?" is the n-th value.
class Renderer {
 public:
  Renderer(const Plan& plan, const Dialect& dialect) : plan_(plan), dialect_(dialect) {}

  engine::Query render() {
    if (plan_.aggregates.size() == 1 && !repeats_a_measure() && !has_periods())
      one_pass();
    else
      several_passes();
    order_and_limit();
    return {std::move(sql_), std::move(values_)};
  }

 private:
  // Whether an aggregate would stand in the text more than once.
  bool repeats_a_measure() const {
    std::vector<std::size_t> seen;
    for (const PlannedMetric& metric : plan_.metrics) {
      for (const auto& node : metric.expression.nodes) {
        if (node.op != catalog::Expression::Op::Input) continue;
        const std::size_t measure = metric.inputs[node.input].measure;
        if (std::ranges::find(seen, measure) != seen.end()) return true;
        seen.push_back(measure);
      }
    }
    return false;
  }

  bool has_periods() const {
    return std::ranges::any_of(
        plan_.aggregates, [](const Aggregate& aggregate) { return !aggregate.periods.empty(); });
  }

  template <class TextOf>
  std::string value(const PlannedMetric& metric, const TextOf& text_of) {
    std::vector<ValueType> types;
    types.reserve(metric.inputs.size());
    for (const MeasureRef& ref : metric.inputs) {
      types.push_back(type_of(plan_.aggregates[ref.aggregate].measures[ref.measure]));
    }
    return expression_sql(metric.expression, types,
                          [&](std::size_t input) { return text_of(metric.inputs[input]); });
  }

  // SELECT keys, metrics FROM model …: expressions are computed right here.
  void one_pass() {
    const Aggregate& aggregate = plan_.aggregates.front();
    sql_ += "SELECT\n";
    for (std::size_t i = 0; i < plan_.group_by.size(); ++i) {
      item(key(aggregate, i), plan_.group_by[i].name, i + 1 == plan_.columns.size());
    }
    for (std::size_t i = 0; i < plan_.metrics.size(); ++i) {
      const std::size_t column = plan_.group_by.size() + i;
      item(value(plan_.metrics[i],
                 [&](const MeasureRef& ref) { return measure(aggregate, ref.measure); }),
           plan_.columns[column].name, column + 1 == plan_.columns.size());
    }
    from_where_group(aggregate, "");
  }

  // Each model on its own, then one row for each combination of keys that any of them has.
  void several_passes() {
    for (std::size_t a = 0; a < plan_.aggregates.size(); ++a) {
      const Aggregate& aggregate = plan_.aggregates[a];
      if (a == 0) sql_ += has_periods() ? "WITH RECURSIVE " : "WITH ";
      if (!aggregate.periods.empty()) add_periods(a);
      sql_ += fmt::format("{} AS (\n  SELECT\n", pass_name(a));
      const std::size_t items = plan_.group_by.size() + aggregate.measures.size();
      for (std::size_t i = 0; i < plan_.group_by.size(); ++i) {
        item(key(aggregate, i), plan_.group_by[i].name, i + 1 == items, "    ");
      }
      for (std::size_t m = 0; m < aggregate.measures.size(); ++m) {
        item(measure(aggregate, m), aggregate.names[m], plan_.group_by.size() + m + 1 == items,
             "    ");
      }
      from_where_group(aggregate, "  ", aggregate.periods.empty() ? "" : periods_name(a));
      sql_ += a + 1 < plan_.aggregates.size() ? "),\n" : ")\n";
    }
    sql_ += "SELECT\n";
    for (std::size_t i = 0; i < plan_.columns.size(); ++i) {
      const std::string name = identifier(plan_.columns[i].name);
      const bool last = i + 1 == plan_.columns.size();
      if (i < plan_.group_by.size()) {
        item(name, plan_.columns[i].name, last);
      } else {
        item(value(plan_.metrics[i - plan_.group_by.size()],
                   [&](const MeasureRef& ref) { return combined(ref); }),
             plan_.columns[i].name, last);
      }
    }
    if (plan_.aggregates.size() == 1) {
      sql_ += fmt::format("FROM {}\n", pass_name(0));
      return;
    }
    sql_ += "FROM (\n";
    for (std::size_t a = 0; a < plan_.aggregates.size(); ++a) {
      std::vector<std::string> items;
      for (const Group& group : plan_.group_by) items.push_back(identifier(group.name));
      for (std::size_t other = 0; other < plan_.aggregates.size(); ++other) {
        for (const std::string& name : plan_.aggregates[other].names) {
          items.push_back(other == a ? identifier(name)
                                     : fmt::format("NULL AS {}", identifier(name)));
        }
      }
      sql_ += fmt::format("{}  SELECT {} FROM {}\n", a == 0 ? "" : "  UNION ALL\n",
                          join(items, ", "), pass_name(a));
    }
    sql_ += ")\n";
    group_by("");
  }

  // Passes that differ by their windows alone are numbered.
  std::string pass_name(std::size_t index) const {
    const auto base_of = [](const Aggregate& aggregate) {
      return aggregate.time == nullptr
                 ? fmt::format("{}_totals", aggregate.model->common.name)
                 : fmt::format("{}_by_{}", aggregate.model->common.name, aggregate.time->name);
    };
    const std::string base = base_of(plan_.aggregates[index]);
    std::size_t before = 0;
    for (std::size_t i = 0; i < index; ++i) before += base_of(plan_.aggregates[i]) == base ? 1 : 0;
    return identifier(before == 0 ? base : fmt::format("{}_{}", base, before + 1));
  }

  static std::string periods_name(std::size_t index) {
    return index == 0 ? "periods" : fmt::format("periods_{}", index + 1);
  }

  // The periods travel as one text of 30 characters each - name, first day, day after the last - so
  // that the SQL is the same for any number of them.
  void add_periods(std::size_t index) {
    const std::string name = periods_name(index);
    std::string text;
    for (const Period& period : plan_.aggregates[index].periods) {
      text += to_iso(period.name) + to_iso(period.days.from) + to_iso(period.days.to);
    }
    sql_ += fmt::format(
        "{0}_text AS (SELECT ? AS packed),\n"
        "{0}_at AS (\n  SELECT 1 AS at FROM {0}_text WHERE length(packed) > 0\n  UNION ALL\n"
        "  SELECT at + 30 FROM {0}_at, {0}_text WHERE at + 30 < length(packed)\n),\n"
        "{0} AS MATERIALIZED (\n"
        "  SELECT substr(packed, at, 10) AS period, substr(packed, at + 10, 10) AS first_day,\n"
        "    substr(packed, at + 20, 10) AS day_after\n  FROM {0}_at, {0}_text\n),\n",
        name);
    values_.emplace_back(std::move(text));
  }

  // One pass has the value, the others NULL: max() picks it.
  std::string combined(const MeasureRef& ref) const {
    const Aggregate& aggregate = plan_.aggregates[ref.aggregate];
    const std::string name = identifier(aggregate.names[ref.measure]);
    if (plan_.aggregates.size() == 1) return name;
    const auto& definition = *aggregate.measures[ref.measure].definition;
    const bool is_never_null = is_counting(definition.agg) || definition.zero_when_empty;
    return is_never_null ? fmt::format("coalesce(max({}), 0)", name) : fmt::format("max({})", name);
  }

  void item(const std::string& expr, std::string_view name, bool last,
            std::string_view indent = "  ") {
    const std::string as = identifier(name);
    sql_ += fmt::format("{}{}{}{}\n", indent, expr, expr == as ? "" : " AS " + as, last ? "" : ",");
  }

  static std::string column_of(const Aggregate& aggregate, const Field& field) {
    if (field.via != nullptr) return identifier(field.via->name + "." + field.column->name);
    return aggregate.joins.empty()
               ? identifier(field.column->name)
               : identifier(aggregate.model->common.name) + "." + identifier(field.column->name);
  }

  static std::string time_of(const Aggregate& aggregate) {
    return column_of(aggregate, Field{nullptr, aggregate.model, aggregate.time, {}});
  }

  std::string expression(const Aggregate& aggregate, const Field& field) const {
    std::string column = column_of(aggregate, field);
    if (!field.grain ||
        (field.grain == Grain::Day && field.column->type == catalog::DataType::Date))
      return column;
    return dialect_.period_start(column, *field.grain);
  }

  std::string key(const Aggregate& aggregate, std::size_t index) const {
    const bool is_period = plan_.group_by[index].metric_time && !aggregate.periods.empty();
    return is_period ? "period" : expression(aggregate, aggregate.keys[index]);
  }

  std::string measure(const Aggregate& aggregate, std::size_t index) {
    const Measure& measure = aggregate.measures[index];
    const catalog::SimpleMetric& definition = *measure.definition;
    const std::string& expr = definition.expr;
    std::string call;
    switch (definition.agg) {
      case Aggregation::Sum:
        call = fmt::format("sum({})", expr);
        break;
      case Aggregation::Min:
        call = fmt::format("min({})", expr);
        break;
      case Aggregation::Max:
        call = fmt::format("max({})", expr);
        break;
      case Aggregation::Average:
        call = fmt::format("avg({})", expr);
        break;
      case Aggregation::Median:
        call = fmt::format("median({})", expr);
        break;
      case Aggregation::Count:
        call = fmt::format("count({})", expr.empty() ? "*" : expr);
        break;
      case Aggregation::CountDistinct:
        call = fmt::format("count(DISTINCT {})", expr);
        break;
      case Aggregation::SumBoolean:
        call = fmt::format("count(CASE WHEN {} THEN 1 END)", expr);
        break;
    }
    if (!measure.filter.empty() && !filter_is_shared(aggregate)) {
      call += fmt::format(" FILTER (WHERE {})", conditions(aggregate, measure.filter));
    }
    if (definition.zero_when_empty) call = fmt::format("coalesce({}, 0)", call);
    return call;
  }

  // When every measure filters alike, the filter moves to WHERE.
  static bool filter_is_shared(const Aggregate& aggregate) {
    return std::ranges::all_of(aggregate.measures, [&](const Measure& measure) {
      return measure.filter == aggregate.measures.front().filter;
    });
  }

  std::string conditions(const Aggregate& aggregate, const std::vector<ResolvedFilter>& filters) {
    std::vector<std::string> parts;
    parts.reserve(filters.size());
    for (const ResolvedFilter& filter : filters) parts.push_back(condition(aggregate, filter));
    return join(parts, " AND ");
  }

  std::string condition(const Aggregate& aggregate, const ResolvedFilter& filter) {
    const std::string field = expression(aggregate, filter.field);
    const auto compared = [&](std::string_view with) {
      values_.push_back(filter.values.front());
      return fmt::format("{} {} ?", field, with);
    };
    switch (filter.op) {
      case FilterOp::Eq:
        return compared("=");
      case FilterOp::Ne:
        return compared("IS DISTINCT FROM");
      case FilterOp::Lt:
        return compared("<");
      case FilterOp::Lte:
        return compared("<=");
      case FilterOp::Gt:
        return compared(">");
      case FilterOp::Gte:
        return compared(">=");
      case FilterOp::In:
        return fmt::format("{} IN ({})", field, list(filter.values));
      case FilterOp::NotIn:
        return fmt::format("({0} IS NULL OR {0} NOT IN ({1}))", field, list(filter.values));
      case FilterOp::Contains:
        values_.push_back(filter.values.front());
        return dialect_.contains(field, "?");
      case FilterOp::IsNull:
        return fmt::format("{} IS NULL", field);
      case FilterOp::NotNull:
        return fmt::format("{} IS NOT NULL", field);
    }
    return "0";
  }

  // As many parameters as the next power of two; the last value fills up.
  std::string list(const std::vector<store::Value>& values) {
    std::size_t count = 1;
    while (count < values.size()) count *= 2;
    std::string parameters;
    for (std::size_t i = 0; i < count; ++i) {
      parameters += i == 0 ? "?" : ", ?";
      values_.push_back(values[std::min(i, values.size() - 1)]);
    }
    return parameters;
  }

  // `periods`: the pass that names the days of each period; empty: rows are of their own period.
  void from_where_group(const Aggregate& aggregate, std::string_view indent,
                        std::string_view periods = {}) {
    const std::string model = identifier(aggregate.model->common.name);
    if (periods.empty()) {
      sql_ += fmt::format("{}FROM {}\n", indent, model);
    } else {
      const std::string time = time_of(aggregate);
      sql_ += fmt::format("{0}FROM {1}\n{0}JOIN {2} ON {3} >= first_day AND {3} < day_after\n",
                          indent, periods, model, time);
    }
    for (const Join& join_to : aggregate.joins) {
      const std::string& name = join_to.relationship->name;
      std::vector<std::string> items;
      for (const std::string& column : join_to.columns) {
        items.push_back(fmt::format("{} AS {}", identifier(column),
                                    identifier(fmt::format("{}.{}", name, column))));
      }
      std::vector<std::string> pairs;
      for (std::size_t i = 0; i < join_to.relationship->from_columns.size(); ++i) {
        pairs.push_back(fmt::format("{} = {}.{}",
                                    identifier(name + "." + join_to.relationship->to_columns[i]),
                                    model, identifier(join_to.relationship->from_columns[i])));
      }
      sql_ += fmt::format("{0}LEFT JOIN (SELECT {1} FROM {2}) AS {3}\n{0}  ON {4}\n", indent,
                          join(items, ", "), identifier(join_to.to->common.name), identifier(name),
                          join(pairs, " AND "));
    }
    std::vector<std::string> parts;
    if (aggregate.range.from) {
      parts.push_back(time_of(aggregate) + " >= ?");
      values_.emplace_back(to_iso(*aggregate.range.from));
    }
    if (aggregate.range.to) {
      parts.push_back(time_of(aggregate) + " < ?");
      values_.emplace_back(to_iso(*aggregate.range.to));
    }
    for (const ResolvedFilter& filter : aggregate.where)
      parts.push_back(condition(aggregate, filter));
    add_measure_filters(aggregate, parts);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      sql_ += fmt::format("{}{} {}\n", indent, i == 0 ? "WHERE" : "  AND", parts[i]);
    }
    group_by(indent);
  }

  // A group exists when any measure has a row in it: rows that no measure counts make no group.
  void add_measure_filters(const Aggregate& aggregate, std::vector<std::string>& parts) {
    if (filter_is_shared(aggregate)) {
      for (const ResolvedFilter& filter : aggregate.measures.front().filter)
        parts.push_back(condition(aggregate, filter));
      return;
    }
    const bool all_filter = std::ranges::none_of(
        aggregate.measures, [](const Measure& measure) { return measure.filter.empty(); });
    if (!all_filter || plan_.group_by.empty()) return;
    std::vector<std::string> either;
    std::vector<const std::vector<ResolvedFilter>*> seen;
    for (const Measure& measure : aggregate.measures) {
      const bool known =
          std::ranges::any_of(seen, [&](const auto* filter) { return *filter == measure.filter; });
      if (known) continue;
      seen.push_back(&measure.filter);
      const std::string all = conditions(aggregate, measure.filter);
      either.push_back(measure.filter.size() > 1 ? "(" + all + ")" : all);
    }
    parts.push_back("(" + join(either, " OR ") + ")");
  }

  void group_by(std::string_view indent) {
    if (plan_.group_by.empty()) return;
    std::vector<std::string> positions;
    for (std::size_t i = 1; i <= plan_.group_by.size(); ++i) positions.push_back(std::to_string(i));
    sql_ += fmt::format("{}GROUP BY {}\n", indent, join(positions, ", "));
  }

  // The keys always end the order, so that equal values come out the same way every time.
  void order_and_limit() {
    std::vector<std::string> parts;
    std::vector<bool> keys_left(plan_.group_by.size(), true);
    for (const OrderBy& order : plan_.order_by) {
      const auto column = std::ranges::find(plan_.columns, order.field, &OutputColumn::name);
      const auto position = static_cast<std::size_t>(column - plan_.columns.begin());
      if (position < keys_left.size()) keys_left[position] = false;
      parts.push_back(fmt::format("{}{}", position + 1,
                                  order.direction == Direction::Descending ? " DESC" : ""));
    }
    for (std::size_t i = 0; i < keys_left.size(); ++i) {
      if (keys_left[i]) parts.push_back(std::to_string(i + 1));
    }
    if (!parts.empty()) sql_ += fmt::format("ORDER BY {}\n", join(parts, ", "));
    sql_ += "LIMIT ?";
    values_.emplace_back(plan_.limit + 1);  // one more tells that there is more
  }

  const Plan& plan_;
  const Dialect& dialect_;
  std::string sql_;
  std::vector<store::Value> values_;
};

}  // namespace

engine::Query render(const Plan& plan, const Dialect& dialect) {
  return Renderer(plan, dialect).render();
}

}  // namespace martgate::metrics
