#include "engine/event_times.h"

#include <fmt/format.h>

#include "base/calendar.h"

namespace martgate::engine {
namespace {

using store::Sql;
using store::Value;

constexpr std::size_t kDayBytes = 10;  // "2026-11-21"

std::optional<WallTime> time_in(const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  if (text == nullptr) return std::nullopt;
  if (text->size() == kDayBytes) {
    const auto day = parse_date(*text);
    if (!day) return std::nullopt;
    return WallTime(*day) + std::chrono::days(1) - std::chrono::milliseconds(1);
  }
  std::string rfc3339 = *text + "Z";
  if (rfc3339.size() > kDayBytes) rfc3339[kDayBytes] = 'T';
  const auto at = parse_rfc3339(rfc3339);
  return at ? std::optional(*at) : std::nullopt;
}

}  // namespace

Status write_event_times(store::Connection& snapshot, const std::vector<TimeColumn>& columns) {
  auto made = snapshot.execute(
      "CREATE TABLE _martgate_events(model TEXT NOT NULL PRIMARY KEY, column_name TEXT NOT NULL,"
      " newest TEXT) STRICT");
  if (!made) return made;
  auto insert = snapshot.prepare("INSERT INTO _martgate_events VALUES(?,?,?)");
  if (!insert) return tl::unexpected(insert.error());
  for (const TimeColumn& column : columns) {
    const auto newest = snapshot.query_value(Sql::rendered(
        fmt::format("SELECT max({}) FROM main.{}", store::quoted_identifier(column.column),
                    store::quoted_identifier(column.model))));
    if (!newest) return tl::unexpected(newest.error());
    const Value values[] = {column.model, column.column, *newest};
    if (auto bound = insert->bind_all(values); !bound) return bound;
    if (auto done = insert->run(); !done) return done;
    insert->reset();
  }
  return {};
}

Result<std::vector<EventTime>> read_event_times(store::Connection& snapshot) {
  std::vector<EventTime> events;
  const auto known = snapshot.query_value(
      "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = '_martgate_events'");
  if (!known) return tl::unexpected(known.error());
  if (*known == Value(std::int64_t{0})) return events;
  const auto rows =
      snapshot.query("SELECT model, column_name, newest FROM _martgate_events ORDER BY model");
  if (!rows) return tl::unexpected(rows.error());
  for (std::size_t i = 0; i < rows->row_count(); ++i) {
    events.push_back({std::get<std::string>(rows->at(i, 0)), std::get<std::string>(rows->at(i, 1)),
                      time_in(rows->at(i, 2))});
  }
  return events;
}

}  // namespace martgate::engine
