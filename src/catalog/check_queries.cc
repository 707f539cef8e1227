#include "catalog/check_queries.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "catalog/checks.h"
#include "catalog/fields.h"
#include "catalog/metric_bases.h"

namespace martgate::catalog {
namespace {

bool is_metric_time(std::string_view name) {
  return name == kMetricTime || name.starts_with("metric_time__");
}

std::vector<const Model*> marts_of(const Draft& draft, const Metric& metric) {
  std::vector<const Model*> marts;
  for (const Base& base : bases_of(draft, metric)) {
    if (std::ranges::find(marts, base.mart) == marts.end()) marts.push_back(base.mart);
  }
  return marts;
}

void check_metric_time(const Draft& draft, const Metric& metric, const Node& name) {
  const bool has_time = std::ranges::all_of(bases_of(draft, metric), [](const Base& base) {
    return !base.simple->agg_time_dimension.empty();
  });
  if (!has_time) {
    name.mistake(
        fmt::format("{} has no time of its own, so metric_time has no meaning", metric.common.name),
        {"declare agg_time_dimension on the metric or its model"});
    return;
  }
  const std::string text = name.text();
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
bool is_allowed(const Draft& draft, const std::vector<const Model*>& marts, const Metric& metric,
                std::string_view path) {
  return metric.dimensions.empty() ||
         std::ranges::find(metric.dimensions, path) != metric.dimensions.end() ||
         std::ranges::any_of(metric.dimensions, [&](const std::string& name) {
           return std::ranges::any_of(
               marts, [&](const Model* mart) { return !is_dimension(draft, *mart, name); });
         });
}

// The one column that a name means for a metric, and whose it is.
class SharedField {
 public:
  // False when `field` is another column than the one found before; that is reported.
  bool meets(const ResolvedField& field, const std::string& owner, const Node& name) {
    if (!first_) {
      first_ = field;
      first_owner_ = owner;
      return true;
    }
    if (first_->column == field.column) return true;
    name.mistake(fmt::format("{} is not one dimension: {} and {} each have their own",
                             shown(name.text(), 80), first_owner_, owner),
                 {"group by metric_time, or by a dimension both reach by a relationship"});
    return false;
  }

 private:
  std::optional<ResolvedField> first_;
  std::string first_owner_;
};

// One group_by entry for one metric; false when it was reported.
bool check_group(const Draft& draft, const Metric& metric, const Node& name, SharedField& shared) {
  const std::vector<const Model*> marts = marts_of(draft, metric);
  if (marts.empty()) return true;
  const std::string text = name.text();
  if (is_metric_time(text)) {
    check_metric_time(draft, metric, name);
    return true;
  }
  for (const Model* mart : marts) {
    const auto field = resolve_field(draft, *mart, name, Reach::Dimension);
    if (!field) return false;
    const std::string path = field->grain ? text.substr(0, text.rfind("__")) : text;
    if (!is_allowed(draft, marts, metric, path)) {
      name.mistake(fmt::format("{} cannot be split by {}", metric.common.name, path),
                   name_hints(path, metric.dimensions));
      return false;
    }
    const std::string owner = marts.size() == 1
                                  ? metric.common.name
                                  : fmt::format("{} on {}", metric.common.name, mart->common.name);
    if (!shared.meets(*field, owner, name)) return false;
  }
  return true;
}

}  // namespace

void check_dimensions(const Draft& draft, const Metric& metric, const Node& list) {
  const std::vector<const Model*> marts = marts_of(draft, metric);
  for (const Node& name : list.items()) {
    if (is_metric_time(name.text())) {
      name.mistake("metric_time is always accepted", {"leave it out of the list"});
      continue;
    }
    SharedField shared;
    for (const Model* mart : marts) {
      const auto field = resolve_field(draft, *mart, name, Reach::Dimension);
      if (!field || !shared.meets(*field, mart->common.name, name)) break;
      if (field->grain) {
        name.mistake("the list holds dimensions without a grain",
                     {fmt::format("write {}", name.text().substr(0, name.text().rfind("__")))});
        break;
      }
    }
  }
}

void check_query(const Draft& draft, const Node& metrics, const Node& group_by) {
  std::vector<const Metric*> known;
  for (const Node& name : metrics.items()) {
    const Metric* metric = draft.metrics.resolve(name, "metric");
    if (metric != nullptr) known.push_back(metric);
  }
  for (const Node& name : group_by.items()) {
    SharedField shared;
    for (const Metric* metric : known) {
      if (!check_group(draft, *metric, name, shared)) break;
    }
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
