#include "jobs/alert_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace martgate::jobs {
namespace {

using store::Value;

constexpr std::string_view kIdPrefix = "alert_";

std::int64_t ms_of(WallTime at) {
  return at.time_since_epoch().count();
}
WallTime time_of(const Value& value) {
  return WallTime(std::chrono::milliseconds(std::get<std::int64_t>(value)));
}
std::string text_of(const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text == nullptr ? std::string() : *text;
}
std::int64_t int_of(const Value& value) {
  const auto* number = std::get_if<std::int64_t>(&value);
  return number == nullptr ? 0 : *number;
}

struct Known {
  Trouble trouble;
  TroubleMemory memory;
};

Trouble trouble_from(std::string key, std::span<const Value> cells) {
  return {.key = std::move(key),
          .title = text_of(cells[0]),
          .text = text_of(cells[1]),
          .route = {text_of(cells[2]), static_cast<catalog::AlertSeverity>(int_of(cells[3]))},
          .owner = text_of(cells[4]),
          .runbook = text_of(cells[5])};
}

std::vector<Value> cells_of(const Trouble& trouble) {
  return {trouble.title,      trouble.text,
          trouble.route.lane, static_cast<std::int64_t>(trouble.route.severity),
          trouble.owner,      trouble.runbook};
}

Status run(store::Connection& connection, store::Sql sql, std::span<const Value> values) {
  auto statement = connection.prepare(sql);
  if (!statement) return tl::unexpected(statement.error());
  if (auto bound = statement->bind_all(values); !bound) return bound;
  return statement->run();
}

Result<std::map<std::string, Known>> known_troubles(store::Connection& connection) {
  const auto rows = connection.query(
      "SELECT title, text, lane, severity, owner, runbook, key, active, since_ms, told_at_ms, told"
      " FROM troubles");
  if (!rows) return tl::unexpected(rows.error());
  std::map<std::string, Known> known;
  for (std::size_t i = 0; i < rows->row_count(); ++i) {
    const auto row = rows->row(i);
    const std::string key = text_of(row[6]);
    Known one{trouble_from(key, row.first(6)), {}};
    one.memory.is_active = int_of(row[7]) != 0;
    one.memory.since = time_of(row[8]);
    if (!store::is_null(row[9])) one.memory.told_at = time_of(row[9]);
    one.memory.is_told = int_of(row[10]) != 0;
    known.emplace(key, std::move(one));
  }
  return known;
}

Status keep(store::Connection& connection, const Trouble& trouble, const Judged& judged,
            WallTime now) {
  if (!judged.memory) {
    const Value key[] = {trouble.key};
    if (auto done = run(connection, "DELETE FROM troubles WHERE key = ?", key); !done) return done;
  } else {
    const TroubleMemory& memory = *judged.memory;
    std::vector<Value> values = cells_of(trouble);
    values.insert(values.end(), {trouble.key, std::int64_t{memory.is_active}, ms_of(memory.since),
                                 memory.told_at ? Value(ms_of(*memory.told_at)) : Value(),
                                 std::int64_t{memory.is_told}});
    auto done = run(connection,
                    "INSERT OR REPLACE INTO troubles(title, text, lane, severity, owner, runbook,"
                    " key, active, since_ms, told_at_ms, told) VALUES(?,?,?,?,?,?,?,?,?,?,?)",
                    values);
    if (!done) return done;
  }
  if (!judged.tale) return {};
  std::vector<Value> values = cells_of(trouble);
  const WallTime since = judged.memory ? judged.memory->since : now;
  values.insert(values.end(), {trouble.key, static_cast<std::int64_t>(*judged.tale), ms_of(since),
                               ms_of(now), ms_of(now)});
  return run(connection,
             "INSERT INTO outbox(title, text, lane, severity, owner, runbook, key, tale, since_ms,"
             " created_ms, next_try_ms) VALUES(?,?,?,?,?,?,?,?,?,?,?)",
             values);
}

std::string id_text(std::int64_t number) {
  return fmt::format("{}{}", kIdPrefix, number);
}

std::int64_t number_of(const Pending& message) {
  return std::stoll(message.message_id.substr(kIdPrefix.size()));
}

}  // namespace

Status make_alert_tables(store::Connection& connection) {
  return connection.execute(
      "CREATE TABLE IF NOT EXISTS troubles(key TEXT PRIMARY KEY, active INTEGER NOT NULL,"
      " since_ms INTEGER NOT NULL, told_at_ms INTEGER, told INTEGER NOT NULL, title TEXT NOT NULL,"
      " text TEXT NOT NULL, lane TEXT NOT NULL, severity INTEGER NOT NULL, owner TEXT NOT NULL,"
      " runbook TEXT NOT NULL) STRICT;"
      "CREATE TABLE IF NOT EXISTS outbox(message_id INTEGER PRIMARY KEY AUTOINCREMENT,"
      " created_ms INTEGER NOT NULL, key TEXT NOT NULL, tale INTEGER NOT NULL,"
      " since_ms INTEGER NOT NULL, title TEXT NOT NULL, text TEXT NOT NULL, lane TEXT NOT NULL,"
      " severity INTEGER NOT NULL, owner TEXT NOT NULL, runbook TEXT NOT NULL,"
      " attempts INTEGER NOT NULL DEFAULT 0, next_try_ms INTEGER NOT NULL, sent_ms INTEGER,"
      " error TEXT NOT NULL DEFAULT '') STRICT;"
      "CREATE INDEX IF NOT EXISTS outbox_unsent ON outbox(next_try_ms) WHERE sent_ms IS NULL;");
}

Status settle_in(store::Connection& connection, const Watched& watched, WallTime now) {
  auto known = known_troubles(connection);
  if (!known) return tl::unexpected(known.error());
  for (const Trouble& trouble : watched.troubles) {
    const auto found = known->find(trouble.key);
    const auto before = found == known->end() ? std::nullopt : std::optional(found->second.memory);
    const Judged judged = judge(before, true, now, watched.repeat_after);
    if (auto kept = keep(connection, trouble, judged, now); !kept) return kept;
    if (found != known->end()) known->erase(found);
  }
  for (const auto& [key, one] : *known) {
    const bool was_watched = std::ranges::any_of(
        watched.scopes, [&](const std::string& scope) { return key.starts_with(scope); });
    if (!was_watched) continue;
    const Judged judged = judge(one.memory, false, now, watched.repeat_after);
    if (auto kept = keep(connection, one.trouble, judged, now); !kept) return kept;
  }
  return {};
}

Status settle(store::Connection& connection, const Watched& watched, WallTime now) {
  auto transaction = store::Transaction::begin(connection);
  if (!transaction) return tl::unexpected(transaction.error());
  if (auto settled = settle_in(connection, watched, now); !settled) return settled;
  return transaction->commit();
}

Result<std::vector<Pending>> due_messages(store::Connection& connection, WallTime now,
                                          std::int64_t count_max) {
  const Value values[] = {ms_of(now), count_max};
  const auto rows = connection.query(
      "SELECT title, text, lane, severity, owner, runbook, key, tale, since_ms, created_ms,"
      " message_id, attempts FROM outbox WHERE sent_ms IS NULL AND (SELECT next_try_ms FROM outbox"
      " WHERE sent_ms IS NULL ORDER BY message_id LIMIT 1) <= ? ORDER BY message_id LIMIT ?",
      values);
  if (!rows) return tl::unexpected(rows.error());
  std::vector<Pending> pending;
  for (std::size_t i = 0; i < rows->row_count(); ++i) {
    const auto row = rows->row(i);
    Pending one;
    one.message = {static_cast<Tale>(int_of(row[7])), trouble_from(text_of(row[6]), row.first(6)),
                   time_of(row[8]), time_of(row[9])};
    one.message_id = id_text(int_of(row[10]));
    one.attempts = int_of(row[11]);
    pending.push_back(std::move(one));
  }
  return pending;
}

Status mark_sent(store::Connection& connection, const Pending& message, WallTime now) {
  const Value values[] = {ms_of(now), number_of(message)};
  return run(connection,
             "UPDATE outbox SET sent_ms = ?, attempts = attempts + 1, error = ''"
             " WHERE message_id = ?",
             values);
}

Status mark_failed(store::Connection& connection, const Pending& message, WallTime next_try,
                   const std::string& error) {
  const Value values[] = {ms_of(next_try), error, number_of(message)};
  return run(connection,
             "UPDATE outbox SET next_try_ms = ?, error = ?, attempts = attempts + 1"
             " WHERE message_id = ?",
             values);
}

Result<OutboxState> outbox_state(store::Connection& connection) {
  const auto rows = connection.query(
      "SELECT count(*), min(next_try_ms), coalesce((SELECT error FROM outbox WHERE sent_ms IS NULL"
      " ORDER BY message_id LIMIT 1), '') FROM outbox WHERE sent_ms IS NULL");
  if (!rows) return tl::unexpected(rows.error());
  OutboxState state{int_of(rows->at(0, 0)), text_of(rows->at(0, 2)), std::nullopt};
  if (!store::is_null(rows->at(0, 1))) state.next_try = time_of(rows->at(0, 1));
  return state;
}

}  // namespace martgate::jobs
