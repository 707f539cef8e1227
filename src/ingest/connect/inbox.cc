#include "ingest/connect/inbox.h"

#include <sqlite3.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "base/digest.h"
#include "store/connection.h"

namespace martgate::ingest {
namespace {

using store::Value;

struct Waiting {
  InboxDelivery delivery;
  Inbox::WhenDurable when_durable;
};

Result<store::Connection> open_inbox(const std::filesystem::path& path, IdSource& ids) {
  auto connection = store::Connection::open_writable(path, store::Durability::Full);
  if (!connection) return connection;
  auto made = connection->execute(
      "CREATE TABLE IF NOT EXISTS _martgate_inbox("
      " seq INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL, delivery_id TEXT NOT NULL,"
      " received_at_ms INTEGER NOT NULL, body BLOB NOT NULL, UNIQUE (source, delivery_id)) STRICT;"
      "CREATE TABLE IF NOT EXISTS _martgate_inbox_identity(id TEXT NOT NULL) STRICT;");
  if (!made) return tl::unexpected(with_context(made.error(), path.string()));
  const Value identity[] = {to_hex(ids.next())};
  auto named = connection->query(
      "INSERT INTO _martgate_inbox_identity SELECT ?"
      " WHERE NOT EXISTS (SELECT 1 FROM _martgate_inbox_identity)",
      identity);
  if (!named) return tl::unexpected(with_context(named.error(), path.string()));
  return connection;
}

Error unknown(const Error& cause) {
  return {Code::Unavailable, "the inbox cannot be written: " + cause.message, {}, "inbox_unknown"};
}

}  // namespace

std::filesystem::path inbox_path(const std::filesystem::path& state_folder) {
  return state_folder / "inbox.db";
}

struct Inbox::State {
  State(std::filesystem::path path_in, InboxOptions options_in, const Clock& clock_in,
        IdSource& ids_in)
      : path(std::move(path_in)), options(std::move(options_in)), clock(clock_in), ids(ids_in) {}

  void run();
  void write(std::vector<Waiting>& group);
  Result<std::vector<Accepted>> commit(const std::vector<Waiting>& group);
  void prune_now_and_then();
  Status prune();

  const std::filesystem::path path;
  const InboxOptions options;
  const Clock& clock;
  IdSource& ids;

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Waiting> queue;
  std::size_t bytes_queued = 0;
  bool is_closing = false;

  // Of the writing thread alone.
  std::optional<store::Connection> connection;
  std::int64_t pruned_at_ns = 0;
  std::thread writer;
};

void Inbox::State::run() {
  for (;;) {
    std::vector<Waiting> group;
    {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return is_closing || !queue.empty(); });
      if (queue.empty()) return;
      while (!queue.empty() && group.size() < options.group_max) {
        bytes_queued -= queue.front().delivery.body.size();
        group.push_back(std::move(queue.front()));
        queue.pop_front();
      }
    }
    write(group);
    prune_now_and_then();
  }
}

void Inbox::State::write(std::vector<Waiting>& group) {
  auto accepted = commit(group);
  // After an error nobody knows what the file holds: the next group reads it anew.
  if (!accepted) connection.reset();
  for (std::size_t i = 0; i < group.size(); ++i) {
    if (accepted)
      group[i].when_durable((*accepted)[i]);
    else
      group[i].when_durable(tl::unexpected(unknown(accepted.error())));
  }
}

Result<std::vector<Accepted>> Inbox::State::commit(const std::vector<Waiting>& group) {
  if (!connection) {
    auto opened = open_inbox(path, ids);
    if (!opened) return tl::unexpected(opened.error());
    connection = std::move(*opened);
  }
  auto transaction = store::Transaction::begin(*connection);
  if (!transaction) return tl::unexpected(transaction.error());
  auto insert = connection->prepare(
      "INSERT INTO _martgate_inbox (source, delivery_id, received_at_ms, body)"
      " VALUES (?, ?, ?, CAST(? AS BLOB)) ON CONFLICT DO NOTHING");
  if (!insert) return tl::unexpected(insert.error());
  const std::int64_t at_ms = clock.now().time_since_epoch().count();
  std::vector<Accepted> accepted;
  for (const Waiting& waiting : group) {
    const Value values[] = {waiting.delivery.source, waiting.delivery.id, at_ms,
                            waiting.delivery.body};
    if (auto bound = insert->bind_all(values); !bound) return tl::unexpected(bound.error());
    if (auto done = insert->run(); !done) return tl::unexpected(done.error());
    accepted.push_back(connection->changes() > 0 ? Accepted::Stored : Accepted::Repeated);
  }
  if (auto committed = transaction->commit(); !committed) return tl::unexpected(committed.error());
  return accepted;
}

void Inbox::State::prune_now_and_then() {
  const std::int64_t now_ns = clock.monotonic_ns();
  if (!options.loaded_up_to || now_ns - pruned_at_ns < options.prune_every_ms * 1'000'000) return;
  pruned_at_ns = now_ns;
  if (connection && !prune()) connection.reset();
}

Status Inbox::State::prune() {
  const auto sources = connection->query("SELECT DISTINCT source FROM _martgate_inbox");
  if (!sources) return tl::unexpected(sources.error());
  const auto identity = connection->query_value("SELECT id FROM _martgate_inbox_identity");
  if (!identity) return tl::unexpected(identity.error());
  const WallTime before = clock.now() - std::chrono::hours(24 * options.keep_days);
  for (std::size_t i = 0; i < sources->row_count(); ++i) {
    const auto& source = std::get<std::string>(sources->at(i, 0));
    const Value values[] = {source, options.loaded_up_to(source, std::get<std::string>(*identity)),
                            std::int64_t{before.time_since_epoch().count()}};
    auto gone = connection->query(
        "DELETE FROM _martgate_inbox WHERE source = ? AND seq <= ? AND received_at_ms < ?", values);
    if (!gone) return tl::unexpected(gone.error());
  }
  return {};
}

Inbox::Inbox(std::unique_ptr<State> state) : state_(std::move(state)) {}

Inbox::~Inbox() {
  close();
}

Result<std::unique_ptr<Inbox>> Inbox::open(const std::filesystem::path& path, InboxOptions options,
                                           const Clock& clock, IdSource& ids) {
  auto connection = open_inbox(path, ids);
  if (!connection) return tl::unexpected(connection.error());
  auto state = std::make_unique<State>(path, std::move(options), clock, ids);
  state->connection = std::move(*connection);
  // The first group of a run prunes, so that a server that is restarted daily does too.
  state->pruned_at_ns = clock.monotonic_ns() - state->options.prune_every_ms * 1'000'000;
  State* borrowed = state.get();
  state->writer = std::thread([borrowed] { borrowed->run(); });
  return std::unique_ptr<Inbox>(new Inbox(std::move(state)));
}

void Inbox::accept(InboxDelivery delivery, WhenDurable when_durable) {
  std::optional<Error> refusal;
  {
    const std::lock_guard lock(state_->mutex);
    const std::size_t bytes = delivery.body.size();
    if (state_->is_closing) {
      refusal = Error{Code::Unavailable, "the inbox is closed", {}, "inbox_closed"};
    } else if (state_->queue.size() >= state_->options.deliveries_queued_max ||
               state_->bytes_queued + bytes > state_->options.bytes_queued_max) {
      refusal = Error{Code::ResourceExhausted, "too many deliveries are waiting", {}, "overloaded"};
    } else {
      state_->bytes_queued += bytes;
      state_->queue.push_back({std::move(delivery), std::move(when_durable)});
    }
  }
  if (refusal)
    when_durable(tl::unexpected(std::move(*refusal)));
  else
    state_->changed.notify_one();
}

void Inbox::close() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->is_closing = true;
  }
  state_->changed.notify_one();
  if (state_->writer.joinable()) state_->writer.join();
}

Result<InboxPart> read_inbox(const std::filesystem::path& path, const std::string& source,
                             const std::string& inbox, std::int64_t seq, std::int64_t rows_max,
                             std::int64_t bytes_max) {
  std::error_code problem;
  if (!std::filesystem::exists(path, problem)) return InboxPart{};
  auto connection = store::Connection::open_readonly(path);
  if (!connection) return tl::unexpected(connection.error());
  // The server's connection is the one that checkpoints.
  sqlite3_db_config(connection->handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  const auto identity = connection->query_value("SELECT id FROM _martgate_inbox_identity");
  if (!identity) return tl::unexpected(identity.error());
  InboxPart part;
  part.inbox = std::get<std::string>(*identity);
  const Value values[] = {source, part.inbox == inbox ? seq : 0, rows_max};
  auto select = connection->prepare(
      "SELECT seq, delivery_id, received_at_ms, body FROM _martgate_inbox"
      " WHERE source = ? AND seq > ? ORDER BY seq LIMIT ?");
  if (!select) return tl::unexpected(select.error());
  if (auto bound = select->bind_all(values); !bound) return tl::unexpected(bound.error());
  std::int64_t bytes = 0;
  for (;;) {
    const auto more = select->step();
    if (!more) return tl::unexpected(more.error());
    if (!*more) return part;
    InboxRow row{select->column_int(0), select->column_text(1),
                 WallTime(std::chrono::milliseconds(select->column_int(2))),
                 select->column_text(3)};
    bytes += static_cast<std::int64_t>(row.body.size());
    if (!part.rows.empty() && bytes > bytes_max) return part;
    part.rows.push_back(std::move(row));
  }
}

}  // namespace martgate::ingest
