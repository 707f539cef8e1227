#include "ingest/quarantine.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <map>
#include <memory>
#include <span>
#include <utility>

#include "base/files.h"
#include "base/text.h"
#include "ingest/load_writer.h"
#include "ingest/raw_store.h"
#include "ingest/raw_tables.h"
#include "ingest/table_rows.h"

namespace martgate::ingest {
namespace {

namespace fs = std::filesystem;
using store::Value;

class TextBytes final : public ByteSource {
 public:
  explicit TextBytes(std::string text) : text_(std::move(text)) {}
  Result<std::size_t> read(std::span<char> into) override {
    const std::size_t count = std::min(into.size(), text_.size() - at_);
    std::memcpy(into.data(), text_.data() + at_, count);
    at_ += count;
    return count;
  }

 private:
  std::string text_;
  std::size_t at_ = 0;
};

QuarantinedRow row_at(const store::RowSet& rows, std::size_t i) {
  QuarantinedRow row;
  row.id = int_at(rows, i, 0);
  row.source = text_at(rows, i, 1);
  row.raw_name = text_at(rows, i, 2);
  row.path = text_at(rows, i, 3);
  row.load_id = int_at(rows, i, 4);
  row.line = int_at(rows, i, 5);
  row.row = int_at(rows, i, 6);
  row.column = text_at(rows, i, 7);
  row.slug = text_at(rows, i, 8);
  row.reason = text_at(rows, i, 9);
  row.raw = text_at(rows, i, 10);
  row.is_cut = int_at(rows, i, 11) == 1;
  row.replayed_by = int_at(rows, i, 12);
  row.at = WallTime{std::chrono::milliseconds(int_at(rows, i, 13))};
  return row;
}

Result<std::vector<QuarantinedRow>> rows_of_query(Result<store::RowSet> rows) {
  if (!rows) return tl::unexpected(rows.error());
  std::vector<QuarantinedRow> found;
  for (std::size_t i = 0; i < rows->row_count(); ++i) found.push_back(row_at(*rows, i));
  return found;
}

std::int64_t flag(bool truth) {
  return truth ? 1 : 0;
}

bool is_there(const fs::path& path) {
  std::error_code unknown;
  return fs::exists(path, unknown);
}

// ---- replay

struct Waiting {
  std::int64_t id = 0;
  std::int64_t row = 0;
  std::int64_t line = 0;
  std::string raw;
};

struct WaitingLoad {
  std::int64_t load_id = 0;
  std::string source;
  std::string path;
  std::string preamble;
  std::vector<Waiting> rows;
};

class Replay {
 public:
  Replay(RawStore& store, const catalog::Source& source, const catalog::SourceTable& table,
         const Clock& clock)
      : store_(store),
        connection_(store.connection()),
        table_(table),
        clock_(clock),
        // Connectors know which of their rows came before; equal events are two events.
        skips_repeats_(!source.connector) {}

  Result<ReplayReport::Table> run() {
    ReplayReport::Table report;
    report.raw_name = table_.raw_name;
    auto loads = waiting_loads(report);
    if (!loads) return tl::unexpected(loads.error());
    for (const WaitingLoad& load : *loads) {
      if (auto done = replay(load, report); !done) return tl::unexpected(done.error());
    }
    return report;
  }

 private:
  Result<std::vector<WaitingLoad>> waiting_loads(ReplayReport::Table& report) {
    const Value name[] = {table_.raw_name};
    const auto rows = connection_.query(
        "SELECT q.load_id, l.source, l.path, l.preamble, q.id, q.row, q.line, q.raw, q.is_cut"
        " FROM _martgate_loads AS l JOIN _martgate_quarantine AS q ON q.load_id = l.load_id"
        " WHERE l.raw_table = ?1 AND l.live = 1 AND q.replayed_by IS NULL ORDER BY q.load_id, q.id",
        name);
    if (!rows) return tl::unexpected(rows.error());
    std::vector<WaitingLoad> loads;
    for (std::size_t i = 0; i < rows->row_count(); ++i) {
      ++report.tried;
      if (int_at(*rows, i, 8) == 1) {
        ++report.cut;
        ++report.kept;
        continue;
      }
      const std::int64_t load_id = int_at(*rows, i, 0);
      if (loads.empty() || loads.back().load_id != load_id) {
        loads.push_back(
            {load_id, text_at(*rows, i, 1), text_at(*rows, i, 2), text_at(*rows, i, 3), {}});
      }
      loads.back().rows.push_back(
          {int_at(*rows, i, 4), int_at(*rows, i, 5), int_at(*rows, i, 6), text_at(*rows, i, 7)});
    }
    return loads;
  }

  Status replay(const WaitingLoad& load, ReplayReport::Table& report) {
    auto transaction = store::Transaction::begin(connection_);
    if (!transaction) return tl::unexpected(transaction.error());
    const auto replay_id = announce(load);
    if (!replay_id) return tl::unexpected(replay_id.error());
    std::int64_t settled = 0;
    Load done;
    {
      auto writer = LoadWriter::make(
          connection_, {table_, *replay_id, load.path, /*is_replay=*/true, skips_repeats_});
      if (!writer) return tl::unexpected(writer.error());
      writer->keep_out_of_quarantine();
      for (const Waiting& waiting : load.rows) {
        const auto taken = take(load, waiting, *writer, *replay_id);
        if (!taken) return tl::unexpected(taken.error());
        settled += *taken ? 1 : 0;
      }
      done = writer->load();
    }
    report.loaded += done.rows;
    report.repeated += done.repeated;
    report.kept += static_cast<std::int64_t>(load.rows.size()) - settled;
    const Value counts[] = {*replay_id, done.rows, done.repeated};
    // A load without rows would be a line about nothing.
    auto complete = settled == 0
                        ? connection_.prepare("DELETE FROM _martgate_loads WHERE load_id = ?1")
                        : connection_.prepare(
                              "UPDATE _martgate_loads SET row_count = ?2,"
                              " repeated = ?3 WHERE load_id = ?1");
    if (!complete) return tl::unexpected(complete.error());
    auto bound = complete->bind_all(std::span(counts).first(settled == 0 ? 1 : 3));
    if (!bound) return bound;
    if (auto written = complete->run(); !written) return written;
    if (auto live = store_.settle(table_); !live) return live;
    return transaction->commit();
  }

  Result<std::int64_t> announce(const WaitingLoad& load) {
    auto insert = connection_.prepare(
        "INSERT INTO _martgate_loads (source, raw_table, path, sha256, bytes, row_count,"
        " quarantined, loaded_at_ms, live, replay_of, types)"
        " VALUES (?1, ?2, ?3, '', 0, 0, 0, ?4, 1, ?5, ?6)");
    if (!insert) return tl::unexpected(insert.error());
    const Value values[] = {load.source,  table_.raw_name,
                            load.path,    std::int64_t{clock_.now().time_since_epoch().count()},
                            load.load_id, storage_types(table_)};
    if (auto bound = insert->bind_all(values); !bound) return tl::unexpected(bound.error());
    if (auto done = insert->run(); !done) return tl::unexpected(done.error());
    return connection_.last_insert_rowid();
  }

  // True when the row left the quarantine.
  Result<bool> take(const WaitingLoad& load, const Waiting& waiting, LoadWriter& writer,
                    std::int64_t replay_id) {
    TextBytes bytes(load.preamble.empty() ? waiting.raw
                                          : fmt::format("{}\n{}", load.preamble, waiting.raw));
    catalog::SourceTable table = table_;
    // The bytes in the quarantine of a UTF-16 delivery were decoded on the way.
    if (table.shape.encoding == catalog::Encoding::Utf16) {
      table.shape.encoding = catalog::Encoding::Utf8;
    }
    const auto rows = rows_of(table, bytes);
    const auto kind = rows->next();
    if (!kind && !is_of_delivery(kind.error())) return tl::unexpected(kind.error());
    if (!kind) {
      return stay(waiting, {waiting.line, 0, kind.error().message, {}, "schema_drift", {}});
    }
    if (*kind == TableRows::Kind::Bad) return stay(waiting, rows->bad());
    if (*kind == TableRows::Kind::End) {
      return stay(waiting, {waiting.line, 0, "holds no row", {}, "malformed", {}});
    }
    const auto taken = writer.take(*rows, waiting.row);
    if (!taken) return tl::unexpected(taken.error());
    if (!*taken) return stay(waiting, writer.refused());
    auto leave =
        connection_.prepare("UPDATE _martgate_quarantine SET replayed_by = ?1 WHERE id = ?2");
    if (!leave) return tl::unexpected(leave.error());
    const Value values[] = {replay_id, waiting.id};
    if (auto bound = leave->bind_all(values); !bound) return tl::unexpected(bound.error());
    if (auto done = leave->run(); !done) return tl::unexpected(done.error());
    return true;
  }

  // False, with today's reason written down.
  Result<bool> stay(const Waiting& waiting, const BadRow& bad) {
    auto update = connection_.prepare(
        "UPDATE _martgate_quarantine SET reason = ?2, slug = ?3, column_name = ?4 WHERE id = ?1");
    if (!update) return tl::unexpected(update.error());
    const Value values[] = {waiting.id, bad.reason, std::string(bad.slug), bad.column};
    if (auto bound = update->bind_all(values); !bound) return tl::unexpected(bound.error());
    if (auto done = update->run(); !done) return tl::unexpected(done.error());
    return false;
  }

  RawStore& store_;
  store::Connection& connection_;
  const catalog::SourceTable& table_;
  const Clock& clock_;
  bool skips_repeats_;
};

}  // namespace

Result<std::vector<QuarantineCount>> quarantine_counts(const fs::path& raw_store,
                                                       const QuarantineFilter& filter) {
  std::vector<QuarantineCount> counts;
  if (!is_there(raw_store)) return counts;
  auto connection = store::Connection::open_readonly(raw_store);
  if (!connection) return tl::unexpected(connection.error());
  const Value values[] = {filter.only, filter.slug, flag(filter.with_replayed)};
  const auto rows = connection->query(
      "SELECT l.source, l.raw_table, q.slug, q.column_name, count(*), min(q.reason)"
      " FROM _martgate_quarantine AS q JOIN _martgate_loads AS l ON l.load_id = q.load_id"
      " WHERE l.live = 1 AND (?1 = '' OR l.source = ?1 OR l.raw_table = ?1)"
      " AND (?2 = '' OR q.slug = ?2) AND (?3 = 1 OR q.replayed_by IS NULL)"
      " GROUP BY 1, 2, 3, 4 ORDER BY 2, 5 DESC, 3, 4",
      values);
  if (!rows) return tl::unexpected(rows.error());
  for (std::size_t i = 0; i < rows->row_count(); ++i) {
    counts.push_back({text_at(*rows, i, 0), text_at(*rows, i, 1), text_at(*rows, i, 2),
                      text_at(*rows, i, 3), int_at(*rows, i, 4), text_at(*rows, i, 5)});
  }
  return counts;
}

Result<std::vector<QuarantinedRow>> quarantined_rows(const fs::path& raw_store,
                                                     const QuarantineFilter& filter) {
  if (!is_there(raw_store)) return std::vector<QuarantinedRow>();
  auto connection = store::Connection::open_readonly(raw_store);
  if (!connection) return tl::unexpected(connection.error());
  const Value values[] = {filter.only, filter.slug, flag(filter.with_replayed), filter.limit};
  return rows_of_query(connection->query(
      "SELECT q.id, l.source, l.raw_table, q.path, q.load_id, q.line, q.row, q.column_name, q.slug,"
      " q.reason, q.raw, q.is_cut, coalesce(q.replayed_by, 0), l.loaded_at_ms"
      " FROM _martgate_quarantine AS q JOIN _martgate_loads AS l ON l.load_id = q.load_id"
      " WHERE l.live = 1 AND (?1 = '' OR l.source = ?1 OR l.raw_table = ?1)"
      " AND (?2 = '' OR q.slug = ?2) AND (?3 = 1 OR q.replayed_by IS NULL)"
      " ORDER BY q.id LIMIT ?4",
      values));
}

Result<QuarantinedRow> quarantined_row(const fs::path& raw_store, std::int64_t id) {
  std::vector<QuarantinedRow> found;
  if (is_there(raw_store)) {
    auto connection = store::Connection::open_readonly(raw_store);
    if (!connection) return tl::unexpected(connection.error());
    const Value values[] = {id};
    auto rows = rows_of_query(connection->query(
        "SELECT q.id, l.source, l.raw_table, q.path, q.load_id, q.line, q.row, q.column_name,"
        " q.slug, q.reason, q.raw, q.is_cut, coalesce(q.replayed_by, 0), l.loaded_at_ms"
        " FROM _martgate_quarantine AS q JOIN _martgate_loads AS l ON l.load_id = q.load_id"
        " WHERE q.id = ?1",
        values));
    if (!rows) return tl::unexpected(rows.error());
    found = std::move(*rows);
  }
  if (!found.empty()) return found.front();
  return fail(Code::NotFound, fmt::format("there is no quarantined row {}", id),
              {"martgate quarantine list shows the numbers"}, "unknown_row");
}

Result<ReplayReport> replay_quarantine(const catalog::Project& project,
                                       const fs::path& state_folder, const Clock& clock,
                                       std::string_view only) {
  ReplayReport report;
  if (!is_there(raw_store_path(state_folder))) return report;
  const auto lock = FileLock::take(state_folder / "raw.lock", "ingest");
  if (!lock) return tl::unexpected(lock.error());
  auto store = RawStore::open(raw_store_path(state_folder));
  if (!store) return tl::unexpected(store.error());
  for (const catalog::Source& source : project.sources) {
    for (const catalog::SourceTable& table : source.tables) {
      if (!only.empty() && only != source.common.name && only != table.raw_name) continue;
      if (auto prepared = store->prepare_table(table); !prepared) {
        return tl::unexpected(with_context(prepared.error(), table.raw_name));
      }
      auto done = Replay(*store, source, table, clock).run();
      if (!done) return tl::unexpected(with_context(done.error(), table.raw_name));
      if (done->tried > 0) report.tables.push_back(std::move(*done));
    }
  }
  std::ranges::sort(report.tables, {}, &ReplayReport::Table::raw_name);
  return report;
}

}  // namespace martgate::ingest
