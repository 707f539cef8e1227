#include "tools/trust.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/duration_text.h"

namespace martgate::tools {
namespace {

// The model and every model behind it.
std::set<std::string, std::less<>> models_behind(const engine::SnapshotFacts& facts,
                                                 std::string_view model) {
  std::set<std::string, std::less<>> seen{std::string(model)};
  std::vector<std::string> open{std::string(model)};
  while (!open.empty()) {
    const std::string name = std::move(open.back());
    open.pop_back();
    for (const engine::LineageEdge& edge : facts.lineage) {
      if (edge.model == name && edge.reads_layer != "raw" && seen.insert(edge.reads).second) {
        open.push_back(edge.reads);
      }
    }
  }
  return seen;
}

}  // namespace

std::string_view name_of(Freshness freshness) {
  static constexpr std::array<std::string_view, 4> kNames{"fresh", "warn", "unknown", "stale"};
  return kNames[static_cast<std::size_t>(freshness)];
}

std::string_view name_of(Trust trust) {
  static constexpr std::array<std::string_view, 5> kNames{"pass", "warn", "unknown", "stale",
                                                          "fail"};
  return kNames[static_cast<std::size_t>(trust)];
}

Freshness freshness_of(const catalog::Freshness& promise, const std::optional<WallTime>& at,
                       WallTime now) {
  if (!at) return Freshness::Unknown;
  const auto age = now - *at;
  if (promise.error_after && age > *promise.error_after) return Freshness::Stale;
  if (promise.warn_after && age > *promise.warn_after) return Freshness::Warn;
  return Freshness::Fresh;
}

Freshness freshness_of(const catalog::Source& source, const std::optional<WallTime>& loaded_at,
                       WallTime now) {
  return freshness_of(source.freshness, loaded_at, now);
}

std::string to_text(const Lateness& lateness, WallTime now) {
  const bool is_load = lateness.kind == Lateness::Kind::Load;
  if (!lateness.at) {
    return is_load ? fmt::format("{} has never been loaded", lateness.name)
                   : fmt::format("{} tells of no event at all", lateness.name);
  }
  std::string text = fmt::format("{} {} ago, at {}",
                                 is_load ? lateness.name + " was last loaded"
                                         : "the newest event in " + lateness.name + " happened",
                                 duration_text(now - *lateness.at), to_rfc3339(*lateness.at));
  if (lateness.limit) {
    text += fmt::format(", {} within {}",
                        lateness.freshness == Freshness::Stale ? "promised" : "expected",
                        limit_text(*lateness.limit));
  }
  return text;
}

namespace {

std::optional<std::chrono::minutes> limit_passed(const catalog::Freshness& promise,
                                                 Freshness freshness) {
  if (freshness == Freshness::Stale) return promise.error_after;
  return freshness == Freshness::Warn ? promise.warn_after : std::nullopt;
}

void add_loads(const catalog::Project& project, const engine::SnapshotFacts& facts,
               std::string_view model, WallTime now, Standing& standing) {
  std::set<std::string> sources;
  const std::vector<std::string> raw_tables = facts.raw_tables_behind(model);
  if (!raw_tables.empty()) standing.freshness = Freshness::Fresh;
  for (const std::string& raw_name : raw_tables) {
    const engine::LoadedTable* loaded = facts.loaded_table(raw_name);
    const catalog::Source* source = project.source_of_raw_table(raw_name);
    if (source != nullptr) sources.insert(source->common.name);
    const auto loaded_at = loaded == nullptr ? std::nullopt : loaded->last_loaded_at;
    const Freshness freshness =
        source == nullptr ? Freshness::Unknown : freshness_of(*source, loaded_at, now);
    standing.freshness = std::max(standing.freshness, freshness);
    if (loaded_at && (!standing.loaded_at || *loaded_at < *standing.loaded_at))
      standing.loaded_at = loaded_at;
    if (freshness == Freshness::Fresh || source == nullptr) continue;
    standing.late.push_back({Lateness::Kind::Load, raw_name, source->common.name, freshness,
                             loaded_at, limit_passed(source->freshness, freshness),
                             &source->common.owner});
  }
  standing.sources.assign(sources.begin(), sources.end());
}

void add_events(const catalog::Project& project, const engine::SnapshotFacts& facts,
                const std::set<std::string, std::less<>>& models, WallTime now,
                Standing& standing) {
  for (const std::string& name : models) {
    const catalog::Model* model = project.model(name);
    if (model == nullptr || (!model->freshness.warn_after && !model->freshness.error_after))
      continue;
    const engine::EventTime* event = facts.newest_event(name);
    const auto newest = event == nullptr ? std::nullopt : event->newest;
    const Freshness freshness = freshness_of(model->freshness, newest, now);
    standing.freshness = std::max(standing.freshness, freshness);
    if (freshness == Freshness::Fresh) continue;
    standing.late.push_back({Lateness::Kind::Event, name, "", freshness, newest,
                             limit_passed(model->freshness, freshness), &model->common.owner});
  }
}

}  // namespace

Standing standing_of(const catalog::Project& project, const engine::SnapshotFacts& facts,
                     std::string_view model, WallTime now) {
  Standing standing;
  if (const engine::EventTime* event = facts.newest_event(model))
    standing.newest_event = event->newest;
  add_loads(project, facts, model, now, standing);
  const auto models = models_behind(facts, model);
  add_events(project, facts, models, now, standing);
  for (const engine::TestResult& test : facts.tests) {
    if (!models.contains(test.model)) continue;
    if (test.verdict != engine::Verdict::Pass) standing.not_passing.push_back(&test);
    switch (test.verdict) {
      case engine::Verdict::Pass:
        ++standing.tests.pass;
        break;
      case engine::Verdict::Warn:
        ++standing.tests.warn;
        break;
      case engine::Verdict::Fail:
        ++standing.tests.fail;
        break;
    }
  }
  return standing;
}

Trust trust_of(const Standing& standing) {
  Trust trust = Trust::Pass;
  const auto worsen = [&](Trust other) { trust = worst(trust, other); };
  if (standing.freshness == Freshness::Warn || standing.tests.warn > 0) worsen(Trust::Warn);
  if (standing.freshness == Freshness::Unknown) worsen(Trust::Unknown);
  if (standing.tests.pass + standing.tests.warn + standing.tests.fail == 0) worsen(Trust::Unknown);
  if (standing.freshness == Freshness::Stale) worsen(Trust::Stale);
  if (standing.tests.fail > 0) worsen(Trust::Fail);
  return trust;
}

}  // namespace martgate::tools
