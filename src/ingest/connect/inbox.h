// state/inbox.db: what webhooks delivered, durable before anyone is told so.
//
//   _martgate_inbox           seq, source, delivery id, time, body; one row per delivery
//   _martgate_inbox_identity  which inbox this is: a new file begins its seq again
//
// The server writes it, on one thread; ingest reads it and keeps its place in state/raw.db.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"

namespace martgate::ingest {

[[nodiscard]] std::filesystem::path inbox_path(const std::filesystem::path& state_folder);

struct InboxOptions {
  std::size_t deliveries_queued_max = 10'000;
  std::size_t bytes_queued_max = 64UL << 20;
  std::size_t group_max = 256;  // deliveries in one commit
  std::int64_t keep_days = 30;  // a loaded delivery stays this long, to know its repetitions
  std::int64_t prune_every_ms = 3'600'000;
  // The seq of the inbox of that identity up to which every table of a source has loaded; 0 when
  // that is not known. Called on the inbox's thread.
  std::function<std::int64_t(const std::string& source, const std::string& inbox)> loaded_up_to =
      {};
};

struct InboxDelivery {
  std::string source;
  std::string id;
  std::string body;
};

enum class Accepted : std::uint8_t {
  Stored,
  Repeated,  // this id is known; nothing was written
};

class Inbox {
 public:
  // On the inbox's thread, after the sync; short and without exceptions. A delivery that never
  // gets into the queue is refused on the thread of accept(), before accept() returns.
  using WhenDurable = std::function<void(Result<Accepted>)>;

  // Errors: Unavailable.
  [[nodiscard]] static Result<std::unique_ptr<Inbox>> open(const std::filesystem::path& path,
                                                           InboxOptions options, const Clock& clock,
                                                           IdSource& ids);
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;
  ~Inbox();  // closes

  // `when_durable` is called exactly once: with success when the delivery is on disk, or with
  //   ResourceExhausted "overloaded": the queue is full;
  //   Unavailable "inbox_unknown": an I/O error; the delivery may be durable or not. It can be sent
  //     again: its id makes that harmless;
  //   Unavailable "inbox_closed".
  // Threads: any.
  void accept(InboxDelivery delivery, WhenDurable when_durable);

  // Writes what is queued and ends the thread. Never from a callback.
  void close();

 private:
  struct State;
  explicit Inbox(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// ---- for ingest

struct InboxRow {
  std::int64_t seq = 0;
  std::string id;
  WallTime received_at{};
  std::string body;
};

struct InboxPart {
  std::string inbox;  // its identity; empty when there is no inbox yet
  std::vector<InboxRow> rows;
};

// Deliveries of a source behind `seq` of the inbox named `inbox`, oldest first; of another inbox
// all of them. At most `rows_max`, and no more than `bytes_max` of bodies but for the first.
[[nodiscard]] Result<InboxPart> read_inbox(const std::filesystem::path& path,
                                           const std::string& source, const std::string& inbox,
                                           std::int64_t seq, std::int64_t rows_max,
                                           std::int64_t bytes_max);

}  // namespace martgate::ingest
