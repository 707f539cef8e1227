#include "envelope/journal.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "base/check.h"

namespace martgate::envelope {
namespace {

constexpr std::int64_t kGatherUsMax = 2'000;
// How often an idle writer looks whether an anchor is due; only while there is one to write.
constexpr std::chrono::seconds kAnchorPoll(1);

struct Pending {
  Record record;
  Journal::WhenDurable when_durable;
};

Error unknown_state(const Error& cause) {
  return {Code::Unavailable,
          fmt::format("the journal failed, and what it last wrote is unknown: {}", cause.message),
          {"start the server again: it reads what is true"},
          "journal_unknown"};
}

}  // namespace

struct Journal::State {
  State(std::unique_ptr<ChainWriter> chain_writer, JournalOptions journal_options)
      : writer(std::move(chain_writer)),
        options(std::move(journal_options)),
        boot_epoch(writer->boot_epoch()),
        unsettled(writer->unsettled()) {}

  void run();
  // Waits for work; an empty group means that only the upkeep may be due.
  std::vector<Pending> next_group();
  Status write(std::vector<Pending>& group);
  Status upkeep();
  void stop_for_good(const Error& cause, const std::vector<Pending>& group);

  std::unique_ptr<ChainWriter> writer;  // used by the writer thread alone once it runs
  const JournalOptions options;
  const std::int64_t boot_epoch;
  const std::vector<RecoveryAction> unsettled;
  std::mutex close_mutex;  // one close() at a time; taken before `mutex`
  mutable std::mutex mutex;
  std::condition_variable wake;
  // Guarded by `mutex`:
  std::deque<Pending> queue;
  bool closing = false;
  std::optional<Error> fatal;
  JournalStats counted;
  std::thread thread;  // last: joined before anything above goes
};

std::vector<Pending> Journal::State::next_group() {
  const auto has_work = [this] { return closing || !queue.empty(); };
  std::unique_lock lock(mutex);
  if (writer->has_unanchored()) {
    wake.wait_for(lock, kAnchorPoll, has_work);
  } else {
    wake.wait(lock, has_work);
  }
  if (options.gather_us_max > 0 && !queue.empty() && !closing) {
    wake.wait_for(lock, std::chrono::microseconds(std::min(options.gather_us_max, kGatherUsMax)),
                  [this] { return closing || queue.size() >= options.group_records_max; });
  }
  const auto count = static_cast<std::ptrdiff_t>(std::min(queue.size(), options.group_records_max));
  std::vector<Pending> group(std::make_move_iterator(queue.begin()),
                             std::make_move_iterator(queue.begin() + count));
  queue.erase(queue.begin(), queue.begin() + count);
  return group;
}

Status Journal::State::write(std::vector<Pending>& group) {
  std::vector<const Record*> records;
  records.reserve(group.size());
  for (const Pending& pending : group) records.push_back(&pending.record);
  const auto outcomes = writer->commit(records);
  if (!outcomes) return tl::unexpected(outcomes.error());
  {
    const std::lock_guard lock(mutex);
    counted.records +=
        std::ranges::count_if(*outcomes, [](const Status& s) { return s.has_value(); });
    counted.commits += 1;
    counted.largest_group = std::max(counted.largest_group, group.size());
  }
  for (std::size_t i = 0; i < group.size(); ++i) group[i].when_durable((*outcomes)[i]);
  group.clear();
  return {};
}

Status Journal::State::upkeep() {
  if (auto anchored = writer->anchor_if_due(); !anchored) return anchored;
  bool idle = false;
  {
    const std::lock_guard lock(mutex);
    idle = queue.empty();
  }
  auto status = writer->checkpoint_if_due(idle ? ChainWriter::Load::Idle : ChainWriter::Load::Busy);
  const std::lock_guard lock(mutex);
  counted.checkpoints = writer->checkpoints();
  return status;
}

void Journal::State::stop_for_good(const Error& cause, const std::vector<Pending>& group) {
  const Error unknown = unknown_state(cause);
  std::deque<Pending> waiting;
  {
    const std::lock_guard lock(mutex);
    fatal = unknown;
    waiting.swap(queue);
  }
  if (options.on_fatal) options.on_fatal(unknown);
  for (const Pending& pending : group) pending.when_durable(tl::unexpected(unknown));
  for (Pending& pending : waiting) pending.when_durable(tl::unexpected(unknown));
}

void Journal::State::run() {
  for (;;) {
    std::vector<Pending> group = next_group();
    if (group.empty()) {
      const std::lock_guard lock(mutex);
      if (closing && queue.empty()) break;
    }
    Status status;
    if (!group.empty()) status = write(group);
    if (status) status = upkeep();
    if (!status) return stop_for_good(status.error(), group);
  }
  if (const auto finished = writer->finish(); !finished) stop_for_good(finished.error(), {});
}

Journal::Journal(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<Journal>> Journal::open(const std::filesystem::path& state_folder,
                                               JournalOptions options, const Clock& clock,
                                               IdSource& ids) {
  MARTGATE_CHECK(options.group_records_max > 0);
  auto writer = ChainWriter::open(state_folder, options.chain, options.on_anchor, clock, ids);
  if (!writer) return tl::unexpected(writer.error());
  std::unique_ptr<Journal> journal(
      new Journal(std::make_unique<State>(std::move(*writer), std::move(options))));
  State& state = *journal->state_;
  try {
    state.thread = std::thread([&state] { state.run(); });
  } catch (const std::system_error& problem) {
    return fail(Code::Unavailable,
                fmt::format("cannot start the journal's thread: {}", problem.what()));
  }
  return journal;
}

Journal::~Journal() {
  static_cast<void>(close());
}

void Journal::append(Record record, WhenDurable when_durable) {
  Status taken = check(record);
  if (taken) {
    const std::lock_guard lock(state_->mutex);
    if (state_->fatal) {
      taken = tl::unexpected(*state_->fatal);
    } else if (state_->closing) {
      taken = fail(Code::Unavailable, "the journal is closed", {}, "journal_closed");
    } else if (state_->queue.size() >= state_->options.records_queued_max) {
      taken = fail(Code::ResourceExhausted,
                   fmt::format("{} records wait for the disk", state_->queue.size()),
                   {"try again in a moment"}, "overloaded");
    } else {
      state_->queue.push_back({std::move(record), std::move(when_durable)});
      state_->wake.notify_one();
      return;
    }
  }
  when_durable(std::move(taken));
}

Status Journal::close() {
  const std::lock_guard one_at_a_time(state_->close_mutex);
  MARTGATE_CHECK(std::this_thread::get_id() != state_->thread.get_id());
  {
    const std::lock_guard lock(state_->mutex);
    state_->closing = true;
  }
  state_->wake.notify_one();
  if (state_->thread.joinable()) {
    state_->thread.join();
    state_->writer.reset();  // gives the lock back
  }
  const std::lock_guard lock(state_->mutex);
  if (state_->fatal) return tl::unexpected(*state_->fatal);
  return {};
}

JournalStats Journal::stats() const {
  const std::lock_guard lock(state_->mutex);
  JournalStats stats = state_->counted;
  stats.queued = state_->queue.size();
  return stats;
}

std::int64_t Journal::boot_epoch() const {
  return state_->boot_epoch;
}

const std::vector<RecoveryAction>& Journal::unsettled() const {
  return state_->unsettled;
}

}  // namespace martgate::envelope
