#include "tools/trust_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "tools/source_audit.h"

namespace martgate::tools {
namespace {

using catalog::Metric;
using catalog::Project;
using engine::SnapshotFacts;

constexpr std::size_t kAnsweredShown = 8;
constexpr std::size_t kReasonsShown = 4;

std::string_view reason_of(Trust trust) {
  switch (trust) {
    case Trust::Stale:
      return "stale_data";
    case Trust::Fail:
      return "failing_data";
    case Trust::Warn:
      return "warned_data";
    case Trust::Unknown:
    case Trust::Pass:
      break;
  }
  return "unknown_data";
}

std::string_view words_of(Trust trust) {
  switch (trust) {
    case Trust::Stale:
      return "stale data";
    case Trust::Fail:
      return "data whose tests fail";
    case Trust::Warn:
      return "data with warnings";
    case Trust::Unknown:
    case Trust::Pass:
      break;
  }
  return "data nobody can vouch for";
}

// Whether a part is as bad as what the policy refuses, so that milder troubles stay out of the way.
bool explains(const Lateness& late, Trust trust) {
  if (trust == Trust::Stale) return late.freshness == Freshness::Stale;
  if (trust == Trust::Unknown) return late.freshness == Freshness::Unknown;
  return trust == Trust::Warn;
}

// What is wrong, each with who owns it and when it will be right.
void explain(const Project& project, const Standing& standing, Trust trust, WallTime now,
             std::vector<std::string>& hints) {
  std::set<std::string> sources;
  for (const Lateness& late : standing.late) {
    if (!explains(late, trust)) continue;
    std::string hint = to_text(late, now);
    if (late.owner != nullptr && !late.owner->team.empty())
      hint += fmt::format("; owner: {}", owner_text(*late.owner));
    hints.push_back(std::move(hint));
    if (!late.source.empty()) sources.insert(late.source);
  }
  for (const engine::TestResult* test : standing.not_passing) {
    const bool as_bad =
        trust == Trust::Fail ? test->verdict == engine::Verdict::Fail : trust == Trust::Warn;
    if (!as_bad) continue;
    std::string hint =
        fmt::format("{}: found {}, expected {}", test->name, test->observed, test->expected);
    if (const catalog::Model* model = project.model(test->model);
        model != nullptr && !model->common.owner.team.empty()) {
      hint += fmt::format("; owner: {}", owner_text(model->common.owner));
    }
    hints.push_back(std::move(hint));
  }
  if (hints.size() > kReasonsShown) {
    const std::size_t more = hints.size() - kReasonsShown;
    hints.resize(kReasonsShown);
    hints.push_back(fmt::format("and {} more; check_health lists them", more));
  }
  if (hints.empty()) hints.emplace_back("nothing tests it: a test in the model's YAML would");
  for (const std::string& name : sources) {
    const catalog::Source* source = project.source(name);
    if (source == nullptr || source->schedule.empty()) continue;
    hints.push_back(fmt::format("works again after the next load of {} ({}) and a build", name,
                                source->schedule));
  }
}

// Metrics that may be asked for meanwhile.
std::string answered_text(const Project& project, const SnapshotFacts& facts, WallTime now) {
  const std::vector<std::string> refused = refused_metrics(project, facts, now);
  std::vector<std::string> answered;
  for (const Metric& metric : project.metrics) {
    if (!std::ranges::binary_search(refused, metric.common.name))
      answered.push_back(metric.common.name);
  }
  if (answered.empty()) return "";
  const std::size_t shown_count = std::min(answered.size(), kAnsweredShown);
  std::string text = "answered now: " + join(std::span(answered).first(shown_count), ", ");
  if (answered.size() > shown_count)
    text += fmt::format(" and {} more", answered.size() - shown_count);
  return text;
}

tl::unexpected<Error> refusal(std::string_view subject, const Standing& standing, Trust trust,
                              const Project& project, const SnapshotFacts& facts, WallTime now) {
  std::vector<std::string> hints;
  explain(project, standing, trust, now, hints);
  if (std::string answered = answered_text(project, facts, now); !answered.empty())
    hints.push_back(std::move(answered));
  return fail(Code::FailedPrecondition,
              fmt::format("{} rests on {}, which is not answered from", subject, words_of(trust)),
              std::move(hints), reason_of(trust));
}

}  // namespace

bool refuses(const catalog::TrustPolicy& policy, Trust trust) {
  switch (trust) {
    case Trust::Pass:
      return false;
    case Trust::Warn:
      return policy.refuse_warn;
    case Trust::Unknown:
      return policy.refuse_unknown;
    case Trust::Stale:
      return policy.refuse_stale;
    case Trust::Fail:
      return policy.refuse_fail;
  }
  return true;
}

const catalog::TrustPolicy& policy_of(const Project& project, const Metric& metric) {
  return metric.trust ? *metric.trust : project.settings.trust;
}

Trust trust_of_metric(const Project& project, const SnapshotFacts& facts, std::string_view metric,
                      WallTime now) {
  Trust trust = Trust::Pass;
  for (const std::string& mart : marts_of_metric(project, metric))
    trust = worst(trust, trust_of(standing_of(project, facts, mart, now)));
  return trust;
}

std::vector<std::string> refused_metrics(const Project& project, const SnapshotFacts& facts,
                                         WallTime now) {
  std::vector<std::string> names;
  for (const Metric& metric : project.metrics) {
    if (refuses(policy_of(project, metric),
                trust_of_metric(project, facts, metric.common.name, now)))
      names.push_back(metric.common.name);
  }
  return names;
}

Status admit(const ToolAnswer& answer, const Project& project, const SnapshotFacts& facts,
             WallTime now) {
  std::set<std::string> of_metrics;
  for (const Metric* metric : answer.metrics) {
    for (const std::string& mart : marts_of_metric(project, metric->common.name)) {
      if (!answer.reads.contains({"main", mart})) continue;
      of_metrics.insert(mart);
      const Standing standing = standing_of(project, facts, mart, now);
      const Trust trust = trust_of(standing);
      if (refuses(policy_of(project, *metric), trust))
        return refusal(metric->common.name, standing, trust, project, facts, now);
    }
  }
  for (const auto& [table, columns] : answer.reads) {
    if (of_metrics.contains(table.second) || facts.model(table.second) == nullptr) continue;
    const Standing standing = standing_of(project, facts, table.second, now);
    const Trust trust = trust_of(standing);
    if (refuses(project.settings.trust, trust))
      return refusal(table.second, standing, trust, project, facts, now);
  }
  return {};
}

}  // namespace martgate::tools
