#include "ingest/raw_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"

namespace martgate::ingest {
namespace {

using store::Sql;
using store::Value;

std::string rows_table(const catalog::SourceTable& table) {
  return store::quoted_identifier(rows_table_name(table));
}

// Loads outside, rows inside: the rows of one live load lie side by side.
std::string view_sql(const catalog::SourceTable& table) {
  return fmt::format(
      "CREATE VIEW {} AS SELECT {}, r._load_id AS _load_id, r._row AS _row,"
      " datetime(l.loaded_at_ms / 1000, 'unixepoch') AS _loaded_at"
      " FROM _martgate_loads AS l JOIN {} AS r ON r._load_id = l.load_id"
      " WHERE l.raw_table = {} AND l.live = 1",
      store::quoted_identifier(table.raw_name), join(quoted_columns(table, "r."), ", "),
      rows_table(table), store::quoted_literal(table.raw_name));
}

Result<std::set<std::string>> column_names(store::Connection& connection,
                                           const std::string& table) {
  const Value values[] = {table};
  const auto rows = connection.query("SELECT name FROM pragma_table_info(?)", values);
  if (!rows) return tl::unexpected(rows.error());
  std::set<std::string> names;
  for (std::size_t i = 0; i < rows->row_count(); ++i) names.insert(text_at(*rows, i, 0));
  return names;
}

std::string index_name(const catalog::SourceTable& table, const std::vector<std::size_t>& key) {
  std::vector<std::string> names{table.raw_name + "__by"};
  for (const std::size_t column : key) names.push_back(table.columns[column].name);
  return store::quoted_identifier(join(names, "_"));
}

}  // namespace

std::string text_at(const store::RowSet& rows, std::size_t row, std::size_t column) {
  const auto* text = std::get_if<std::string>(&rows.at(row, column));
  return text == nullptr ? std::string() : *text;
}

std::int64_t int_at(const store::RowSet& rows, std::size_t row, std::size_t column) {
  const auto* number = std::get_if<std::int64_t>(&rows.at(row, column));
  return number == nullptr ? 0 : *number;
}

std::string rows_table_name(const catalog::SourceTable& table) {
  return table.raw_name + "__rows";
}

std::vector<std::string> quoted_columns(const catalog::SourceTable& table,
                                        std::string_view prefix) {
  std::vector<std::string> names;
  for (const catalog::SourceColumn& column : table.columns) {
    names.push_back(fmt::format("{}{}", prefix, store::quoted_identifier(column.name)));
  }
  return names;
}

std::vector<std::vector<std::size_t>> unique_keys(const catalog::SourceTable& table) {
  std::vector<std::vector<std::size_t>> keys;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    if (table.columns[i].unique) keys.push_back({i});
  }
  for (const std::vector<std::string>& names : table.unique_keys) {
    std::vector<std::size_t> key;
    for (const std::string& name : names) {
      const auto column = std::ranges::find(table.columns, name, &catalog::SourceColumn::name);
      if (column != table.columns.end()) {
        key.push_back(static_cast<std::size_t>(column - table.columns.begin()));
      }
    }
    if (!key.empty()) keys.push_back(std::move(key));
  }
  return keys;
}

Status make_bookkeeping(store::Connection& connection) {
  return connection.execute(
      "PRAGMA user_version = 2;"
      "CREATE TABLE IF NOT EXISTS _martgate_loads("
      " load_id INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL, raw_table TEXT NOT NULL,"
      " path TEXT NOT NULL, sha256 TEXT NOT NULL, bytes INTEGER NOT NULL,"
      " row_count INTEGER NOT NULL, quarantined INTEGER NOT NULL, loaded_at_ms INTEGER NOT NULL,"
      " live INTEGER NOT NULL, superseded_by INTEGER,"
      // Rows that another live load held already; a replay of the quarantine of another load; the
      // types that values were stored by; what stands in front of a quarantined row to read it.
      " repeated INTEGER NOT NULL DEFAULT 0, replay_of INTEGER, types TEXT NOT NULL DEFAULT '',"
      " preamble TEXT NOT NULL DEFAULT '') STRICT;"
      "CREATE INDEX IF NOT EXISTS _martgate_loads_of_path"
      " ON _martgate_loads(raw_table, path, load_id);"
      "CREATE INDEX IF NOT EXISTS _martgate_live_loads ON _martgate_loads(raw_table, live);"
      "CREATE TABLE IF NOT EXISTS _martgate_quarantine("
      " id INTEGER PRIMARY KEY AUTOINCREMENT,"
      " load_id INTEGER NOT NULL, path TEXT NOT NULL, line INTEGER NOT NULL, reason TEXT NOT NULL,"
      " raw BLOB NOT NULL, slug TEXT NOT NULL, column_name TEXT NOT NULL, row INTEGER NOT NULL,"
      " is_cut INTEGER NOT NULL, replayed_by INTEGER) STRICT;"
      "CREATE INDEX IF NOT EXISTS _martgate_quarantine_of_load ON _martgate_quarantine(load_id);"
      // Rows of a load that are not stored because a row of another load holds the same values.
      "CREATE TABLE IF NOT EXISTS _martgate_repeats("
      " load_id INTEGER NOT NULL, row INTEGER NOT NULL, row_hash INTEGER NOT NULL,"
      " kept_load_id INTEGER NOT NULL, kept_row INTEGER NOT NULL,"
      " PRIMARY KEY (load_id, row)) STRICT, WITHOUT ROWID;"
      "CREATE INDEX IF NOT EXISTS _martgate_repeats_kept_by ON _martgate_repeats(kept_load_id);"
      "CREATE TABLE IF NOT EXISTS _martgate_held("
      " id INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL, raw_table TEXT NOT NULL,"
      " path TEXT NOT NULL, sha256 TEXT NOT NULL, bytes INTEGER NOT NULL,"
      " row_count INTEGER NOT NULL, reason TEXT NOT NULL, at_ms INTEGER NOT NULL,"
      // held, released, loaded, replaced
      " state TEXT NOT NULL, UNIQUE (raw_table, path, sha256)) STRICT;"
      "CREATE TABLE IF NOT EXISTS _martgate_drift("
      " id INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL, raw_table TEXT NOT NULL,"
      " path TEXT NOT NULL, sha256 TEXT NOT NULL, load_id INTEGER, line INTEGER NOT NULL,"
      " kind TEXT NOT NULL, column_name TEXT NOT NULL, detail TEXT NOT NULL, guess TEXT NOT NULL,"
      " action TEXT NOT NULL, at_ms INTEGER NOT NULL,"
      " UNIQUE (raw_table, path, sha256, kind, column_name, detail)) STRICT;");
}

// Columns have no affinity: a value is stored as the contract parsed it.
Status make_raw_table(store::Connection& connection, const catalog::SourceTable& table) {
  // Clustered by load: a view that shows one load of hundreds reads that one alone.
  auto made = connection.execute(Sql::rendered(
      fmt::format("CREATE TABLE IF NOT EXISTS {} (_load_id INTEGER NOT NULL, _row INTEGER NOT NULL,"
                  " _row_hash INTEGER NOT NULL, _original TEXT,"
                  " PRIMARY KEY (_load_id, _row)) WITHOUT ROWID",
                  rows_table(table))));
  if (!made) return made;
  const auto names = column_names(connection, rows_table_name(table));
  if (!names) return tl::unexpected(names.error());
  for (const catalog::SourceColumn& column : table.columns) {
    if (names->contains(column.name)) continue;
    auto added = connection.execute(Sql::rendered(fmt::format(
        "ALTER TABLE {} ADD COLUMN {}", rows_table(table), store::quoted_identifier(column.name))));
    if (!added) return added;
  }
  const Value view[] = {table.raw_name};
  const auto kept =
      connection.query("SELECT sql FROM sqlite_schema WHERE type = 'view' AND name = ?", view);
  if (!kept) return tl::unexpected(kept.error());
  const std::string wanted = view_sql(table);
  if (kept->row_count() != 0 && text_at(*kept, 0, 0) == wanted) return {};
  return connection.execute(Sql::rendered(
      fmt::format("DROP VIEW IF EXISTS {}; {}", store::quoted_identifier(table.raw_name), wanted)));
}

Status make_hash_index(store::Connection& connection, const catalog::SourceTable& table) {
  return connection.execute(Sql::rendered(
      fmt::format("CREATE INDEX IF NOT EXISTS {} ON {} (_row_hash)",
                  store::quoted_identifier(table.raw_name + "__by__hash"), rows_table(table))));
}

Status make_key_index(store::Connection& connection, const catalog::SourceTable& table,
                      const std::vector<std::size_t>& key) {
  std::vector<std::string> columns;
  for (const std::size_t column : key) {
    columns.push_back(store::quoted_identifier(table.columns[column].name));
  }
  return connection.execute(
      Sql::rendered(fmt::format("CREATE INDEX IF NOT EXISTS {} ON {} ({})", index_name(table, key),
                                rows_table(table), join(columns, ", "))));
}

}  // namespace martgate::ingest
