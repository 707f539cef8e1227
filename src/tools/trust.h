// How far what was read can be trusted: the age of its loads and of its newest events, and the
// verdicts of its tests, carried through lineage. Pure.
//
// The trust of a whole is that of its worst part, in the order pass, warn, unknown, stale, fail.
// What nothing is known of is unknown: a table that was never loaded, a model nothing tests.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "catalog/project.h"
#include "engine/snapshot.h"

namespace martgate::tools {

// Ordered from best to worst, as Trust is: data known to be late is worse than data of unknown age.
enum class Freshness : std::uint8_t { Fresh, Warn, Unknown, Stale };
[[nodiscard]] std::string_view name_of(Freshness freshness);

enum class Trust : std::uint8_t { Pass, Warn, Unknown, Stale, Fail };
[[nodiscard]] std::string_view name_of(Trust trust);
[[nodiscard]] constexpr Trust worst(Trust a, Trust b) {
  return std::max(a, b);
}

struct TestCounts {
  int pass = 0;
  int warn = 0;
  int fail = 0;
};

// One reason why something is not fresh.
struct Lateness {
  enum class Kind : std::uint8_t { Load, Event };
  Kind kind = Kind::Load;
  std::string name;    // the raw table, or the mart whose newest event is old
  std::string source;  // of loads
  Freshness freshness = Freshness::Unknown;
  std::optional<WallTime> at;                 // last load, newest event; none: there is none
  std::optional<std::chrono::minutes> limit;  // the one that was passed
  const catalog::Owner* owner = nullptr;      // in the project
};
// "shop_orders was last loaded 3 days ago, promised within 50 hours".
[[nodiscard]] std::string to_text(const Lateness& lateness, WallTime now);

// What stands behind one model or raw table.
struct Standing {
  Freshness freshness = Freshness::Unknown;
  std::optional<WallTime> loaded_at;     // the oldest of the last loads of what is behind it
  std::optional<WallTime> newest_event;  // of the mart itself
  TestCounts tests;                      // of the model and every model behind it
  std::vector<const engine::TestResult*> not_passing;  // of those tests; in the snapshot's facts
  std::vector<std::string> sources;                    // sorted
  std::vector<Lateness> late;                          // loads by name, then events by name
};

// A promise without limits is kept by anything that happened at all; a limit itself is kept.
[[nodiscard]] Freshness freshness_of(const catalog::Freshness& promise,
                                     const std::optional<WallTime>& at, WallTime now);
// Against the source's promise.
[[nodiscard]] Freshness freshness_of(const catalog::Source& source,
                                     const std::optional<WallTime>& loaded_at, WallTime now);

// Marts with a `freshness` of their own are also held to it by their newest event.
[[nodiscard]] Standing standing_of(const catalog::Project& project,
                                   const engine::SnapshotFacts& facts, std::string_view model,
                                   WallTime now);

// A model without a single test is unknown, however fresh.
[[nodiscard]] Trust trust_of(const Standing& standing);

}  // namespace martgate::tools
