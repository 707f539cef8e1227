#include "metrics/resolve/resolve.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "base/text.h"
#include "metrics/resolve/fields.h"
#include "metrics/resolve/periods.h"

namespace martgate::metrics {
namespace {

using catalog::Metric;
using catalog::MetricInput;
using catalog::Model;
using catalog::Project;
using catalog::SimpleMetric;

std::vector<std::string> metric_names(const Project& project) {
  std::vector<std::string> names;
  for (const Metric& metric : project.metrics) names.push_back(metric.common.name);
  return names;
}

Result<const Metric*> find_metric(const Project& project, const std::string& name) {
  if (const Metric* metric = project.metric(name)) return metric;
  std::vector<std::string> names = metric_names(project);
  std::vector<std::string> hints = name_hints(name, names);
  // A synonym is a word people use, not a name: it becomes a hint.
  for (const Metric& metric : project.metrics) {
    if (std::ranges::find(metric.common.synonyms, lower_ascii(name)) !=
        metric.common.synonyms.end()) {
      hints.insert(hints.begin(),
                   fmt::format("\"{}\" is a synonym of {}", shown(name, 60), metric.common.name));
    }
  }
  return fail(Code::NotFound, fmt::format("there is no metric \"{}\"", shown(name, 80)),
              std::move(hints), "unknown_metric");
}

Result<Measure> measure_of(const Project& project, const Metric& metric,
                           const std::vector<catalog::Filter>& more_filters) {
  const auto& simple = std::get<SimpleMetric>(metric.definition);
  const Model& model = *project.model(simple.model);
  Measure measure{&metric, &simple, {}, nullptr};
  if (!simple.agg_time_dimension.empty()) measure.time = model.column(simple.agg_time_dimension);
  for (const auto* filters : {&simple.filter, &more_filters}) {
    for (const catalog::Filter& filter : *filters) {
      auto resolved = resolve_filter(project, model, filter, Reach::Definition);
      if (!resolved) return tl::unexpected(with_context(resolved.error(), metric.common.file));
      measure.filter.push_back(std::move(*resolved));
    }
  }
  return measure;
}

catalog::Expression expression_of(const Metric& metric) {
  if (const auto* derived = std::get_if<catalog::DerivedMetric>(&metric.definition)) {
    return derived->expression;
  }
  return std::holds_alternative<catalog::RatioMetric>(metric.definition)
             ? catalog::ratio_expression()
             : catalog::input_expression();
}

// What holds for everything behind an input.
struct Circumstances {
  std::vector<catalog::Filter> filters;
  std::vector<Window> windows;
};

// Replaces inputs by what they are made of until only simple metrics are left. The loader has
// refused circles.
Status flatten(const Project& project, const Metric& metric, const Circumstances& outer,
               ResolvedMetric& resolved) {
  if (std::holds_alternative<SimpleMetric>(metric.definition)) {
    auto measure = measure_of(project, metric, outer.filters);
    if (!measure) return tl::unexpected(measure.error());
    measure->windows = outer.windows;
    resolved.measures.push_back(std::move(*measure));
    resolved.expression = catalog::input_expression();
    return {};
  }
  std::vector<catalog::Expression> parts;
  std::vector<std::size_t> offsets;
  for (const MetricInput* input : inputs_of(metric)) {
    Circumstances inner = outer;
    inner.filters.insert(inner.filters.end(), input->filter.begin(), input->filter.end());
    if (const auto window = window_of(metric, *input)) inner.windows.push_back(*window);
    ResolvedMetric part;
    if (auto done = flatten(project, *project.metric(input->metric), inner, part); !done) {
      return done;
    }
    offsets.push_back(resolved.measures.size());
    parts.push_back(std::move(part.expression));
    std::ranges::move(part.measures, std::back_inserter(resolved.measures));
  }
  resolved.expression = spliced(expression_of(metric), parts, offsets);
  return {};
}

Result<ResolvedMetric> resolve_metric(const Project& project, const std::string& name) {
  const auto metric = find_metric(project, name);
  if (!metric) return tl::unexpected(metric.error());
  ResolvedMetric resolved{*metric, {}, {}};
  if (auto done = flatten(project, **metric, Circumstances(), resolved); !done) {
    return tl::unexpected(done.error());
  }
  return resolved;
}

const Model& model_of(const Project& project, const Measure& measure) {
  return *project.model(measure.definition->model);
}

// The metric's allow-list holds names without a grain.
Status check_allowed(const ResolvedMetric& metric, const Project& project, std::string_view name) {
  const auto& allowed = metric.metric->dimensions;
  const std::string_view path = split_field_name(name).path;
  if (allowed.empty() || path == kMetricTime || std::ranges::find(allowed, path) != allowed.end() ||
      std::ranges::find(allowed, name) != allowed.end()) {
    return {};
  }
  return fail(Code::InvalidArgument,
              fmt::format("{} cannot be split or filtered by {}", metric.metric->common.name,
                          shown(name, 80)),
              name_hints(path, dimension_names(project, *metric.metric)), "dimension_not_allowed");
}

// One name must mean one column for every metric of the query, or the rows would not meet.
Status check_shared(const Project& project, const std::vector<ResolvedMetric>& metrics,
                    std::string_view name) {
  std::optional<Field> first;
  std::string_view first_model;
  for (const ResolvedMetric& metric : metrics) {
    for (const Measure& measure : metric.measures) {
      const Model& model = model_of(project, measure);
      auto field = resolve_field(project, model, name);
      if (!field) return tl::unexpected(field.error());
      if (!first) {
        first = *field;
        first_model = model.common.name;
      } else if (first->model != field->model || first->column != field->column) {
        return fail(Code::InvalidArgument,
                    fmt::format("\"{}\" is not one dimension here: {} and {} each have their own",
                                shown(name, 80), first_model, model.common.name),
                    {"ask for these metrics in separate calls",
                     "or group by metric_time or a dimension both reach "
                     "through a relationship"},
                    "not_shared_dimension");
      }
    }
  }
  return {};
}

Status need_time(const std::vector<ResolvedMetric>& metrics, std::string_view why) {
  for (const ResolvedMetric& metric : metrics) {
    for (const Measure& measure : metric.measures) {
      if (measure.time == nullptr) {
        return fail(Code::InvalidArgument,
                    fmt::format("{} has no time of its own, so {} has no meaning",
                                metric.metric->common.name, why),
                    {"leave the time range and metric_time out, or filter on a time dimension"},
                    "no_time_dimension");
      }
    }
  }
  return {};
}

bool is_windowed(const ResolvedMetric& metric) {
  return std::ranges::any_of(metric.measures,
                             [](const Measure& measure) { return !measure.windows.empty(); });
}

// A metric that looks at other days than its own needs to know which its own are.
Status check_windows(const ResolvedQuery& query) {
  const auto windowed = std::ranges::find_if(query.metrics, is_windowed);
  if (windowed == query.metrics.end()) return {};
  const std::string& name = windowed->metric->common.name;
  const auto times = std::ranges::count_if(query.group_by, &Group::metric_time);
  if (times > 1) {
    return fail(Code::InvalidArgument,
                fmt::format("{} looks back from one period, and the query has two", name),
                {"keep one metric_time entry in group_by"}, "one_period_needed");
  }
  if (!query.time.from || !query.time.to) {
    return fail(
        Code::InvalidArgument,
        fmt::format("{} looks back from its period, so it needs a time range with both ends", name),
        {R"(accepted: "time": {"from": "2026-01-01", "to": "2026-04-01"})"}, "time_range_needed");
  }
  const auto time = std::ranges::find_if(query.group_by, &Group::metric_time);
  if (time == query.group_by.end()) return {};
  const std::int64_t periods = period_count({*query.time.from, *query.time.to}, *time->grain);
  if (periods > kPeriodsMax) {
    return fail(Code::InvalidArgument,
                fmt::format("{} periods of one {} in the range", periods, name_of(*time->grain)),
                {fmt::format("accepted: at most {}; ask for a shorter range or a coarser grain",
                             kPeriodsMax)},
                "too_many");
  }
  return {};
}

Result<Group> resolve_group(const Project& project, const std::vector<ResolvedMetric>& metrics,
                            const std::string& name) {
  const FieldName parts = split_field_name(name);
  if (parts.path == kMetricTime) {
    if (auto timed = need_time(metrics, name); !timed) return tl::unexpected(timed.error());
    Group group{name, true, grain_named(parts.grain.empty() ? "day" : parts.grain)};
    if (!group.grain) {
      std::vector<std::string> grains;
      grains.reserve(kGrains.size());
      for (const Grain grain : kGrains)
        grains.push_back(fmt::format("{}__{}", kMetricTime, name_of(grain)));
      return fail(Code::InvalidArgument,
                  fmt::format("\"{}\" is not a grain", shown(parts.grain, 40)),
                  name_hints(name, grains), "bad_grain");
    }
    return group;
  }
  for (const ResolvedMetric& metric : metrics) {
    if (auto allowed = check_allowed(metric, project, name); !allowed)
      return tl::unexpected(allowed.error());
  }
  if (auto shared = check_shared(project, metrics, name); !shared)
    return tl::unexpected(shared.error());
  const auto field =
      resolve_field(project, model_of(project, metrics.front().measures.front()), name);
  Group group{name, false, field->grain};
  // Days are what a time dimension holds; finer instants are not groups anyone asks for.
  if (field->column->dimension == catalog::DimensionType::Time && !group.grain)
    group.grain = Grain::Day;
  return group;
}

Status check_counts(const MetricQuery& query) {
  struct Bound {
    std::string_view what;
    std::size_t count;
    std::size_t max;
  };
  for (const Bound& bound : {Bound{"metrics", query.metrics.size(), kMetricsMax},
                             Bound{"group_by entries", query.group_by.size(), kGroupByMax},
                             Bound{"filters", query.where.size(), kWhereMax}}) {
    if (bound.count > bound.max) {
      return fail(Code::InvalidArgument, fmt::format("{} {} in one query", bound.count, bound.what),
                  {fmt::format("accepted: at most {}", bound.max)}, "too_many");
    }
  }
  for (const catalog::Filter& filter : query.where) {
    if (filter.values.size() > kFilterValuesMax) {
      return fail(Code::InvalidArgument,
                  fmt::format("{} values in the filter on {}", filter.values.size(), filter.field),
                  {fmt::format("accepted: at most {}", kFilterValuesMax)}, "too_many");
    }
  }
  std::set<std::string> names;
  for (const auto* list : {&query.metrics, &query.group_by}) {
    for (const std::string& name : *list) {
      if (!names.insert(name).second) {
        return fail(Code::InvalidArgument,
                    fmt::format("\"{}\" is asked for twice", shown(name, 80)), {},
                    "duplicate_name");
      }
    }
  }
  return {};
}

}  // namespace

Result<ResolvedQuery> resolve(const Project& project, const MetricQuery& query) {
  if (query.metrics.empty()) {
    return fail(Code::InvalidArgument, "no metric is asked for",
                name_hints("", metric_names(project)), "unknown_metric");
  }
  if (auto counted = check_counts(query); !counted) return tl::unexpected(counted.error());
  ResolvedQuery resolved;
  for (const std::string& name : query.metrics) {
    auto metric = resolve_metric(project, name);
    if (!metric) return tl::unexpected(metric.error());
    resolved.metrics.push_back(std::move(*metric));
  }
  for (const std::string& name : query.group_by) {
    auto group = resolve_group(project, resolved.metrics, name);
    if (!group) return tl::unexpected(group.error());
    resolved.group_by.push_back(std::move(*group));
  }
  for (const catalog::Filter& filter : query.where) {
    if (split_field_name(filter.field).path == kMetricTime) {
      return fail(
          Code::InvalidArgument, "metric_time is filtered by the argument time, not by where",
          {R"(accepted: "time": {"from": "2026-01-01", "to": "2026-04-01"})"}, "bad_time_range");
    }
    for (const ResolvedMetric& metric : resolved.metrics) {
      if (auto allowed = check_allowed(metric, project, filter.field); !allowed)
        return tl::unexpected(allowed.error());
    }
    if (auto shared = check_shared(project, resolved.metrics, filter.field); !shared)
      return tl::unexpected(shared.error());
    const auto checked = resolve_filter(
        project, model_of(project, resolved.metrics.front().measures.front()), filter);
    if (!checked) return tl::unexpected(checked.error());
    resolved.where.push_back(filter);
  }
  if (query.time.from || query.time.to) {
    if (auto timed = need_time(resolved.metrics, "a time range"); !timed)
      return tl::unexpected(timed.error());
    if (query.time.from && query.time.to && *query.time.from >= *query.time.to) {
      return fail(Code::InvalidArgument,
                  fmt::format("the time range {} to {} is empty", to_iso(*query.time.from),
                              to_iso(*query.time.to)),
                  {"ranges are half-open: from is included, to is not, so one day is from that day "
                   "to the next"},
                  "bad_time_range");
    }
  }
  resolved.time = query.time;
  if (auto windows = check_windows(resolved); !windows) return tl::unexpected(windows.error());
  std::vector<std::string> orderable = query.metrics;
  orderable.insert(orderable.end(), query.group_by.begin(), query.group_by.end());
  for (const OrderBy& order : query.order_by) {
    if (std::ranges::find(orderable, order.field) == orderable.end()) {
      return fail(Code::InvalidArgument,
                  fmt::format("cannot order by \"{}\"", shown(order.field, 80)),
                  name_hints(order.field, orderable), "unknown_order_field");
    }
  }
  resolved.order_by = query.order_by;
  resolved.limit = query.limit;
  return resolved;
}

}  // namespace martgate::metrics
