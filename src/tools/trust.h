// How far what was read can be trusted: freshness of its loads, verdicts of its tests. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "catalog/project.h"
#include "engine/snapshot.h"

namespace martgate::tools {

enum class Freshness : std::uint8_t { Fresh, Warn, Stale, Unknown };
[[nodiscard]] std::string_view name_of(Freshness freshness);

// Ordered from best to worst; the trust of a whole is that of its worst part.
enum class Trust : std::uint8_t { Pass, Warn, Unknown, Stale, Fail };
[[nodiscard]] std::string_view name_of(Trust trust);

struct TestCounts {
  int pass = 0;
  int warn = 0;
  int fail = 0;
};

// What stands behind one model or raw table.
struct Standing {
  Freshness freshness = Freshness::Unknown;
  std::optional<WallTime> loaded_at;  // the oldest of the last loads of what is behind it
  TestCounts tests;                   // of the model and every model behind it
  std::vector<const engine::TestResult*> not_passing;  // of those tests; in the snapshot's facts
  std::vector<std::string> sources;                    // sorted
};

// Against the source's promise; a source without one is fresh once anything was loaded.
[[nodiscard]] Freshness freshness_of(const catalog::Source& source,
                                     const std::optional<WallTime>& loaded_at, WallTime now);

[[nodiscard]] Standing standing_of(const catalog::Project& project,
                                   const engine::SnapshotFacts& facts, std::string_view model,
                                   WallTime now);

// A model without a single test is unknown, however fresh.
[[nodiscard]] Trust trust_of(const Standing& standing);

}  // namespace martgate::tools
