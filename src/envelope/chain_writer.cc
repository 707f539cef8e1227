#include "envelope/chain_writer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/check.h"

namespace martgate::envelope {
namespace {

// `records` is the chain; `open_envelopes` repeats, for the start, where the envelopes stand that
// have not ended; `counters` holds the boot epoch.
constexpr store::Sql kSchema =
    "CREATE TABLE records("
    " seq INTEGER PRIMARY KEY,"
    " env_id TEXT NOT NULL,"
    " version INTEGER NOT NULL,"
    " state TEXT NOT NULL,"
    " t_wall_ms INTEGER NOT NULL,"
    " record_hash TEXT NOT NULL,"
    " payload TEXT NOT NULL,"
    " UNIQUE(env_id, version)) STRICT;"
    "CREATE TABLE open_envelopes("
    " env_id TEXT PRIMARY KEY,"
    " state TEXT NOT NULL,"
    " effect_class TEXT NOT NULL,"
    " effect TEXT NOT NULL,"
    " version INTEGER NOT NULL,"
    " last_seq INTEGER NOT NULL,"
    " recoveries INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE counters(name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "INSERT INTO counters VALUES('boot_epoch', 0);"
    "PRAGMA user_version=1;";
static_assert(kJournalFormat == 1, "kSchema writes the format number");

tl::unexpected<Error> damaged(std::string message) {
  return fail(Code::FailedPrecondition, std::move(message),
              {"`martgate audit verify` checks the whole journal",
               "restore the state folder from a copy, journal and anchors together"},
              "journal_damaged");
}

tl::unexpected<Error> bad_record(const BadRecord& bad) {
  return damaged(fmt::format("the journal is damaged at record {}: {}", bad.seq, bad.why));
}

Status create_or_check_schema(store::Connection& connection) {
  const auto tables = connection.query_value("SELECT count(*) FROM sqlite_schema");
  if (!tables) return tl::unexpected(tables.error());
  if (std::get<std::int64_t>(*tables) != 0) return check_format(connection);
  auto transaction = store::Transaction::begin(connection);
  if (!transaction) return tl::unexpected(transaction.error());
  if (auto created = connection.execute(kSchema); !created) return created;
  return transaction->commit();
}

Result<std::int64_t> last_seq_in(store::Connection& connection) {
  const auto last = connection.query_value("SELECT coalesce(max(seq), 0) FROM records");
  if (!last) return tl::unexpected(last.error());
  return std::get<std::int64_t>(*last);
}

// The files that bear witness are there before the first record is; from then on a missing one is
// as telling as a wrong one.
Result<AnchorKey> key_for(const JournalPaths& paths, std::int64_t last_seq, IdSource& ids) {
  auto key = read_anchor_key(paths.key);
  if (key || key.error().code != Code::NotFound) return key;
  std::error_code ignored;
  if (last_seq > 0 || std::filesystem::exists(paths.anchors, ignored)) {
    return damaged(
        fmt::format("{} is missing, so the anchors cannot be checked", paths.key.string()));
  }
  return create_anchor_key(paths.key, ids);
}

Result<Anchor> anchor_for(const JournalPaths& paths, const AnchorKey& key, std::int64_t last_seq,
                          const Clock& clock) {
  const auto last = last_anchor(paths.anchors, key);
  if (last && *last) return **last;
  if (!last && last.error().code == Code::InvalidArgument) {
    return damaged(fmt::format("{}: {}", paths.anchors.string(), last.error().message));
  }
  if (!last && last.error().code != Code::NotFound) return tl::unexpected(last.error());
  if (last_seq > 0) {
    return damaged(fmt::format("{} holds no anchor, although the journal has {} records",
                               paths.anchors.string(), last_seq));
  }
  auto log = AnchorLog::open(paths.anchors);
  if (!log) return tl::unexpected(log.error());
  Anchor first{clock.now(), 0, std::string(kNoHash), 0};
  if (auto written = log->append(anchor_line(first, key)); !written) {
    return tl::unexpected(written.error());
  }
  return first;
}

// I16: the chain still holds what the last anchor says, and is whole from there on.
Result<ChainPoint> check_since(store::Connection& connection, const Anchor& anchor,
                               std::int64_t last_seq) {
  if (anchor.seq > last_seq) {
    return bad_record({last_seq + 1, fmt::format("it is missing; the anchor of {} names record {}",
                                                 to_rfc3339(anchor.at), anchor.seq)});
  }
  ChainPoint from;
  if (anchor.seq > 0) {
    const auto stored = record_at(connection, anchor.seq);
    if (!stored) return bad_record({anchor.seq, stored.error().message});
    from = {anchor.seq, hash_of_payload(payload_of(*stored)), stored->boot_epoch,
            stored->t_wall_ms};
  }
  if (from.head != anchor.head) {
    return bad_record({anchor.seq, fmt::format("its hash is not the one in the anchor of {}",
                                               to_rfc3339(anchor.at))});
  }
  auto walk = ChainWalk::begin(connection, from);
  if (!walk) return tl::unexpected(walk.error());
  while (walk->next()) {
  }
  if (walk->bad()) return bad_record(*walk->bad());
  return walk->point();
}

}  // namespace

JournalPaths journal_paths(const std::filesystem::path& state_folder) {
  return {state_folder / "journal.db", state_folder / "anchors.log", state_folder / "anchor.key",
          state_folder / "journal.lock"};
}

// ---- the lock

Result<ChainWriter::FolderLock> ChainWriter::FolderLock::take(const std::filesystem::path& path) {
  FolderLock lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640));
  if (lock.fd_ >= 0 && ::flock(lock.fd_, LOCK_EX | LOCK_NB) == 0) return lock;
  const int number = errno;
  if (lock.fd_ >= 0 && number == EWOULDBLOCK) {
    return fail(
        Code::FailedPrecondition,
        fmt::format("another martgate serves this state folder; it holds {}", path.string()),
        {"stop it first, or name another state folder with --state DIR"}, "journal_locked");
  }
  return fail(Code::Unavailable,
              fmt::format("cannot lock {}: {}", path.string(), std::strerror(number)));
}

ChainWriter::FolderLock::FolderLock(FolderLock&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)) {}

ChainWriter::FolderLock::~FolderLock() {
  if (fd_ >= 0) ::close(fd_);
}

// ---- opening

struct ChainWriter::Statements {
  store::Statement insert_record;
  store::Statement select_open;
  store::Statement upsert_open;
  store::Statement delete_open;
};

ChainWriter::ChainWriter(FolderLock lock, store::Connection connection, AnchorKey key,
                         AnchorLog anchors, const ChainLimits& limits,
                         std::function<void(std::string_view)> on_anchor, const Clock& clock)
    : lock_(std::move(lock)),
      connection_(std::move(connection)),
      key_(key),
      anchors_(std::move(anchors)),
      limits_(limits),
      on_anchor_(std::move(on_anchor)),
      clock_(clock) {}

ChainWriter::~ChainWriter() = default;

Result<std::unique_ptr<ChainWriter>> ChainWriter::open(
    const std::filesystem::path& state_folder, const ChainLimits& limits,
    std::function<void(std::string_view)> on_anchor, const Clock& clock, IdSource& ids) {
  std::error_code problem;
  std::filesystem::create_directories(state_folder, problem);
  if (problem) {
    return fail(Code::Unavailable,
                fmt::format("cannot create {}: {}", state_folder.string(), problem.message()));
  }
  const JournalPaths paths = journal_paths(state_folder);
  auto lock = FolderLock::take(paths.lock);
  if (!lock) return tl::unexpected(lock.error());
  auto connection = store::Connection::open_writable(paths.journal, store::Durability::Full);
  if (!connection) return tl::unexpected(connection.error());
  // After a failed commit nothing may reach the main file by way of a closing connection.
  sqlite3_db_config(connection->handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  const auto tuned = connection->execute(
      "PRAGMA wal_autocheckpoint=0; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;"
      "PRAGMA mmap_size=0; PRAGMA cache_size=-32768;");
  if (!tuned) return tl::unexpected(tuned.error());
  if (auto ready = create_or_check_schema(*connection); !ready) {
    return tl::unexpected(ready.error());
  }
  const auto last_seq = last_seq_in(*connection);
  if (!last_seq) return tl::unexpected(last_seq.error());
  const auto key = key_for(paths, *last_seq, ids);
  if (!key) return tl::unexpected(key.error());
  const auto anchor = anchor_for(paths, *key, *last_seq, clock);
  if (!anchor) return tl::unexpected(anchor.error());
  auto point = check_since(*connection, *anchor, *last_seq);
  if (!point) return tl::unexpected(point.error());
  auto anchors = AnchorLog::open(paths.anchors);
  if (!anchors) return tl::unexpected(anchors.error());

  std::unique_ptr<ChainWriter> writer(new ChainWriter(std::move(*lock), std::move(*connection),
                                                      *key, std::move(*anchors), limits,
                                                      std::move(on_anchor), clock));
  writer->point_ = std::move(*point);
  writer->anchored_seq_ = anchor->seq;
  writer->anchored_at_ns_ = clock.monotonic_ns();
  if (auto ready = writer->prepare(); !ready) return tl::unexpected(ready.error());
  if (auto begun = writer->begin_epoch(); !begun) return tl::unexpected(begun.error());
  if (writer->has_unanchored()) {
    if (auto anchored = writer->anchor_now(); !anchored) return tl::unexpected(anchored.error());
  }
  return writer;
}

Status ChainWriter::prepare() {
  auto insert_record = connection_.prepare(
      "INSERT INTO records(seq, env_id, version, state, t_wall_ms, record_hash, payload)"
      " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT(env_id, version) DO NOTHING");
  auto select_open = connection_.prepare(
      "SELECT state, effect_class, effect, version FROM open_envelopes WHERE env_id = ?1");
  auto upsert_open = connection_.prepare(
      "INSERT INTO open_envelopes(env_id, state, effect_class, effect, version, last_seq,"
      " recoveries) VALUES(?1, ?2, ?3, ?4, ?5, ?6, 0)"
      " ON CONFLICT(env_id) DO UPDATE SET state = excluded.state, effect = excluded.effect,"
      " version = excluded.version, last_seq = excluded.last_seq, recoveries = 0");
  auto delete_open = connection_.prepare("DELETE FROM open_envelopes WHERE env_id = ?1");
  for (const auto* statement : {&insert_record, &select_open, &upsert_open, &delete_open}) {
    if (!*statement) return tl::unexpected(statement->error());
  }
  statements_ =
      std::make_unique<Statements>(Statements{std::move(*insert_record), std::move(*select_open),
                                              std::move(*upsert_open), std::move(*delete_open)});
  sqlite3_wal_hook(
      connection_.handle(),
      [](void* pages_in_wal, sqlite3*, const char*, int pages) {
        *static_cast<int*>(pages_in_wal) = pages;
        return SQLITE_OK;
      },
      &wal_pages_);
  return {};
}

Result<std::vector<OpenEnvelope>> ChainWriter::open_envelopes() {
  auto rows = connection_.prepare(
      "SELECT env_id, state, effect_class, effect, version, last_seq, recoveries"
      " FROM open_envelopes ORDER BY last_seq");
  if (!rows) return tl::unexpected(rows.error());
  std::vector<OpenEnvelope> open;
  for (;;) {
    const auto more = rows->step();
    if (!more) return tl::unexpected(more.error());
    if (!*more) return open;
    const auto state = state_of(rows->column_text(1));
    const auto effect_class = effect_class_of(rows->column_text(2));
    const auto effect = effect_of(rows->column_text(3));
    if (!state || !effect_class || !effect || is_terminal(*state)) {
      return damaged(
          fmt::format("the list of open envelopes is damaged at {}", rows->column_text(0)));
    }
    OpenEnvelope& envelope = open.emplace_back();
    envelope.env_id = rows->column_text(0);
    envelope.life = {*state, *effect_class, *effect, rows->column_int(4)};
    envelope.last_seq = rows->column_int(5);
    envelope.recoveries = static_cast<int>(rows->column_int(6));
  }
}

Status ChainWriter::begin_epoch() {
  auto transaction = store::Transaction::begin(connection_);
  if (!transaction) return tl::unexpected(transaction.error());
  const std::array<store::Value, 1> seen{point_.boot_epoch};
  const auto epoch = connection_.query_value(
      "UPDATE counters SET value = max(value, ?1) + 1 WHERE name = 'boot_epoch' RETURNING value",
      seen);
  if (!epoch) return tl::unexpected(epoch.error());
  boot_epoch_ = std::get<std::int64_t>(*epoch);
  auto open = open_envelopes();
  if (!open) return tl::unexpected(open.error());
  ChainPoint point = point_;
  if (auto recovered = recover(std::move(*open), point); !recovered) return recovered;
  if (auto committed = transaction->commit(); !committed) return committed;
  point_ = std::move(point);
  return {};
}

Status ChainWriter::recover(std::vector<OpenEnvelope> open, ChainPoint& point) {
  const std::int64_t t_wall_ms = wall_ms_now();
  const WallTime now{std::chrono::milliseconds(t_wall_ms)};
  for (RecoveryAction& action : plan_recovery(open, now)) {
    const OpenEnvelope& envelope = action.envelope;
    const auto last = record_at(connection_, envelope.last_seq);
    if (!last) return bad_record({envelope.last_seq, last.error().message});
    if (last->record.env_id != envelope.env_id || last->record.after != envelope.life) {
      return damaged(
          fmt::format("the list of open envelopes does not agree with record {}", last->seq));
    }
    if (action.act != RecoveryAct::Step) {
      if (counts_as_recovery(action.act)) {
        const std::array<store::Value, 1> values{envelope.env_id};
        const auto counted = connection_.query(
            "UPDATE open_envelopes SET recoveries = recoveries + 1 WHERE env_id = ?1", values);
        if (!counted) return tl::unexpected(counted.error());
      }
      unsettled_.push_back(std::move(action));
      continue;
    }
    MARTGATE_CHECK(action.event.has_value());
    Record record = next_record(last->record);
    record.fields.reason = action.reason;
    if (auto taken = take(record, *action.event); !taken) return taken;
    const auto appended = append(record, t_wall_ms, point);
    if (!appended) return tl::unexpected(appended.error());
    if (!*appended) return *appended;
  }
  return {};
}

// ---- appending

std::int64_t ChainWriter::wall_ms_now() const {
  // I14: recorded time does not fall, whatever the clock does.
  return std::max(clock_.now().time_since_epoch().count(), point_.t_wall_ms);
}

Result<Status> ChainWriter::check_continues(const Record& record) {
  const auto stale = [&](std::string_view why) -> Status {
    return fail(Code::FailedPrecondition, fmt::format("envelope {} {}", record.env_id, why), {},
                "stale_envelope");
  };
  store::Statement& select = statements_->select_open;
  if (auto bound = select.bind(0, record.env_id); !bound) return tl::unexpected(bound.error());
  const auto found = select.step();
  if (!found) return tl::unexpected(found.error());
  if (!*found) {
    select.reset();
    return stale("has ended, or never began");
  }
  const bool same = select.column_text(0) == name_of(record.before.state) &&
                    select.column_text(1) == name_of(record.before.effect_class) &&
                    select.column_text(2) == name_of(record.before.effect) &&
                    select.column_int(3) == record.before.version;
  select.reset();
  return same ? Status{} : stale("has moved on since it was read");
}

Status ChainWriter::keep_open_table(const Record& record, std::int64_t seq) {
  if (!is_terminal(record.after.state)) {
    const std::array<store::Value, 6> values{record.env_id,
                                             std::string(name_of(record.after.state)),
                                             std::string(name_of(record.after.effect_class)),
                                             std::string(name_of(record.after.effect)),
                                             record.after.version,
                                             seq};
    if (auto bound = statements_->upsert_open.bind_all(values); !bound) return bound;
    return statements_->upsert_open.run();
  }
  if (record.before.version == 0) return {};  // it began and ended in this record
  if (auto bound = statements_->delete_open.bind(0, record.env_id); !bound) return bound;
  return statements_->delete_open.run();
}

Result<Status> ChainWriter::append(const Record& record, std::int64_t t_wall_ms,
                                   ChainPoint& point) {
  // I01: nothing that the table does not know reaches the chain, whoever called.
  const auto after = fold(record.before, record.steps);
  MARTGATE_CHECK(after && *after == record.after);
  if (record.before.version > 0) {
    auto continues = check_continues(record);
    if (!continues || !*continues) return continues;
  }
  const Place place{point.seq + 1, point.head, boot_epoch_, t_wall_ms};
  std::string payload = payload_of(place, record);
  std::string hash = hash_of_payload(payload);
  const std::array<store::Value, 7> values{
      place.seq, record.env_id, record.before.version, std::string(name_of(record.after.state)),
      t_wall_ms, hash,          std::move(payload)};
  store::Statement& insert = statements_->insert_record;
  if (auto bound = insert.bind_all(values); !bound) return tl::unexpected(bound.error());
  if (auto inserted = insert.run(); !inserted) return tl::unexpected(inserted.error());
  if (connection_.changes() == 0) {
    return Status(fail(Code::FailedPrecondition,
                       fmt::format("envelope {} has this record already", record.env_id), {},
                       "stale_envelope"));
  }
  if (auto kept = keep_open_table(record, place.seq); !kept) return tl::unexpected(kept.error());
  point = {place.seq, std::move(hash), boot_epoch_, t_wall_ms};
  return Status{};
}

Result<std::vector<Status>> ChainWriter::commit(std::span<const Record* const> records) {
  auto transaction = store::Transaction::begin(connection_);
  if (!transaction) return tl::unexpected(transaction.error());
  ChainPoint point = point_;
  const std::int64_t t_wall_ms = wall_ms_now();
  std::vector<Status> outcomes;
  outcomes.reserve(records.size());
  for (const Record* record : records) {
    auto appended = append(*record, t_wall_ms, point);
    if (!appended) return tl::unexpected(appended.error());
    outcomes.push_back(std::move(*appended));
  }
  if (auto committed = transaction->commit(); !committed) {
    return tl::unexpected(committed.error());
  }
  point_ = std::move(point);
  ++commits_since_checkpoint_;
  return outcomes;
}

// ---- anchors and checkpoints

Status ChainWriter::anchor_now() {
  const std::string line = anchor_line(
      {WallTime(std::chrono::milliseconds(wall_ms_now())), point_.seq, point_.head, boot_epoch_},
      key_);
  if (auto written = anchors_.append(line); !written) return written;
  anchored_seq_ = point_.seq;
  anchored_at_ns_ = clock_.monotonic_ns();
  if (on_anchor_) on_anchor_(line);
  return {};
}

Status ChainWriter::anchor_if_due() {
  if (!has_unanchored()) return {};
  const std::int64_t waited_s = (clock_.monotonic_ns() - anchored_at_ns_) / 1'000'000'000;
  if (point_.seq - anchored_seq_ < limits_.anchor_records && waited_s < limits_.anchor_seconds) {
    return {};
  }
  return anchor_now();
}

Status ChainWriter::checkpoint(int mode) {
  commits_since_checkpoint_ = 0;
  wal_pages_checkpointed_ = wal_pages_;
  const int rc = sqlite3_wal_checkpoint_v2(connection_.handle(), nullptr, mode, nullptr, nullptr);
  ++checkpoints_;
  // Busy: a reader holds an old snapshot. What could be copied is; the rest comes next time.
  if (rc == SQLITE_OK || (rc & 0xFF) == SQLITE_BUSY) return {};
  return fail(Code::Unavailable,
              fmt::format("checkpoint: {}", sqlite3_errmsg(connection_.handle())));
}

Status ChainWriter::checkpoint_if_due(Load load) {
  // The WAL began again from its front.
  if (wal_pages_ < wal_pages_checkpointed_) wal_pages_checkpointed_ = 0;
  const bool many_pages = wal_pages_ - wal_pages_checkpointed_ >= limits_.checkpoint_pages;
  const bool good_moment =
      load == Load::Idle && commits_since_checkpoint_ >= limits_.checkpoint_commits;
  return many_pages || good_moment ? checkpoint(SQLITE_CHECKPOINT_PASSIVE) : Status{};
}

Status ChainWriter::finish() {
  auto settled =
      connection_.execute("UPDATE open_envelopes SET recoveries = 0 WHERE recoveries <> 0");
  if (!settled) return settled;
  if (has_unanchored()) {
    if (auto anchored = anchor_now(); !anchored) return anchored;
  }
  // Nobody waits for a reader at the end: busy is as good as done.
  sqlite3_busy_timeout(connection_.handle(), 0);
  return checkpoint(SQLITE_CHECKPOINT_TRUNCATE);
}

}  // namespace martgate::envelope
