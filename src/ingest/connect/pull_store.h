// What connectors remember in state/raw.db, beside the rows and in their transactions.
//
//   _martgate_pulls       one line per polled table: cursor, digest of the last whole read, pages
//   _martgate_seen        128 bits of SHA-256 for each row that a pull has handed over
//   _martgate_pull_runs   one line per run: attempts, pages, bytes, rows, duration, error
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "ingest/table_rows.h"
#include "store/connection.h"

namespace martgate::ingest {

// Two rows with the same digest are one row.
struct RowDigest {
  std::int64_t high = 0;
  std::int64_t low = 0;
};
// Of the cells at `positions`, each with its length, NULL apart from empty text.
[[nodiscard]] RowDigest digest_of_cells(std::span<const Cell> cells,
                                        std::span<const std::size_t> positions);
[[nodiscard]] RowDigest digest_of_bytes(std::string_view bytes);

struct PullState {
  std::int64_t pull_id = 0;
  std::string cursor;      // empty: from the beginning
  std::string digest;      // of the last whole read; empty: none
  std::int64_t pages = 0;  // loaded so far; names the next one
};

// One run over one table, for people and for `doctor`.
struct PullRun {
  std::string name;    // the raw table, or "<raw table>/reconcile"
  std::string system;  // "sqlite", "postgres", "http", "webhook"
  WallTime started_at{};
  std::int64_t duration_ms = 0;
  std::int64_t attempts = 0;
  std::int64_t pages = 0;
  std::int64_t bytes = 0;
  std::int64_t rows = 0;
  std::int64_t known = 0;  // rows that were there already
  std::int64_t quarantined = 0;
  std::string error;   // empty: the run came to its end
  std::string reason;  // stable slug of the error
};

inline constexpr std::int64_t kRunsKept = 500;  // of one table

// Borrows the raw store's connection; the holder of the raw store's lock is the only writer.
class PullStore {
 public:
  // Makes the tables if need be.
  [[nodiscard]] static Result<PullStore> open(store::Connection& connection);

  // Makes the line of a pull if need be.
  [[nodiscard]] Result<PullState> state(const std::string& name);
  // Within the caller's transaction.
  Status save(const PullState& state);

  [[nodiscard]] Result<bool> is_seen(std::int64_t pull_id, const RowDigest& digest);
  // Within the caller's transaction. True when it was not seen before.
  [[nodiscard]] Result<bool> mark_seen(std::int64_t pull_id, const RowDigest& digest);

  // A transaction of its own; the oldest runs beyond kRunsKept go.
  Status record(const PullRun& run);

 private:
  explicit PullStore(store::Connection& connection, store::Statement find, store::Statement mark)
      : connection_(&connection), find_(std::move(find)), mark_(std::move(mark)) {}

  store::Connection* connection_;
  store::Statement find_;
  store::Statement mark_;
};

struct PullHealth {
  PullRun last;
  std::optional<WallTime> last_success_at;
  std::int64_t runs = 0;
  std::int64_t failures_in_row = 0;  // runs that failed since the last one that did not
};
// The last run of every pull, sorted by name. A store that does not exist, or that no connector has
// written to, has none.
[[nodiscard]] Result<std::vector<PullHealth>> pull_health(const std::filesystem::path& raw_store);

}  // namespace martgate::ingest
