#include "ingest/connect/pull_store.h"

#include <algorithm>

#include "base/digest.h"

namespace martgate::ingest {
namespace {

using store::Value;

std::int64_t bits_at(const Digest& digest, std::size_t from) {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < sizeof bits; ++i) bits = bits << 8U | digest[from + i];
  return static_cast<std::int64_t>(bits);
}

std::int64_t ms_of(WallTime at) {
  return at.time_since_epoch().count();
}

WallTime time_of(std::int64_t ms) {
  return WallTime(std::chrono::milliseconds(ms));
}

}  // namespace

RowDigest digest_of_bytes(std::string_view bytes) {
  const Digest digest = sha256(bytes);
  return {bits_at(digest, 0), bits_at(digest, 8)};
}

RowDigest digest_of_cells(std::span<const Cell> cells, std::span<const std::size_t> positions) {
  std::string text;
  for (const std::size_t position : positions) {
    const Cell& cell = cells[position];
    text += cell ? std::to_string(cell->size()) + ':' : std::string("-");
    if (cell) text.append(*cell);
  }
  return digest_of_bytes(text);
}

Result<PullStore> PullStore::open(store::Connection& connection) {
  auto made = connection.execute(
      "CREATE TABLE IF NOT EXISTS _martgate_pulls("
      " pull_id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, cursor TEXT NOT NULL,"
      " digest TEXT NOT NULL, pages INTEGER NOT NULL) STRICT;"
      "CREATE TABLE IF NOT EXISTS _martgate_seen("
      " pull_id INTEGER NOT NULL, high INTEGER NOT NULL, low INTEGER NOT NULL,"
      " PRIMARY KEY (pull_id, high, low)) STRICT, WITHOUT ROWID;"
      "CREATE TABLE IF NOT EXISTS _martgate_pull_runs("
      " run_id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, system TEXT NOT NULL,"
      " started_at_ms INTEGER NOT NULL, duration_ms INTEGER NOT NULL, attempts INTEGER NOT NULL,"
      " pages INTEGER NOT NULL, bytes INTEGER NOT NULL, row_count INTEGER NOT NULL,"
      " known INTEGER NOT NULL, quarantined INTEGER NOT NULL, error TEXT NOT NULL,"
      " reason TEXT NOT NULL) STRICT;"
      "CREATE INDEX IF NOT EXISTS _martgate_pull_runs_of_name"
      " ON _martgate_pull_runs(name, run_id);");
  if (!made) return tl::unexpected(made.error());
  auto find =
      connection.prepare("SELECT 1 FROM _martgate_seen WHERE pull_id = ? AND high = ? AND low = ?");
  if (!find) return tl::unexpected(find.error());
  auto mark = connection.prepare("INSERT OR IGNORE INTO _martgate_seen VALUES (?, ?, ?)");
  if (!mark) return tl::unexpected(mark.error());
  return PullStore(connection, std::move(*find), std::move(*mark));
}

Result<PullState> PullStore::state(const std::string& name) {
  const Value values[] = {name};
  auto made = connection_->query(
      "INSERT INTO _martgate_pulls (name, cursor, digest, pages) VALUES (?, '', '', 0)"
      " ON CONFLICT DO NOTHING",
      values);
  if (!made) return tl::unexpected(made.error());
  const auto rows = connection_->query(
      "SELECT pull_id, cursor, digest, pages FROM _martgate_pulls WHERE name = ?", values);
  if (!rows) return tl::unexpected(rows.error());
  return PullState{std::get<std::int64_t>(rows->at(0, 0)), std::get<std::string>(rows->at(0, 1)),
                   std::get<std::string>(rows->at(0, 2)), std::get<std::int64_t>(rows->at(0, 3))};
}

Status PullStore::save(const PullState& state) {
  const Value values[] = {state.cursor, state.digest, state.pages, state.pull_id};
  auto saved = connection_->query(
      "UPDATE _martgate_pulls SET cursor = ?, digest = ?, pages = ? WHERE pull_id = ?", values);
  if (!saved) return tl::unexpected(saved.error());
  return {};
}

Result<bool> PullStore::is_seen(std::int64_t pull_id, const RowDigest& digest) {
  const Value values[] = {pull_id, digest.high, digest.low};
  find_.reset();
  if (auto bound = find_.bind_all(values); !bound) return tl::unexpected(bound.error());
  auto found = find_.step();
  find_.reset();
  return found;
}

Result<bool> PullStore::mark_seen(std::int64_t pull_id, const RowDigest& digest) {
  const Value values[] = {pull_id, digest.high, digest.low};
  if (auto bound = mark_.bind_all(values); !bound) return tl::unexpected(bound.error());
  if (auto done = mark_.run(); !done) return tl::unexpected(done.error());
  return connection_->changes() > 0;
}

Status PullStore::record(const PullRun& run) {
  auto transaction = store::Transaction::begin(*connection_);
  if (!transaction) return tl::unexpected(transaction.error());
  const Value values[] = {run.name,        run.system,   ms_of(run.started_at),
                          run.duration_ms, run.attempts, run.pages,
                          run.bytes,       run.rows,     run.known,
                          run.quarantined, run.error,    run.reason};
  auto added = connection_->query(
      "INSERT INTO _martgate_pull_runs (name, system, started_at_ms, duration_ms, attempts, pages,"
      " bytes, row_count, known, quarantined, error, reason)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      values);
  if (!added) return tl::unexpected(added.error());
  const Value old[] = {run.name, kRunsKept};
  auto pruned = connection_->query(
      "DELETE FROM _martgate_pull_runs WHERE name = ?1 AND run_id <= (SELECT run_id FROM"
      " _martgate_pull_runs WHERE name = ?1 ORDER BY run_id DESC LIMIT 1 OFFSET ?2)",
      old);
  if (!pruned) return tl::unexpected(pruned.error());
  return transaction->commit();
}

Result<std::vector<PullHealth>> pull_health(const std::filesystem::path& raw_store) {
  std::error_code problem;
  if (!std::filesystem::exists(raw_store, problem)) return std::vector<PullHealth>{};
  auto connection = store::Connection::open_readonly(raw_store);
  if (!connection) return tl::unexpected(connection.error());
  const auto table =
      connection->query("SELECT 1 FROM sqlite_schema WHERE name = '_martgate_pull_runs'");
  if (!table) return tl::unexpected(table.error());
  if (table->row_count() == 0) return std::vector<PullHealth>{};
  const auto rows = connection->query(
      "WITH ends AS (SELECT name, max(run_id) AS last, count(*) AS runs,"
      "   max(CASE WHEN error = '' THEN run_id END) AS good FROM _martgate_pull_runs GROUP BY name)"
      " SELECT r.name, r.system, r.started_at_ms, r.duration_ms, r.attempts, r.pages, r.bytes,"
      "   r.row_count, r.known, r.quarantined, r.error, r.reason, ends.runs,"
      "   (SELECT started_at_ms + duration_ms FROM _martgate_pull_runs WHERE run_id = ends.good),"
      "   (SELECT count(*) FROM _martgate_pull_runs AS f WHERE f.name = r.name"
      "     AND f.run_id > coalesce(ends.good, 0))"
      " FROM ends JOIN _martgate_pull_runs AS r ON r.run_id = ends.last ORDER BY r.name");
  if (!rows) return tl::unexpected(rows.error());
  std::vector<PullHealth> health;
  for (std::size_t i = 0; i < rows->row_count(); ++i) {
    const auto number = [&](std::size_t column) {
      const auto* value = std::get_if<std::int64_t>(&rows->at(i, column));
      return value == nullptr ? 0 : *value;
    };
    const auto text = [&](std::size_t column) {
      return std::get<std::string>(rows->at(i, column));
    };
    PullHealth one;
    one.last = {.name = text(0),
                .system = text(1),
                .started_at = time_of(number(2)),
                .duration_ms = number(3),
                .attempts = number(4),
                .pages = number(5),
                .bytes = number(6),
                .rows = number(7),
                .known = number(8),
                .quarantined = number(9),
                .error = text(10),
                .reason = text(11)};
    one.runs = number(12);
    if (!store::is_null(rows->at(i, 13))) one.last_success_at = time_of(number(13));
    one.failures_in_row = number(14);
    health.push_back(std::move(one));
  }
  return health;
}

}  // namespace martgate::ingest
