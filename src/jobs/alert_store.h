// The outbox: what must be told, kept beside what it tells of.
//
//   troubles(key, active, since_ms, told_at_ms, told, title, …)  what is the matter, or was lately
//   outbox(message_id, created_ms, trouble, tale, since_ms, …, attempts, next_try_ms, sent_ms,
//   error)
//
// Messages are written in the transaction that finds the trouble, so a crash loses none and tells
// none twice; what is written is sent until the channel takes it.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "jobs/alerts.h"
#include "store/connection.h"

namespace martgate::jobs {

[[nodiscard]] Status make_alert_tables(store::Connection& connection);

// Inside the caller's transaction: judges what is watched and writes what is to be told.
[[nodiscard]] Status settle_in(store::Connection& connection, const Watched& watched, WallTime now);
// The same as a transaction of its own.
[[nodiscard]] Status settle(store::Connection& connection, const Watched& watched, WallTime now);

struct Pending {
  std::string message_id;  // stable over every attempt: "alert_17"
  Message message;
  std::int64_t attempts = 0;
};
// Unsent messages, oldest first; none while the oldest waits for its next attempt, so that they
// arrive in order.
[[nodiscard]] Result<std::vector<Pending>> due_messages(store::Connection& connection, WallTime now,
                                                        std::int64_t count_max);
[[nodiscard]] Status mark_sent(store::Connection& connection, const Pending& message, WallTime now);
[[nodiscard]] Status mark_failed(store::Connection& connection, const Pending& message,
                                 WallTime next_try, const std::string& error);

struct OutboxState {
  std::int64_t unsent = 0;
  std::string last_error;            // of the oldest unsent one
  std::optional<WallTime> next_try;  // of the soonest
};
[[nodiscard]] Result<OutboxState> outbox_state(store::Connection& connection);

}  // namespace martgate::jobs
