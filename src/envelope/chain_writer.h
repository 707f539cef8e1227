// The database side of the journal: one connection that appends, anchors and checkpoints.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "envelope/anchors.h"
#include "envelope/chain.h"
#include "envelope/record.h"
#include "envelope/recovery.h"
#include "store/connection.h"

namespace martgate::envelope {

struct JournalPaths {
  std::filesystem::path journal;
  std::filesystem::path anchors;
  std::filesystem::path key;
  std::filesystem::path lock;
};
[[nodiscard]] JournalPaths journal_paths(const std::filesystem::path& state_folder);

struct ChainLimits {
  std::int64_t anchor_records = 1'000;  // an anchor after so many records,
  std::int64_t anchor_seconds = 60;     // or after so long, when there are new ones
  int checkpoint_pages = 1'000;         // new pages in the WAL: checkpoint at once
  int checkpoint_commits = 256;         // when nothing waits
};

// Any error of commit(), anchor or checkpoint means that the state on disk is unknown: the object
// must not be used again, the process should end, and the next open() reads what is true.
// Threads: one at a time.
class ChainWriter {
 public:
  // Takes the folder's lock, creates what is missing, checks the chain from the last anchor on,
  // begins a new boot epoch, and carries out the part of recovery that needs no target: all in the
  // first transaction. `on_anchor` may be empty; it gets every anchor line after it is durable.
  // Errors: FailedPrecondition with reason "journal_locked" (another process holds the folder),
  // "journal_damaged" (the chain or the anchors do not check; names the first bad record),
  // "journal_format"; Unavailable.
  [[nodiscard]] static Result<std::unique_ptr<ChainWriter>> open(
      const std::filesystem::path& state_folder, const ChainLimits& limits,
      std::function<void(std::string_view)> on_anchor, const Clock& clock, IdSource& ids);
  ChainWriter(const ChainWriter&) = delete;
  ChainWriter& operator=(const ChainWriter&) = delete;
  ~ChainWriter();

  // Appends all records in one transaction, synced when this returns. The answer has one status for
  // each: a record that does not continue its envelope is refused alone (FailedPrecondition, reason
  // "stale_envelope") and the others go on. Each record must have passed check().
  [[nodiscard]] Result<std::vector<Status>> commit(std::span<const Record* const> records);

  [[nodiscard]] bool has_unanchored() const { return point_.seq > anchored_seq_; }
  Status anchor_if_due();
  enum class Load : std::uint8_t { Idle, Busy };
  Status checkpoint_if_due(Load load);
  // The last anchor and checkpoint of a clean end.
  Status finish();

  [[nodiscard]] const ChainPoint& point() const { return point_; }
  [[nodiscard]] std::int64_t boot_epoch() const { return boot_epoch_; }
  // What recovery found and could not settle with the journal alone.
  [[nodiscard]] const std::vector<RecoveryAction>& unsettled() const { return unsettled_; }
  [[nodiscard]] std::int64_t checkpoints() const { return checkpoints_; }

 private:
  class FolderLock {
   public:
    [[nodiscard]] static Result<FolderLock> take(const std::filesystem::path& path);
    FolderLock(FolderLock&& other) noexcept;
    FolderLock& operator=(FolderLock&&) = delete;
    ~FolderLock();

   private:
    explicit FolderLock(int fd) : fd_(fd) {}
    int fd_;
  };
  struct Statements;

  ChainWriter(FolderLock lock, store::Connection connection, AnchorKey key, AnchorLog anchors,
              const ChainLimits& limits, std::function<void(std::string_view)> on_anchor,
              const Clock& clock);
  Status prepare();
  Status begin_epoch();
  [[nodiscard]] Result<std::vector<OpenEnvelope>> open_envelopes();
  Status recover(std::vector<OpenEnvelope> open, ChainPoint& point);
  // Refusals are the inner status.
  [[nodiscard]] Result<Status> append(const Record& record, std::int64_t t_wall_ms,
                                      ChainPoint& point);
  [[nodiscard]] Result<Status> check_continues(const Record& record);
  Status keep_open_table(const Record& record, std::int64_t seq);
  Status anchor_now();
  Status checkpoint(int mode);
  [[nodiscard]] std::int64_t wall_ms_now() const;

  FolderLock lock_;
  store::Connection connection_;
  std::unique_ptr<Statements> statements_;  // finalized before the connection closes
  AnchorKey key_;
  AnchorLog anchors_;
  ChainLimits limits_;
  std::function<void(std::string_view)> on_anchor_;
  const Clock& clock_;
  ChainPoint point_;
  std::int64_t boot_epoch_ = 0;
  std::vector<RecoveryAction> unsettled_;
  std::int64_t anchored_seq_ = 0;
  std::int64_t anchored_at_ns_ = 0;
  int wal_pages_ = 0;  // kept by SQLite's WAL hook
  int wal_pages_checkpointed_ = 0;
  int commits_since_checkpoint_ = 0;
  std::int64_t checkpoints_ = 0;
};

}  // namespace martgate::envelope
