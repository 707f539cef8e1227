#include "ingest/load_history.h"

#include <algorithm>

#include "ingest/connect/pull_store.h"
#include "store/connection.h"

namespace martgate::ingest {
namespace {

std::int64_t integer(const store::Value& value) {
  const auto* number = std::get_if<std::int64_t>(&value);
  return number == nullptr ? 0 : *number;
}

void add_pulls(const std::vector<PullHealth>& pulls, std::vector<TableHistory>& tables) {
  for (const PullHealth& pull : pulls) {
    const std::string raw_name = pull.last.name.substr(0, pull.last.name.find('/'));
    const auto table = std::ranges::find(tables, raw_name, &TableHistory::raw_name);
    if (table == tables.end()) continue;
    table->last_loaded_at = std::max(table->last_loaded_at, pull.last_success_at);
    if (pull.failures_in_row <= table->failures_in_row) continue;
    table->failures_in_row = pull.failures_in_row;
    table->failure = pull.last.error;
  }
}

}  // namespace

Result<std::vector<TableHistory>> load_history(const std::filesystem::path& raw_store,
                                               const catalog::Project& project) {
  std::vector<TableHistory> tables;
  for (const catalog::Source& source : project.sources) {
    for (const catalog::SourceTable& table : source.tables) {
      TableHistory history;
      history.source = source.common.name;
      history.raw_name = table.raw_name;
      tables.push_back(std::move(history));
    }
  }
  std::ranges::sort(tables, {}, &TableHistory::raw_name);
  std::error_code unknown;
  if (!std::filesystem::exists(raw_store, unknown)) return tables;
  auto connection = store::Connection::open_readonly(raw_store);
  if (!connection) return tl::unexpected(connection.error());
  for (TableHistory& table : tables) {
    const store::Value name[] = {table.raw_name};
    const auto rows = connection->query(
        "SELECT count(*), coalesce(sum(row_count) FILTER (WHERE live = 1), 0),"
        " (SELECT count(*) FROM _martgate_quarantine AS q JOIN _martgate_loads AS o USING (load_id)"
        "   WHERE o.raw_table = ?1 AND o.live = 1 AND q.replayed_by IS NULL),"
        " max(loaded_at_ms), (SELECT count(*) FROM _martgate_drift AS d"
        "   WHERE d.raw_table = ?1 AND d.action <> 'accept'),"
        " (SELECT count(*) FROM _martgate_held AS h WHERE h.raw_table = ?1 AND h.state = 'held')"
        " FROM _martgate_loads WHERE raw_table = ?1",
        name);
    if (!rows) return tl::unexpected(rows.error());
    table.loads = integer(rows->at(0, 0));
    table.rows = integer(rows->at(0, 1));
    table.quarantined = integer(rows->at(0, 2));
    table.drift = integer(rows->at(0, 4));
    table.held = integer(rows->at(0, 5));
    if (table.loads > 0) {
      table.last_loaded_at = WallTime{std::chrono::milliseconds(integer(rows->at(0, 3)))};
    }
  }
  const auto pulls = pull_health(raw_store);
  if (!pulls) return tl::unexpected(pulls.error());
  add_pulls(*pulls, tables);
  return tables;
}

}  // namespace martgate::ingest
