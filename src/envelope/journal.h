// The journal: records from any thread, durable in groups, by one writer thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "envelope/chain_writer.h"
#include "envelope/record.h"
#include "envelope/recovery.h"

namespace martgate::envelope {

struct JournalOptions {
  std::size_t records_queued_max = 10'000;
  std::size_t group_records_max = 128;  // records in one commit
  std::int64_t gather_us_max = 0;  // how long a group that is not full may wait for more; <= 2,000
  ChainLimits chain;
  // Called once, on the writer thread, before anyone else hears of it, when an I/O error left the
  // state on disk unknown. A server ends its process here, without another answer.
  std::function<void(const Error&)> on_fatal;
  // Every signed head, after it is durable: for standard error or another machine, out of reach of
  // whoever can write the state folder. Called on the thread of open() and on the writer thread.
  std::function<void(std::string_view line)> on_anchor;
};

struct JournalStats {
  std::int64_t records = 0;  // made durable since open()
  std::int64_t commits = 0;
  std::int64_t checkpoints = 0;
  std::size_t largest_group = 0;
  std::size_t queued = 0;
};

class Journal {
 public:
  // Runs on the writer thread, in the order of the chain, after the sync; short, without blocking
  // and without exceptions. A record that never gets into the queue is refused on the thread of
  // append(), before append() returns.
  using WhenDurable = std::function<void(Status)>;

  // See ChainWriter::open(). The clock must outlive the journal.
  [[nodiscard]] static Result<std::unique_ptr<Journal>> open(
      const std::filesystem::path& state_folder, JournalOptions options, const Clock& clock,
      IdSource& ids);
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;
  ~Journal();  // closes

  // Never waits for the disk. `when_durable` is called exactly once: with success after the record
  // is on disk, or with
  //   InvalidArgument "bad_record", FailedPrecondition "illegal_step": check() refused it;
  //   FailedPrecondition "stale_envelope": it does not continue its envelope;
  //   ResourceExhausted "overloaded": records_queued_max are waiting;
  //   Unavailable "journal_unknown": an I/O error; the record may be durable or not, and only the
  //     next start can tell. Never send it again;
  //   Unavailable "journal_closed".
  // Threads: any.
  void append(Record record, WhenDurable when_durable);

  // Makes durable what is queued, anchors, checkpoints, ends the thread. Later calls do nothing and
  // answer the same. Never from a callback.
  Status close();

  [[nodiscard]] JournalStats stats() const;
  [[nodiscard]] std::int64_t boot_epoch() const;
  // Open envelopes that recovery left to whoever can reach people and targets.
  [[nodiscard]] const std::vector<RecoveryAction>& unsettled() const;

 private:
  struct State;
  explicit Journal(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace martgate::envelope
