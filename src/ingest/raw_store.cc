#include "ingest/raw_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"
#include "ingest/load_writer.h"
#include "ingest/raw_tables.h"
#include "ingest/table_rows.h"
#include "ingest/volume.h"

namespace martgate::ingest {
namespace {

using store::Sql;
using store::Value;

constexpr std::int64_t kRowsPerProgress = 65'536;
constexpr std::int64_t kFormat = 2;  // of raw.db, in its user_version

// Refusals that say nothing about the deliveries beside this one.
constexpr std::array<std::string_view, 4> kDeliveryReasons{"schema_drift", "unreadable_file",
                                                           "wrong_encoding", "changed_file"};

Status write_rows(const RawStore::LoadRequest& request, TableRows& rows, LoadWriter& writer) {
  for (std::int64_t row = 1;; ++row) {
    const auto kind = rows.next();
    if (!kind) return tl::unexpected(kind.error());
    if (*kind == TableRows::Kind::End) return {};
    if (*kind == TableRows::Kind::Bad) {
      if (auto written = writer.quarantine(rows.bad(), row); !written) return written;
    } else if (auto taken = writer.take(rows, row); !taken) {
      return tl::unexpected(taken.error());
    }
    if (request.progress && row % kRowsPerProgress == 0) request.progress(row);
  }
}

std::string type_of(std::string_view types, std::string_view column) {
  for (const std::string_view part : split(types, '\n')) {
    const std::size_t blank = part.rfind(' ');
    if (part.substr(0, blank) == column) return std::string(part.substr(blank + 1));
  }
  return {};
}

}  // namespace

bool is_of_delivery(const Error& error) {
  return std::ranges::find(kDeliveryReasons, error.reason) != kDeliveryReasons.end();
}

std::string storage_types(const catalog::SourceTable& table) {
  std::vector<std::string> types;
  for (const catalog::SourceColumn& column : table.columns) {
    types.push_back(fmt::format("{} {}", column.name, storage_type(column)));
  }
  return join(types, "\n");
}

bool is_stored_alike(const catalog::SourceTable& table, std::string_view types) {
  return std::ranges::all_of(table.columns, [&](const catalog::SourceColumn& column) {
    const std::string before = type_of(types, column.name);
    return before.empty() || before == storage_type(column);
  });
}

std::filesystem::path raw_store_path(const std::filesystem::path& state_folder) {
  return state_folder / "raw.db";
}

Result<RawStore> RawStore::open(const std::filesystem::path& path) {
  auto connection = store::Connection::open_writable(path, store::Durability::Full);
  if (!connection) return tl::unexpected(connection.error());
  const auto version = connection->query_value("PRAGMA user_version");
  const auto tables = connection->query_value("SELECT count(*) FROM sqlite_schema");
  if (!version || !tables) return tl::unexpected((version ? tables : version).error());
  if (*version != Value(kFormat) && *tables != Value(std::int64_t{0})) {
    return fail(Code::FailedPrecondition,
                fmt::format("{} was written in another format", path.string()),
                {"remove it: the next build loads every file again"}, "raw_store_format");
  }
  if (auto made = make_bookkeeping(*connection); !made) {
    return tl::unexpected(with_context(made.error(), path.string()));
  }
  return RawStore(std::move(*connection));
}

Status RawStore::prepare_table(const catalog::SourceTable& table) {
  if (auto contract = RowContract::make(table); !contract) {
    return tl::unexpected(contract.error());
  }
  auto transaction = store::Transaction::begin(connection_);
  if (!transaction) return tl::unexpected(transaction.error());
  if (auto made = make_raw_table(connection_, table); !made) return made;
  if (auto settled = settle(table); !settled) return settled;
  return transaction->commit();
}

// Live is the latest load of each path, and of a snapshot table only that of the last path. Said of
// all loads at once, so that a changed load mode or a reload of an older file needs no case of its
// own.
Status RawStore::settle(const catalog::SourceTable& table) {
  const bool is_snapshot = table.load == catalog::LoadMode::Snapshot;
  const Value values[] = {table.raw_name, std::int64_t{is_snapshot ? 1 : 0}};
  auto settle = connection_.prepare(
      "WITH latest AS (SELECT path, max(load_id) AS load_id FROM _martgate_loads"
      "   WHERE raw_table = ?1 AND replay_of IS NULL GROUP BY path),"
      " winner AS (SELECT load_id FROM latest"
      "   WHERE ?2 = 0 OR path = (SELECT max(path) FROM latest)),"
      " wanted AS (SELECT load_id AS id, load_id IN (SELECT load_id FROM winner) AS live,"
      "   coalesce((SELECT min(later.load_id) FROM _martgate_loads AS later"
      "     WHERE later.raw_table = ?1 AND later.path = loads.path AND later.replay_of IS NULL"
      "     AND later.load_id > loads.load_id),"
      "     (SELECT min(load_id) FROM winner)) AS successor"
      "   FROM _martgate_loads AS loads WHERE raw_table = ?1 AND replay_of IS NULL)"
      " UPDATE _martgate_loads SET live = wanted.live,"
      "   superseded_by = CASE WHEN wanted.live THEN NULL ELSE wanted.successor END"
      " FROM wanted WHERE load_id = wanted.id AND (_martgate_loads.live <> wanted.live"
      "   OR (NOT wanted.live AND superseded_by IS NOT wanted.successor))");
  if (!settle) return tl::unexpected(settle.error());
  if (auto bound = settle->bind_all(values); !bound) return bound;
  if (auto done = settle->run(); !done) return done;
  // A replay lives and dies with the load whose quarantine it came from.
  const Value name[] = {table.raw_name};
  auto replays = connection_.prepare(
      "UPDATE _martgate_loads SET live = parent.live, superseded_by = parent.superseded_by"
      " FROM (SELECT load_id AS id, live, superseded_by FROM _martgate_loads) AS parent"
      " WHERE raw_table = ?1 AND replay_of = parent.id AND _martgate_loads.live <> parent.live");
  if (!replays) return tl::unexpected(replays.error());
  if (auto bound = replays->bind_all(name); !bound) return bound;
  if (auto done = replays->run(); !done) return done;
  return revive_repeats(table);
}

Status RawStore::revive_repeats(const catalog::SourceTable& table) {
  const Value name[] = {table.raw_name};
  const auto orphans = connection_.query(
      "SELECT s.load_id, s.row, s.row_hash, s.kept_load_id, s.kept_row"
      " FROM _martgate_loads AS gone JOIN _martgate_repeats AS s ON s.kept_load_id = gone.load_id"
      " JOIN _martgate_loads AS own ON own.load_id = s.load_id"
      " WHERE gone.raw_table = ?1 AND gone.live = 0 AND own.live = 1"
      " ORDER BY s.load_id, s.row",
      name);
  if (!orphans) return tl::unexpected(orphans.error());
  if (orphans->row_count() == 0) return {};
  if (auto made = make_hash_index(connection_, table); !made) return made;
  const std::string rows = store::quoted_identifier(rows_table_name(table));
  const auto physical = connection_.query(
      "SELECT name FROM pragma_table_info(?1 || '__rows')"
      " WHERE name NOT IN ('_load_id', '_row')",
      name);
  if (!physical) return tl::unexpected(physical.error());
  std::vector<std::string> columns;
  std::string same;
  for (std::size_t i = 0; i < physical->row_count(); ++i) {
    const std::string column = store::quoted_identifier(text_at(*physical, i, 0));
    columns.push_back(column);
    if (column != "\"_original\"") same += fmt::format(" AND r.{0} IS gone.{0}", column);
  }
  auto other = connection_.prepare(Sql::rendered(fmt::format(
      "SELECT r._load_id, r._row FROM {0} AS gone JOIN {0} AS r ON r._row_hash = gone._row_hash{1}"
      " JOIN _martgate_loads AS l ON l.load_id = r._load_id AND l.live = 1"
      " WHERE gone._load_id = ?1 AND gone._row = ?2 LIMIT 1",
      rows, same)));
  if (!other) return tl::unexpected(other.error());
  auto copy = connection_.prepare(
      Sql::rendered(fmt::format("INSERT INTO {0} (_load_id, _row, {1}) SELECT ?1, ?2, {1} FROM {0}"
                                " WHERE _load_id = ?3 AND _row = ?4",
                                rows, join(columns, ", "))));
  if (!copy) return tl::unexpected(copy.error());
  auto forget =
      connection_.prepare("DELETE FROM _martgate_repeats WHERE load_id = ?1 AND row = ?2");
  auto count = connection_.prepare(
      "UPDATE _martgate_loads SET row_count = row_count + 1, repeated = repeated - 1"
      " WHERE load_id = ?1");
  auto point = connection_.prepare(
      "UPDATE _martgate_repeats SET kept_load_id = ?3, kept_row = ?4"
      " WHERE load_id = ?1 AND row = ?2");
  if (!forget) return tl::unexpected(forget.error());
  if (!count) return tl::unexpected(count.error());
  if (!point) return tl::unexpected(point.error());
  for (std::size_t i = 0; i < orphans->row_count(); ++i) {
    const std::int64_t load_id = int_at(*orphans, i, 0);
    const std::int64_t row = int_at(*orphans, i, 1);
    const Value gone[] = {int_at(*orphans, i, 3), int_at(*orphans, i, 4)};
    if (auto bound = other->bind_all(gone); !bound) return bound;
    const auto found = other->step();
    if (!found) return tl::unexpected(found.error());
    const Value place[] = {load_id, row, *found ? other->column_int(0) : std::int64_t{0},
                           *found ? other->column_int(1) : std::int64_t{0}};
    other->reset();
    if (*found) {
      if (auto bound = point->bind_all(place); !bound) return bound;
      if (auto done = point->run(); !done) return done;
      continue;
    }
    const Value copied[] = {load_id, row, gone[0], gone[1]};
    if (auto bound = copy->bind_all(copied); !bound) return bound;
    if (auto done = copy->run(); !done) return done;
    if (auto bound = forget->bind_all(std::span(copied).first(2)); !bound) return bound;
    if (auto done = forget->run(); !done) return done;
    if (auto bound = count->bind_all(std::span(copied).first(1)); !bound) return bound;
    if (auto done = count->run(); !done) return done;
  }
  return {};
}

Result<std::optional<RawStore::KnownFile>> RawStore::known_file(std::string_view raw_name,
                                                                std::string_view path) {
  const Value values[] = {std::string(raw_name), std::string(path)};
  const auto rows = connection_.query(
      "SELECT sha256, bytes, types FROM _martgate_loads"
      " WHERE raw_table = ? AND path = ? AND replay_of IS NULL ORDER BY load_id DESC LIMIT 1",
      values);
  if (!rows) return tl::unexpected(rows.error());
  if (rows->row_count() == 0) return std::nullopt;
  return KnownFile{text_at(*rows, 0, 0), int_at(*rows, 0, 1), text_at(*rows, 0, 2)};
}

Result<bool> RawStore::has_held(std::string_view raw_name, std::string_view path) {
  const Value values[] = {std::string(raw_name), std::string(path)};
  const auto rows = connection_.query(
      "SELECT 1 FROM _martgate_held WHERE raw_table = ? AND path = ? AND state = 'held' LIMIT 1",
      values);
  if (!rows) return tl::unexpected(rows.error());
  return rows->row_count() > 0;
}

Result<std::optional<std::string>> RawStore::held(std::string_view raw_name, std::string_view path,
                                                  std::string_view sha256) {
  const Value values[] = {std::string(raw_name), std::string(path), std::string(sha256)};
  const auto rows = connection_.query(
      "SELECT reason FROM _martgate_held"
      " WHERE raw_table = ? AND path = ? AND sha256 = ? AND state = 'held'",
      values);
  if (!rows) return tl::unexpected(rows.error());
  if (rows->row_count() == 0) return std::nullopt;
  return text_at(*rows, 0, 0);
}

Result<std::int64_t> RawStore::release(std::string_view what) {
  const Value values[] = {std::string(what)};
  auto released = connection_.prepare(
      "UPDATE _martgate_held SET state = 'released' WHERE state = 'held'"
      " AND (?1 = 'all' OR path = ?1 OR raw_table = ?1)");
  if (!released) return tl::unexpected(released.error());
  if (auto bound = released->bind_all(values); !bound) return tl::unexpected(bound.error());
  if (auto done = released->run(); !done) return tl::unexpected(done.error());
  return connection_.changes();
}

Result<std::vector<std::string>> RawStore::live_paths(std::string_view raw_name) {
  const Value values[] = {std::string(raw_name)};
  const auto rows = connection_.query(
      "SELECT DISTINCT path FROM _martgate_loads WHERE raw_table = ? AND live = 1 ORDER BY path",
      values);
  if (!rows) return tl::unexpected(rows.error());
  std::vector<std::string> paths;
  for (std::size_t i = 0; i < rows->row_count(); ++i) paths.push_back(text_at(*rows, i, 0));
  return paths;
}

Result<Load> RawStore::load(const LoadRequest& request, const Delivery& delivery) {
  Load load;
  const auto done = load_in_transaction(request, delivery, load);
  if (done) return load;
  if (done.error().reason != "schema_drift") return tl::unexpected(done.error());
  // Nothing was loaded; that the columns drifted is remembered all the same.
  load.load_id = 0;
  if (load.drift.empty()) {
    const auto drift = delivery.rows.drift();
    load.drift.assign(drift.begin(), drift.end());
  }
  const auto identity = delivery.finish();
  if (auto kept = remember_drift(request, identity ? identity->sha256 : "", load); !kept) {
    return tl::unexpected(kept.error());
  }
  return tl::unexpected(done.error());
}

Status RawStore::load_in_transaction(const LoadRequest& request, const Delivery& delivery,
                                     Load& load) {
  auto transaction = store::Transaction::begin(connection_);
  if (!transaction) return tl::unexpected(transaction.error());
  const Value head[] = {request.source, request.table.raw_name, request.path,
                        std::int64_t{request.at.time_since_epoch().count()},
                        storage_types(request.table)};
  auto announce = connection_.prepare(
      "INSERT INTO _martgate_loads (source, raw_table, path, sha256, bytes, row_count, quarantined,"
      " loaded_at_ms, live, types) VALUES (?1, ?2, ?3, '', 0, 0, 0, ?4, 1, ?5)");
  if (!announce) return tl::unexpected(announce.error());
  if (auto bound = announce->bind_all(head); !bound) return tl::unexpected(bound.error());
  if (auto done = announce->run(); !done) return tl::unexpected(done.error());
  const std::int64_t load_id = connection_.last_insert_rowid();

  {
    auto writer = LoadWriter::make(connection_, {request.table, load_id, request.path,
                                                 /*is_replay=*/false, request.skips_repeats});
    if (!writer) return tl::unexpected(writer.error());
    if (auto written = write_rows(request, delivery.rows, *writer); !written) {
      return tl::unexpected(written.error());
    }
    load = writer->load();
    const auto columns = delivery.rows.drift();
    load.drift.assign(columns.begin(), columns.end());
    for (DriftEvent& event : writer->contract().type_drift()) {
      const bool is_refused = event.action == catalog::DriftAction::Refuse;
      load.drift.push_back(std::move(event));
      if (!is_refused) continue;
      return fail(Code::InvalidArgument,
                  fmt::format("column {}: {}; {}", load.drift.back().column,
                              load.drift.back().detail, load.drift.back().guess),
                  {}, "schema_drift");
    }
  }
  const auto identity = delivery.finish();
  if (!identity) return tl::unexpected(identity.error());
  auto reason = hold_reason(request, *identity, load);
  if (!reason) return tl::unexpected(reason.error());
  if (!reason->empty()) {
    load.held = std::move(*reason);
    if (auto undone = transaction->rollback(); !undone) return tl::unexpected(undone.error());
    load.load_id = 0;
    if (auto kept = remember_held(request, *identity, load); !kept) {
      return tl::unexpected(kept.error());
    }
    return {};
  }
  const Value tail[] = {identity->sha256, identity->bytes, load.rows,
                        load.quarantined, load.repeated,   std::string(delivery.rows.preamble()),
                        load_id};
  auto complete = connection_.prepare(
      "UPDATE _martgate_loads SET sha256 = ?, bytes = ?, row_count = ?, quarantined = ?,"
      " repeated = ?, preamble = ? WHERE load_id = ?");
  if (!complete) return tl::unexpected(complete.error());
  if (auto bound = complete->bind_all(tail); !bound) return tl::unexpected(bound.error());
  if (auto done = complete->run(); !done) return tl::unexpected(done.error());
  const Value path[] = {request.table.raw_name, request.path, identity->sha256};
  auto unheld = connection_.prepare(
      "UPDATE _martgate_held SET state = CASE sha256 WHEN ?3 THEN 'loaded' ELSE 'replaced' END"
      " WHERE raw_table = ?1 AND path = ?2 AND state IN ('held', 'released')");
  if (!unheld) return tl::unexpected(unheld.error());
  if (auto bound = unheld->bind_all(path); !bound) return tl::unexpected(bound.error());
  if (auto done = unheld->run(); !done) return tl::unexpected(done.error());
  if (auto kept = remember_drift(request, identity->sha256, load); !kept) {
    return tl::unexpected(kept.error());
  }
  if (auto settled = settle(request.table); !settled) return tl::unexpected(settled.error());
  if (delivery.in_transaction) {
    if (auto done = delivery.in_transaction(connection_, load); !done) {
      return tl::unexpected(done.error());
    }
  }
  return transaction->commit();
}

// Empty when the delivery may go in.
Result<std::string> RawStore::hold_reason(const LoadRequest& request,
                                          const DeliveryIdentity& identity, const Load& load) {
  if (!request.is_volume_checked || !request.table.volume.is_checked) return std::string();
  const Value piece[] = {request.table.raw_name, request.path, identity.sha256};
  const auto released = connection_.query(
      "SELECT 1 FROM _martgate_held"
      " WHERE raw_table = ? AND path = ? AND sha256 = ? AND state = 'released'",
      piece);
  if (!released) return tl::unexpected(released.error());
  if (released->row_count() > 0) return std::string();
  const Value values[] = {request.table.raw_name, load.load_id,
                          std::int64_t{request.table.volume.history}};
  const auto rows = connection_.query(
      "SELECT bytes, row_count + repeated + quarantined FROM _martgate_loads"
      " WHERE raw_table = ? AND load_id < ? AND replay_of IS NULL ORDER BY load_id DESC LIMIT ?",
      values);
  if (!rows) return tl::unexpected(rows.error());
  std::vector<Volume> history;
  for (std::size_t i = 0; i < rows->row_count(); ++i) {
    history.push_back({int_at(*rows, i, 0), int_at(*rows, i, 1)});
  }
  const Volume delivered{identity.bytes, load.rows + load.repeated + load.quarantined};
  return unusual_volume(delivered, history, request.table.volume).value_or("");
}

Status RawStore::remember_held(const LoadRequest& request, const DeliveryIdentity& identity,
                               const Load& load) {
  const Value values[] = {request.source, request.table.raw_name,
                          request.path,   identity.sha256,
                          identity.bytes, load.rows + load.repeated + load.quarantined,
                          load.held,      std::int64_t{request.at.time_since_epoch().count()}};
  auto held = connection_.prepare(
      "INSERT INTO _martgate_held (source, raw_table, path, sha256, bytes, row_count, reason,"
      " at_ms, state) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'held')"
      " ON CONFLICT (raw_table, path, sha256) DO UPDATE SET state = 'held', reason = ?7");
  if (!held) return tl::unexpected(held.error());
  if (auto bound = held->bind_all(values); !bound) return bound;
  return held->run();
}

Status RawStore::remember_drift(const LoadRequest& request, std::string_view sha256,
                                const Load& load) {
  if (load.drift.empty()) return {};
  auto insert = connection_.prepare(
      "INSERT OR IGNORE INTO _martgate_drift (source, raw_table, path, sha256, load_id, line, kind,"
      " column_name, detail, guess, action, at_ms)"
      " VALUES (?1, ?2, ?3, ?4, nullif(?5, 0), ?6, ?7, ?8, ?9, ?10, ?11, ?12)");
  if (!insert) return tl::unexpected(insert.error());
  for (const DriftEvent& event : load.drift) {
    const Value values[] = {request.source,
                            request.table.raw_name,
                            request.path,
                            std::string(sha256),
                            load.load_id,
                            event.line,
                            std::string(name_of(event.kind)),
                            event.column,
                            event.detail,
                            event.guess,
                            std::string(name_of(event.action)),
                            std::int64_t{request.at.time_since_epoch().count()}};
    if (auto bound = insert->bind_all(values); !bound) return bound;
    if (auto done = insert->run(); !done) return done;
  }
  return {};
}

Result<std::vector<engine::LoadedTable>> loaded_tables(const std::filesystem::path& raw_store,
                                                       const catalog::Project& project) {
  std::vector<engine::LoadedTable> tables;
  for (const catalog::Source& source : project.sources) {
    for (const catalog::SourceTable& table : source.tables) {
      engine::LoadedTable loaded;
      loaded.source = source.common.name;
      loaded.raw_name = table.raw_name;
      tables.push_back(std::move(loaded));
    }
  }
  std::ranges::sort(tables, {}, &engine::LoadedTable::raw_name);
  std::error_code problem;
  if (!std::filesystem::exists(raw_store, problem)) return tables;
  auto connection = store::Connection::open_readonly(raw_store);
  if (!connection) return tl::unexpected(connection.error());
  for (engine::LoadedTable& table : tables) {
    const Value values[] = {table.raw_name};
    const auto rows = connection->query(
        "SELECT count(*), coalesce(sum(row_count), 0),"
        " (SELECT count(*) FROM _martgate_quarantine AS q JOIN _martgate_loads AS o USING (load_id)"
        "   WHERE o.raw_table = ?1 AND o.live = 1 AND q.replayed_by IS NULL),"
        " max(loaded_at_ms) FROM _martgate_loads WHERE raw_table = ?1 AND live = 1",
        values);
    if (!rows) return tl::unexpected(rows.error());
    table.loads = int_at(*rows, 0, 0);
    table.rows = int_at(*rows, 0, 1);
    table.quarantined = int_at(*rows, 0, 2);
    if (table.loads > 0) {
      table.last_loaded_at = WallTime{std::chrono::milliseconds(int_at(*rows, 0, 3))};
    }
  }
  return tables;
}

}  // namespace martgate::ingest
