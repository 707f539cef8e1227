#include "ingest/raw_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/digest.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "ingest/table_rows.h"

namespace martgate::ingest {
namespace {

using store::Sql;
using store::Value;

constexpr std::int64_t kRowsPerProgress = 65'536;

std::string rows_table(const catalog::SourceTable& table) {
  return store::quoted_identifier(table.raw_name + "__rows");
}

std::string column_list(const catalog::SourceTable& table) {
  std::vector<std::string> names;
  for (const catalog::SourceColumn& column : table.columns) {
    names.push_back(store::quoted_identifier(column.name));
  }
  return join(names, ", ");
}

std::string view_sql(const catalog::SourceTable& table) {
  return fmt::format(
      "CREATE VIEW {} AS SELECT {}, _load_id, _row FROM {} WHERE _load_id IN"
      " (SELECT load_id FROM _martgate_loads WHERE raw_table = {} AND live = 1)",
      store::quoted_identifier(table.raw_name), column_list(table), rows_table(table),
      store::quoted_literal(table.raw_name));
}

std::string insert_sql(const catalog::SourceTable& table) {
  std::string marks;
  for (std::size_t i = 0; i < table.columns.size(); ++i) marks += ", ?";
  return fmt::format("INSERT INTO {} (_load_id, _row, _row_hash, {}) VALUES (?, ?, ?{})",
                     rows_table(table), column_list(table), marks);
}

// Each cell as its length (u32le) and its bytes, NULL as the length 0xFFFFFFFF: no two rows share
// the text that is hashed.
std::int64_t row_hash(std::span<const Cell> cells, std::string& text) {
  text.clear();
  for (const Cell& cell : cells) {
    const auto length = cell ? static_cast<std::uint32_t>(cell->size()) : 0xFFFFFFFFU;
    for (unsigned shift = 0; shift < 32; shift += 8) {
      text.push_back(static_cast<char>(length >> shift & 0xFFU));
    }
    if (cell) text.append(*cell);
  }
  const Digest digest = sha256(text);
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < sizeof bits; ++i) bits = bits << 8U | digest[i];
  return static_cast<std::int64_t>(bits);
}

// The first required column that is NULL, or null.
const catalog::SourceColumn* broken_requirement(const catalog::SourceTable& table,
                                                std::span<const Cell> cells) {
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (table.columns[i].required && !cells[i]) return &table.columns[i];
  }
  return nullptr;
}

// Prepared statements that put one file's rows into the store.
class RowWriter {
 public:
  [[nodiscard]] static Result<RowWriter> make(store::Connection& connection,
                                              const RawStore::LoadRequest& request,
                                              std::int64_t load_id) {
    auto insert = connection.prepare(Sql::rendered(insert_sql(request.table)));
    if (!insert) return tl::unexpected(insert.error());
    auto quarantine = connection.prepare(
        "INSERT INTO _martgate_quarantine (load_id, path, line, reason, raw)"
        " VALUES (?, ?, ?, ?, CAST(? AS BLOB))");
    if (!quarantine) return tl::unexpected(quarantine.error());
    return RowWriter(std::move(*insert), std::move(*quarantine), request, load_id);
  }

  Status add_row(std::int64_t row, std::span<const Cell> cells) {
    const Value fixed[] = {load_id_, row, row_hash(cells, scratch_)};
    int index = 0;
    for (const Value& value : fixed) {
      if (auto bound = insert_.bind(index++, value); !bound) return bound;
    }
    for (const Cell& cell : cells) {
      const Value value = cell ? Value(std::string(*cell)) : Value();
      if (auto bound = insert_.bind(index++, value); !bound) return bound;
    }
    ++load_.rows;
    return insert_.run();
  }

  Status add_bad(const BadRow& bad) {
    const Value values[] = {load_id_, path_, bad.line, bad.reason, bad.raw};
    if (auto bound = quarantine_.bind_all(values); !bound) return bound;
    ++load_.quarantined;
    return quarantine_.run();
  }

  [[nodiscard]] const Load& load() const { return load_; }

 private:
  RowWriter(store::Statement insert, store::Statement quarantine,
            const RawStore::LoadRequest& request, std::int64_t load_id)
      : insert_(std::move(insert)),
        quarantine_(std::move(quarantine)),
        path_(request.path),
        load_id_(load_id) {}

  store::Statement insert_;
  store::Statement quarantine_;
  std::string path_;
  std::int64_t load_id_;
  Load load_;
  std::string scratch_;
};

Status write_rows(const RawStore::LoadRequest& request, TableRows& rows, RowWriter& writer) {
  for (std::int64_t row = 1;; ++row) {
    const auto kind = rows.next();
    if (!kind) return tl::unexpected(kind.error());
    if (*kind == TableRows::Kind::End) return {};
    Status written;
    if (*kind == TableRows::Kind::Bad) {
      written = writer.add_bad(rows.bad());
    } else if (const auto* column = broken_requirement(request.table, rows.cells())) {
      written = writer.add_bad(
          rows.as_bad(fmt::format("holds no value in the required column {}", column->name)));
    } else {
      written = writer.add_row(row, rows.cells());
    }
    if (!written) return written;
    if (request.progress && row % kRowsPerProgress == 0) request.progress(row);
  }
}

std::string text_at(const store::RowSet& rows, std::size_t row, std::size_t column) {
  const auto* text = std::get_if<std::string>(&rows.at(row, column));
  return text == nullptr ? std::string() : *text;
}

std::int64_t int_at(const store::RowSet& rows, std::size_t row, std::size_t column) {
  const auto* number = std::get_if<std::int64_t>(&rows.at(row, column));
  return number == nullptr ? 0 : *number;
}

}  // namespace

std::filesystem::path raw_store_path(const std::filesystem::path& state_folder) {
  return state_folder / "raw.db";
}

Result<RawStore> RawStore::open(const std::filesystem::path& path) {
  auto connection = store::Connection::open_writable(path, store::Durability::Full);
  if (!connection) return tl::unexpected(connection.error());
  auto made = connection->execute(
      "CREATE TABLE IF NOT EXISTS _martgate_loads("
      " load_id INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL, raw_table TEXT NOT NULL,"
      " path TEXT NOT NULL, sha256 TEXT NOT NULL, bytes INTEGER NOT NULL,"
      " row_count INTEGER NOT NULL, quarantined INTEGER NOT NULL, loaded_at_ms INTEGER NOT NULL,"
      " live INTEGER NOT NULL, superseded_by INTEGER) STRICT;"
      "CREATE INDEX IF NOT EXISTS _martgate_loads_of_path"
      " ON _martgate_loads(raw_table, path, load_id);"
      "CREATE TABLE IF NOT EXISTS _martgate_quarantine("
      " load_id INTEGER NOT NULL, path TEXT NOT NULL, line INTEGER NOT NULL, reason TEXT NOT NULL,"
      " raw BLOB NOT NULL) STRICT;"
      "CREATE INDEX IF NOT EXISTS _martgate_quarantine_of_load ON _martgate_quarantine(load_id);");
  if (!made) return tl::unexpected(with_context(made.error(), path.string()));
  return RawStore(std::move(*connection));
}

Status RawStore::prepare_table(const catalog::SourceTable& table) {
  auto transaction = store::Transaction::begin(connection_);
  if (!transaction) return tl::unexpected(transaction.error());
  // Clustered by load: a view that shows one load of hundreds reads that one alone.
  auto made = connection_.execute(Sql::rendered(
      fmt::format("CREATE TABLE IF NOT EXISTS {} (_load_id INTEGER NOT NULL, _row INTEGER NOT NULL,"
                  " _row_hash INTEGER NOT NULL, PRIMARY KEY (_load_id, _row)) WITHOUT ROWID",
                  rows_table(table))));
  if (!made) return made;
  const Value physical[] = {table.raw_name + "__rows"};
  const auto existing = connection_.query("SELECT name FROM pragma_table_info(?)", physical);
  if (!existing) return tl::unexpected(existing.error());
  std::set<std::string> names;
  for (std::size_t i = 0; i < existing->row_count(); ++i) names.insert(text_at(*existing, i, 0));
  for (const catalog::SourceColumn& column : table.columns) {
    if (names.contains(column.name)) continue;
    auto added = connection_.execute(
        Sql::rendered(fmt::format("ALTER TABLE {} ADD COLUMN {} TEXT", rows_table(table),
                                  store::quoted_identifier(column.name))));
    if (!added) return added;
  }
  const Value view[] = {table.raw_name};
  const auto kept =
      connection_.query("SELECT sql FROM sqlite_schema WHERE type = 'view' AND name = ?", view);
  if (!kept) return tl::unexpected(kept.error());
  const std::string wanted = view_sql(table);
  if (kept->row_count() == 0 || text_at(*kept, 0, 0) != wanted) {
    auto remade = connection_.execute(Sql::rendered(fmt::format(
        "DROP VIEW IF EXISTS {}; {}", store::quoted_identifier(table.raw_name), wanted)));
    if (!remade) return remade;
  }
  if (auto settled = settle_live_loads(table); !settled) return settled;
  return transaction->commit();
}

// Live is the latest load of each path, and of a snapshot table only that of the last path. Said of
// all loads at once, so that a changed load mode or a reload of an older file needs no case of its
// own.
Status RawStore::settle_live_loads(const catalog::SourceTable& table) {
  const bool is_snapshot = table.load == catalog::LoadMode::Snapshot;
  const Value values[] = {table.raw_name, std::int64_t{is_snapshot ? 1 : 0}};
  auto settle = connection_.prepare(
      "WITH latest AS (SELECT path, max(load_id) AS load_id FROM _martgate_loads"
      "   WHERE raw_table = ?1 GROUP BY path),"
      " winner AS (SELECT load_id FROM latest"
      "   WHERE ?2 = 0 OR path = (SELECT max(path) FROM latest)),"
      " wanted AS (SELECT load_id AS id, load_id IN (SELECT load_id FROM winner) AS live,"
      "   coalesce((SELECT min(later.load_id) FROM _martgate_loads AS later"
      "     WHERE later.raw_table = ?1 AND later.path = loads.path AND later.load_id > "
      "loads.load_id),"
      "     (SELECT min(load_id) FROM winner)) AS successor"
      "   FROM _martgate_loads AS loads WHERE raw_table = ?1)"
      " UPDATE _martgate_loads SET live = wanted.live,"
      "   superseded_by = CASE WHEN wanted.live THEN NULL ELSE wanted.successor END"
      " FROM wanted WHERE load_id = wanted.id AND (_martgate_loads.live <> wanted.live"
      "   OR (NOT wanted.live AND superseded_by IS NOT wanted.successor))");
  if (!settle) return tl::unexpected(settle.error());
  if (auto bound = settle->bind_all(values); !bound) return bound;
  return settle->run();
}

Result<std::optional<RawStore::KnownFile>> RawStore::known_file(std::string_view raw_name,
                                                                std::string_view path) {
  const Value values[] = {std::string(raw_name), std::string(path)};
  const auto rows = connection_.query(
      "SELECT sha256, bytes FROM _martgate_loads WHERE raw_table = ? AND path = ?"
      " ORDER BY load_id DESC LIMIT 1",
      values);
  if (!rows) return tl::unexpected(rows.error());
  if (rows->row_count() == 0) return std::nullopt;
  return KnownFile{text_at(*rows, 0, 0), int_at(*rows, 0, 1)};
}

Result<std::vector<std::string>> RawStore::live_paths(std::string_view raw_name) {
  const Value values[] = {std::string(raw_name)};
  const auto rows = connection_.query(
      "SELECT path FROM _martgate_loads WHERE raw_table = ? AND live = 1 ORDER BY path", values);
  if (!rows) return tl::unexpected(rows.error());
  std::vector<std::string> paths;
  for (std::size_t i = 0; i < rows->row_count(); ++i) paths.push_back(text_at(*rows, i, 0));
  return paths;
}

Result<Load> RawStore::load(const LoadRequest& request, const Delivery& delivery) {
  auto transaction = store::Transaction::begin(connection_);
  if (!transaction) return tl::unexpected(transaction.error());
  const Value head[] = {request.source, request.table.raw_name, request.path,
                        std::int64_t{request.at.time_since_epoch().count()}};
  auto announce = connection_.prepare(
      "INSERT INTO _martgate_loads (source, raw_table, path, sha256, bytes, row_count, quarantined,"
      " loaded_at_ms, live) VALUES (?1, ?2, ?3, '', 0, 0, 0, ?4, 1)");
  if (!announce) return tl::unexpected(announce.error());
  if (auto bound = announce->bind_all(head); !bound) return tl::unexpected(bound.error());
  if (auto done = announce->run(); !done) return tl::unexpected(done.error());
  const std::int64_t load_id = connection_.last_insert_rowid();

  Load load;
  {
    auto writer = RowWriter::make(connection_, request, load_id);
    if (!writer) return tl::unexpected(writer.error());
    if (auto written = write_rows(request, delivery.rows, *writer); !written) {
      return tl::unexpected(written.error());
    }
    load = writer->load();
    load.load_id = load_id;
  }
  const auto identity = delivery.finish();
  if (!identity) return tl::unexpected(identity.error());
  const Value tail[] = {identity->sha256, identity->bytes, load.rows, load.quarantined, load_id};
  auto complete = connection_.prepare(
      "UPDATE _martgate_loads SET sha256 = ?, bytes = ?, row_count = ?, quarantined = ?"
      " WHERE load_id = ?");
  if (!complete) return tl::unexpected(complete.error());
  if (auto bound = complete->bind_all(tail); !bound) return tl::unexpected(bound.error());
  if (auto done = complete->run(); !done) return tl::unexpected(done.error());
  if (auto settled = settle_live_loads(request.table); !settled) {
    return tl::unexpected(settled.error());
  }
  if (delivery.in_transaction) {
    if (auto done = delivery.in_transaction(connection_, load); !done) {
      return tl::unexpected(done.error());
    }
  }
  if (auto committed = transaction->commit(); !committed) return tl::unexpected(committed.error());
  return load;
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
        "SELECT count(*), coalesce(sum(row_count), 0), coalesce(sum(quarantined), 0),"
        " max(loaded_at_ms) FROM _martgate_loads WHERE raw_table = ? AND live = 1",
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
