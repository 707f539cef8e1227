// Reading the journal: connections that change nothing, and the walk that checks the chain.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "envelope/record.h"
#include "store/connection.h"

namespace martgate::envelope {

inline constexpr std::int64_t kJournalFormat = 1;  // PRAGMA user_version

// Read only, no checkpoints, not even on close. Works beside a running writer.
// Errors: NotFound, Unavailable, FailedPrecondition (reason "journal_format").
[[nodiscard]] Result<store::Connection> open_for_reading(const std::filesystem::path& path);
// Errors: FailedPrecondition (reason "journal_format") unless the file has this program's format.
[[nodiscard]] Status check_format(store::Connection& connection);

// The first record that is not what the chain says, and in which way.
struct BadRecord {
  std::int64_t seq = 0;
  std::string why;

  friend bool operator==(const BadRecord&, const BadRecord&) = default;
};

// A point of the chain: `seq` records, the last of which has the hash `head`.
struct ChainPoint {
  std::int64_t seq = 0;
  std::string head{kNoHash};
  std::int64_t boot_epoch = 0;
  std::int64_t t_wall_ms = 0;
};

// Walks the records behind a point, one at a time in constant memory, and checks of each: its
// number follows, its payload has its hash and its canonical form, names the record before, agrees
// with the columns; epoch and time do not fall; its steps follow the table and begin where the
// last record of the envelope ended (I01, I15, I16).
class ChainWalk {
 public:
  // Begins after `from`; the record at from.seq is trusted.
  [[nodiscard]] static Result<ChainWalk> begin(store::Connection& connection, ChainPoint from);

  // The next record, or nothing at the end, or after the first bad record, which bad() then names.
  [[nodiscard]] std::optional<StoredRecord> next();
  [[nodiscard]] const std::optional<BadRecord>& bad() const { return bad_; }
  // The last good record.
  [[nodiscard]] const ChainPoint& point() const { return point_; }

 private:
  ChainWalk(store::Statement records, store::Statement previous, ChainPoint from)
      : records_(std::move(records)), previous_(std::move(previous)), point_(std::move(from)) {}
  [[nodiscard]] Status check_place(const StoredRecord& stored);
  [[nodiscard]] Status check_life(const StoredRecord& stored);

  store::Statement records_;
  store::Statement previous_;
  ChainPoint point_;
  std::optional<BadRecord> bad_;
};

// The record at `seq` with its own hash and form checked, not its place in the chain.
// Errors: NotFound; InvalidArgument with what is wrong.
[[nodiscard]] Result<StoredRecord> record_at(store::Connection& connection, std::int64_t seq);

}  // namespace martgate::envelope
