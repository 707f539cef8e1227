#include "ingest/connect/pull.h"

#include <fmt/format.h>

#include "ingest/connect/unseen_rows.h"
#include "ingest/connect/whole_table.h"

namespace martgate::ingest {
namespace {

// A page either fails by its source or by its content, which ends the run of this table, or by the
// store, which ends the whole ingest.
enum class Blame : std::uint8_t { Source, Content, Store };

class Pull {
 public:
  Pull(RawStore& store, PullStore& pulls, const PullJob& job, const PullOptions& options,
       const Clock& clock, Random& random)
      : store_(store),
        pulls_(pulls),
        job_(job),
        options_(options),
        clock_(clock),
        random_(random),
        since_(options.since) {}

  Result<PullReport> run() {
    const std::int64_t started_ns = clock_.monotonic_ns();
    run_.name = job_.name;
    run_.system = std::string(job_.system);
    run_.started_at = clock_.now();
    if (auto known = read_state(); !known) return tl::unexpected(known.error());
    if (auto done = pull_pages(); !done) return tl::unexpected(done.error());
    count_bytes();
    run_.duration_ms = (clock_.monotonic_ns() - started_ns) / 1'000'000;
    PullReport report{run_, error_};
    if (error_) {
      report.run.error = to_text(*error_);
      report.run.reason = std::string(error_->reason);
    }
    if (auto kept = pulls_.record(report.run); !kept) return tl::unexpected(kept.error());
    return report;
  }

 private:
  Status read_state() {
    auto state = pulls_.state(job_.name);
    if (!state) return tl::unexpected(state.error());
    state_ = std::move(*state);
    // Without a row's identity nothing would tell what is there already.
    if (options_.full && job_.identity == RowIdentity::Content) state_.cursor.clear();
    // What a webhook brought and what its reconciliation finds is seen in one place.
    auto main = pulls_.state(job_.table.raw_name);
    if (!main) return tl::unexpected(main.error());
    seen_id_ = main->pull_id;
    return {};
  }

  Status pull_pages() {
    open();
    for (;;) {
      ++run_.attempts;
      const auto more = pages_->next();
      if (!more) {
        if (!waits_after(more.error())) return {};
        continue;
      }
      if (!*more) return keep_cursor();
      Status taken = is_whole() ? take_whole() : take_page();
      if (taken) {
        attempt_ = 1;
        since_.reset();
        if (options_.progress) options_.progress(run_.rows);
        continue;
      }
      const Failure* failure = pages_->failure();
      if (failure == nullptr) {
        if (blame(taken.error()) == Blame::Store) return taken;
        error_ = taken.error();
        return {};
      }
      if (!waits_after(Failure(*failure))) return {};
      open();
    }
  }

  void open() {
    count_bytes();
    pages_ = job_.open(state_.cursor, since_);
  }

  void count_bytes() {
    if (pages_) run_.bytes += pages_->bytes();
  }

  [[nodiscard]] bool is_whole() const { return job_.table.load == catalog::LoadMode::Snapshot; }

  static Blame blame(const Error& error) {
    return error.code == Code::Unavailable || error.code == Code::Internal ? Blame::Store
                                                                           : Blame::Content;
  }

  // False when the run ends here.
  bool waits_after(const Failure& failure) {
    const bool is_too_long = failure.wait_ms.value_or(0) > job_.wait_ms_max;
    if (!failure.is_transient || is_too_long || attempt_ >= job_.retry.attempts_max) {
      error_ = failure.error;
      if (failure.is_transient && attempt_ > 1)
        error_->hints.push_back(fmt::format("tried {} times", attempt_));
      return false;
    }
    ++attempt_;
    options_.wait(retry_delay_ms(job_.retry, attempt_, failure.wait_ms, random_));
    return true;
  }

  Status save_alone(const PullState& next) {
    auto transaction = store::Transaction::begin(store_.connection());
    if (!transaction) return tl::unexpected(transaction.error());
    if (auto saved = pulls_.save(next); !saved) return saved;
    if (auto committed = transaction->commit(); !committed) return committed;
    state_ = next;
    return {};
  }

  Status keep_cursor() {
    PullState next = state_;
    next.cursor = pages_->cursor();
    return next.cursor == state_.cursor ? Status() : save_alone(next);
  }

  Status take_page() {
    UnseenRows rows(pages_->rows(), pulls_, seen_id_, job_.table, job_.identity);
    const auto any = rows.has_any();
    if (!any) return tl::unexpected(any.error());
    if (!*any) {
      run_.known += rows.known();
      return keep_cursor();
    }
    PullState next = state_;
    auto done = load(rows, next, [&] { return rows.finish(); });
    if (done) run_.known += rows.known();
    return done;
  }

  Status take_whole() {
    const std::size_t columns = job_.table.columns.size();
    if (!state_.digest.empty() && !options_.full) {
      DigestedRows rows(pages_->rows(), columns);
      std::int64_t count = 0;
      for (;; ++count) {
        const auto kind = rows.next();
        if (!kind) return tl::unexpected(kind.error());
        if (*kind == TableRows::Kind::End) break;
      }
      if (rows.text() == state_.digest) {
        run_.known += count;
        return keep_cursor();
      }
      if (auto again = pages_->rewind(); !again) return again;
    }
    DigestedRows rows(pages_->rows(), columns);
    PullState next = state_;
    return load(rows, next, [&] {
      next.digest = rows.text();
      return next.digest;
    });
  }

  // One transaction: the rows, the quarantine and `next` with the cursor behind them.
  Status load(TableRows& rows, PullState& next, const std::function<std::string()>& identity) {
    ++next.pages;
    const std::string path = fmt::format("{}-{:012}", job_.page_name, next.pages);
    const std::int64_t bytes_before = pages_->bytes();
    const Delivery delivery{
        .rows = rows,
        .finish = [&]() -> Result<DeliveryIdentity> {
          return DeliveryIdentity{identity(), pages_->bytes() - bytes_before};
        },
        .in_transaction = [&](store::Connection& /*connection*/, const Load& load) -> Status {
          next.cursor = pages_->cursor();
          if (auto saved = pulls_.save(next); !saved) return saved;
          if (options_.progress) options_.progress(run_.rows + load.rows);
          return {};
        }};
    const auto loaded = store_.load({.source = job_.source,
                                     .table = job_.table,
                                     .path = path,
                                     .at = clock_.now(),
                                     .progress = {}},
                                    delivery);
    if (!loaded) return tl::unexpected(loaded.error());
    state_ = next;
    ++run_.pages;
    run_.rows += loaded->rows;
    run_.quarantined += loaded->quarantined;
    return {};
  }

  RawStore& store_;
  PullStore& pulls_;
  const PullJob& job_;
  const PullOptions& options_;
  const Clock& clock_;
  Random& random_;
  std::optional<std::string> since_;  // until the first page stands
  PullState state_;                   // as it is committed
  std::int64_t seen_id_ = 0;
  std::unique_ptr<Pages> pages_;
  int attempt_ = 1;  // at the page at hand
  PullRun run_;
  std::optional<Error> error_;
};

}  // namespace

Result<PullReport> pull(RawStore& store, PullStore& pulls, const PullJob& job,
                        const PullOptions& options, const Clock& clock, Random& random) {
  return Pull(store, pulls, job, options, clock, random).run();
}

}  // namespace martgate::ingest
