#include "tools/trust.h"

#include <algorithm>
#include <array>
#include <set>

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
  static constexpr std::array<std::string_view, 4> kNames{"fresh", "warn", "stale", "unknown"};
  return kNames[static_cast<std::size_t>(freshness)];
}

std::string_view name_of(Trust trust) {
  static constexpr std::array<std::string_view, 5> kNames{"pass", "warn", "unknown", "stale",
                                                          "fail"};
  return kNames[static_cast<std::size_t>(trust)];
}

Freshness freshness_of(const catalog::Source& source, const std::optional<WallTime>& loaded_at,
                       WallTime now) {
  if (!loaded_at) return Freshness::Unknown;
  const auto age = now - *loaded_at;
  if (source.freshness.error_after && age > *source.freshness.error_after) return Freshness::Stale;
  if (source.freshness.warn_after && age > *source.freshness.warn_after) return Freshness::Warn;
  return Freshness::Fresh;
}

Standing standing_of(const catalog::Project& project, const engine::SnapshotFacts& facts,
                     std::string_view model, WallTime now) {
  Standing standing;
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
  }
  standing.sources.assign(sources.begin(), sources.end());
  const auto models = models_behind(facts, model);
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
  const auto worsen = [&](Trust other) { trust = std::max(trust, other); };
  if (standing.freshness == Freshness::Warn || standing.tests.warn > 0) worsen(Trust::Warn);
  if (standing.freshness == Freshness::Unknown) worsen(Trust::Unknown);
  if (standing.tests.pass + standing.tests.warn + standing.tests.fail == 0) worsen(Trust::Unknown);
  if (standing.freshness == Freshness::Stale) worsen(Trust::Stale);
  if (standing.tests.fail > 0) worsen(Trust::Fail);
  return trust;
}

}  // namespace martgate::tools
