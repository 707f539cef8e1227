// What a snapshot knows about itself: where its tables came from, when, and how they were tested.
// Written by the build into the file it publishes, read by whoever answers from it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "engine/event_times.h"
#include "store/connection.h"

namespace martgate::engine {

// The live loads of one raw table at the moment of the build.
struct LoadedTable {
  std::string source;    // "billing"
  std::string raw_name;  // "billing_invoices"
  std::int64_t loads = 0;
  std::int64_t rows = 0;
  std::int64_t quarantined = 0;            // rows kept out of it, visible in the raw store
  std::optional<WallTime> last_loaded_at;  // none: nothing was ever loaded
  std::string content = {};                // digest of which live loads these are; of the build
};

struct BuiltModel {
  std::string name;
  std::string layer;   // "staging" | "marts"
  std::string digest;  // of its YAML and SQL
  std::int64_t rows = 0;
  std::string recipe = {};   // digest of its SQL, its table and the content of all it reads
  std::string content = {};  // digest of its table: definition, indexes and every row
};

// `model` reads `columns` of `reads`, as the engine reported when it prepared the model's SQL.
struct LineageEdge {
  std::string model;
  std::string reads;                 // a model's name or a raw table's raw_name
  std::string reads_layer;           // "raw" | "staging" | "marts"
  std::vector<std::string> columns;  // sorted
};

enum class Verdict : std::uint8_t { Pass, Warn, Fail };
[[nodiscard]] std::string_view name_of(Verdict verdict);

inline constexpr std::size_t kFailingRowsMax = 20;

struct TestResult {
  std::string name;  // "orders.channel.accepted_values"
  std::string model;
  std::string column;    // may be empty
  std::string check;     // "accepted_values"
  std::string severity;  // "error" | "warn"
  Verdict verdict = Verdict::Pass;
  std::string observed;  // the number or value found, as text
  std::string expected;  // what was demanded, in words
  std::string recipe =
      {};  // digest of its SQL and the content of all it reads; empty: never reused
  // At most kFailingRowsMax rows that failed it, each a JSON object; what may not be shown is
  // masked.
  std::vector<std::string> failing_rows = {};
};

struct SnapshotFacts {
  std::string id;  // "snap_3f9a1c20b7e4d581"; see snapshot_id
  WallTime built_at{};
  std::string project;
  std::string project_digest;
  std::string commit;                // may be empty
  std::vector<LoadedTable> loaded;   // sorted by raw_name
  std::vector<BuiltModel> models;    // in build order
  std::vector<LineageEdge> lineage;  // sorted by model, reads
  std::vector<TestResult> tests;     // sorted by name
  std::vector<EventTime> events;     // sorted by model

  [[nodiscard]] const BuiltModel* model(std::string_view name) const;
  // Names of every raw table that `model` goes back to, sorted; through models at any depth.
  [[nodiscard]] std::vector<std::string> raw_tables_behind(std::string_view model) const;
  [[nodiscard]] const LoadedTable* loaded_table(std::string_view raw_name) const;
  [[nodiscard]] const EventTime* newest_event(std::string_view model) const;
};

// SHA-256 hex over everything a snapshot holds: project and definitions, loads, models with their
// content, lineage, test verdicts. Neither the time of the build nor the git commit takes part, so
// the same loads and definitions give the same snapshot whenever and wherever they are built.
[[nodiscard]] std::string content_digest(const SnapshotFacts& facts);
// "snap_" and the first 16 digits of it.
[[nodiscard]] std::string snapshot_id(const SnapshotFacts& facts);

// Tables "_martgate_*" of the snapshot file. Errors of read: Unavailable for a file that is no
// snapshot.
[[nodiscard]] Status write_facts(store::Connection& snapshot, const SnapshotFacts& facts);
[[nodiscard]] Result<SnapshotFacts> read_facts(const std::filesystem::path& path);

// state/marts/: <id>.db files and `current`, a text file that holds one id.
[[nodiscard]] std::filesystem::path snapshot_path(const std::filesystem::path& state_folder,
                                                  std::string_view id);
// Errors: NotFound (reason "no_snapshot") with the command that makes one.
[[nodiscard]] Result<std::string> current_snapshot(const std::filesystem::path& state_folder);

}  // namespace martgate::engine
