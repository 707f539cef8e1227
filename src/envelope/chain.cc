#include "envelope/chain.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <array>
#include <limits>

namespace martgate::envelope {
namespace {

tl::unexpected<Error> wrong(std::string why) {
  return fail(Code::InvalidArgument, std::move(why), {}, "bad_record");
}

// The columns in the order of every SELECT here.
enum Column : int { kSeq, kEnvId, kVersion, kState, kWallMs, kHash, kPayload };

Result<StoredRecord> stored_from(const store::Statement& row) {
  const std::string payload = row.column_text(kPayload);
  if (hash_of_payload(payload) != row.column_text(kHash)) {
    return wrong("the payload does not have the hash that was recorded");
  }
  auto stored = parse_payload(payload);
  if (!stored) return stored;
  const Record& record = stored->record;
  if (stored->seq != row.column_int(kSeq) || record.env_id != row.column_text(kEnvId) ||
      record.before.version != row.column_int(kVersion) ||
      name_of(record.after.state) != row.column_text(kState) ||
      stored->t_wall_ms != row.column_int(kWallMs)) {
    return wrong("the columns do not agree with the payload");
  }
  return stored;
}

}  // namespace

Status check_format(store::Connection& connection) {
  const auto version = connection.query_value("PRAGMA user_version");
  if (!version) return tl::unexpected(version.error());
  const auto format = std::get<std::int64_t>(*version);
  if (format == kJournalFormat) return {};
  return fail(Code::FailedPrecondition,
              fmt::format("the journal has format {}, this program reads format {}", format,
                          kJournalFormat),
              {}, "journal_format");
}

Result<store::Connection> open_for_reading(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) {
    return fail(Code::NotFound, fmt::format("there is no journal at {}", path.string()));
  }
  auto connection = store::Connection::open_readonly(path);
  if (!connection) return connection;
  sqlite3_db_config(connection->handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_db_config(connection->handle(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  const auto set = connection->execute(
      "PRAGMA wal_autocheckpoint=0; PRAGMA query_only=ON; PRAGMA trusted_schema=OFF;"
      "PRAGMA cell_size_check=ON; PRAGMA mmap_size=0;");
  if (!set) return tl::unexpected(set.error());
  if (const auto known = check_format(*connection); !known) return tl::unexpected(known.error());
  return connection;
}

Result<ChainWalk> ChainWalk::begin(store::Connection& connection, ChainPoint from) {
  auto records = connection.prepare(
      "SELECT seq, env_id, version, state, t_wall_ms, record_hash, payload FROM records"
      " WHERE seq > ?1 ORDER BY seq");
  if (!records) return tl::unexpected(records.error());
  auto previous = connection.prepare(
      "SELECT seq, env_id, version, state, t_wall_ms, record_hash, payload FROM records"
      " WHERE env_id = ?1 AND seq < ?2 ORDER BY version DESC LIMIT 1");
  if (!previous) return tl::unexpected(previous.error());
  // From the beginning means from the lowest number there is: none may stand below 1.
  const std::int64_t behind = from.seq == 0 ? std::numeric_limits<std::int64_t>::min() : from.seq;
  if (auto bound = records->bind(0, behind); !bound) return tl::unexpected(bound.error());
  return ChainWalk(std::move(*records), std::move(*previous), std::move(from));
}

Status ChainWalk::check_place(const StoredRecord& stored) {
  if (stored.prev_hash != point_.head) return wrong("it does not name the record before it");
  if (stored.boot_epoch < point_.boot_epoch) return wrong("its boot epoch is lower than before");
  if (stored.t_wall_ms < point_.t_wall_ms) return wrong("its time is earlier than before");
  return {};
}

Status ChainWalk::check_life(const StoredRecord& stored) {
  const Record& record = stored.record;
  const std::array<store::Value, 2> values{record.env_id, stored.seq};
  if (auto bound = previous_.bind_all(values); !bound) return bound;
  const auto found = previous_.step();
  Status status;
  if (!found) {
    status = tl::unexpected(found.error());
  } else if (!*found) {
    if (record.before.version != 0)
      status = wrong("the earlier records of its envelope are missing");
  } else {
    const auto previous = stored_from(previous_);
    if (!previous) {
      status = tl::unexpected(with_context(previous.error(), "the record before of its envelope"));
    } else if (previous->record.after != record.before) {
      status = wrong("it does not begin where the last record of its envelope ended");
    }
  }
  previous_.reset();
  return status;
}

std::optional<StoredRecord> ChainWalk::next() {
  if (bad_) return std::nullopt;
  const std::int64_t expected = point_.seq + 1;
  const auto broken = [&](std::string why) {
    bad_ = BadRecord{expected, std::move(why)};
    return std::nullopt;
  };
  const auto more = records_.step();
  if (!more) return broken(fmt::format("it cannot be read: {}", more.error().message));
  if (!*more) {
    records_.reset();
    return std::nullopt;
  }
  if (const std::int64_t seq = records_.column_int(kSeq); seq != expected) {
    return broken(seq < expected ? fmt::format("a record {} stands before it", seq)
                                 : fmt::format("it is missing; the next record is {}", seq));
  }
  auto stored = stored_from(records_);
  if (!stored) return broken(stored.error().message);
  if (const auto placed = check_place(*stored); !placed) return broken(placed.error().message);
  if (const auto lived = check_life(*stored); !lived) return broken(lived.error().message);
  point_ = {stored->seq, records_.column_text(kHash), stored->boot_epoch, stored->t_wall_ms};
  return std::move(*stored);
}

Result<StoredRecord> record_at(store::Connection& connection, std::int64_t seq) {
  auto statement = connection.prepare(
      "SELECT seq, env_id, version, state, t_wall_ms, record_hash, payload FROM records"
      " WHERE seq = ?1");
  if (!statement) return tl::unexpected(statement.error());
  if (auto bound = statement->bind(0, seq); !bound) return tl::unexpected(bound.error());
  const auto found = statement->step();
  if (!found) return tl::unexpected(found.error());
  if (!*found) return fail(Code::NotFound, fmt::format("there is no record {}", seq));
  return stored_from(*statement);
}

}  // namespace martgate::envelope
