#include "build/execute.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <system_error>
#include <thread>

#include "base/check.h"
#include "build/data_tests.h"
#include "build/model_table.h"
#include "build/raw_state.h"

namespace martgate::build {
namespace {

using store::Connection;

// Connections of one worker. The first reads raw, in a transaction that was begun before anything
// was built; the second reads what was built so far, in a transaction for each model.
struct Worker {
  Connection with_raw;
  Connection of_models;
};

class Executor {
 public:
  explicit Executor(const Execution& execution)
      : execution_(execution), schedule_(execution.schedule) {}

  Result<std::vector<engine::TestResult>> run(
      const std::function<std::vector<PlannedTest>()>& tests_of) {
    if (auto opened = open_workers(); !opened) return tl::unexpected(opened.error());
    {
      const std::lock_guard lock(mutex_);
      if (auto joined = join_marts(); !joined) return tl::unexpected(joined.error());
    }
    if (auto done = run_models(); !done) return tl::unexpected(done.error());
    const std::vector<PlannedTest> tests = tests_of();
    for (const PlannedTest& planned : tests) demand_tables(planned);
    if (auto done = run_models(); !done) return tl::unexpected(done.error());
    return run_tests(tests);
  }

 private:
  Status open_workers() {
    for (int i = 0; i < std::max(execution_.workers, 1); ++i) {
      auto with_raw = execution_.files.open_reader(WorkFiles::Reads::ModelsAndRaw);
      if (!with_raw) return tl::unexpected(with_raw.error());
      auto of_models = execution_.files.open_reader(WorkFiles::Reads::Models);
      if (!of_models) return tl::unexpected(of_models.error());
      if (auto begun = with_raw->execute("BEGIN"); !begun) return begun;
      if (reads_raw_) {
        auto pinned = read_raw_contents(*with_raw, execution_.loaded);
        if (!pinned) return pinned;
      }
      workers_.push_back({std::move(*with_raw), std::move(*of_models)});
    }
    return {};
  }

  void demand_tables(const PlannedTest& planned) {
    if (planned.carried != nullptr) return;
    const auto reads = execution_.plan.test_reads.find(planned.test->name);
    if (reads == execution_.plan.test_reads.end()) return;
    for (const auto& [layer, name] : reads->second) {
      if (const auto index = schedule_.index_of(name); index && layer != catalog::Layer::Raw)
        schedule_.demand(*index);
    }
  }

  Status run_models() {
    std::vector<std::thread> threads;
    for (std::size_t i = 1; i < workers_.size(); ++i) {
      threads.emplace_back([this, i] { compute_models(workers_[i]); });
    }
    compute_models(workers_[0]);
    for (std::thread& thread : threads) thread.join();
    if (!errors_.empty()) return tl::unexpected(errors_.begin()->second);
    return {};
  }

  void compute_models(Worker& worker) {
    std::unique_lock lock(mutex_);
    for (;;) {
      // A failed build goes on with what comes before the failure, so that its first error is the
      // same for any number of workers.
      auto index = schedule_.next();
      // What was found to be as before joins too, and others may wait to read it.
      if (!index && errors_.empty()) {
        const auto joined = join_marts();
        if (!joined) errors_.emplace(next_mart_, joined.error());
        if (joined && *joined) index = schedule_.next();
      }
      if (!index) {
        if (running_ == 0) {
          changed_.notify_all();
          return;
        }
        changed_.wait(lock);
        continue;
      }
      if (!errors_.empty() && *index > errors_.begin()->first) continue;
      ++running_;
      tell("models", schedule_.model(*index).common.name);
      std::optional<Step> step;
      if (schedule_.is_step(*index) && execution_.prior)
        step = Step{*execution_.prior, execution_.since};
      lock.unlock();
      auto made = compute(worker, schedule_.model(*index), step);
      lock.lock();
      Status done = made ? schedule_.computed(*index, made->rows, std::move(made->content))
                         : tl::unexpected(made.error());
      if (done) done = join_tables(*index);
      if (!done) errors_.emplace(*index, done.error());
      --running_;
      changed_.notify_all();
    }
  }

  struct Made {
    std::int64_t rows = 0;
    std::string content;
  };

  // Into a file of its own, which nobody else looks at.
  Result<Made> compute(Worker& worker, const catalog::Model& model,
                       const std::optional<Step>& step) {
    auto target = Connection::open_writable(execution_.place.table_path(model.common.name),
                                            store::Durability::Build);
    if (!target) return tl::unexpected(target.error());
    auto set = target->execute("PRAGMA page_size = 8192; PRAGMA cache_size = -65536");
    if (!set) return tl::unexpected(set.error());
    const bool is_of_raw =
        std::ranges::any_of(execution_.plan.lineage, [&](const engine::LineageEdge& edge) {
          return edge.model == model.common.name && edge.reads_layer == "raw";
        });
    Connection& source = is_of_raw ? worker.with_raw : worker.of_models;
    const auto rows = model.incremental ? fill_incremental(source, *target, model, step)
                                        : fill(source, *target, model);
    if (!rows) {
      Error error = rows.error();
      // The plan accepted it, so the raw store is behind the project's sources.
      const std::string_view text = error.message;
      if (text.find("no such table") != text.npos || text.find("no such column") != text.npos) {
        error.hints.emplace_back("run: martgate ingest");
      }
      return tl::unexpected(error);
    }
    const auto indexes = indexes_of(execution_.project, model);
    if (auto done = add_indexes(*target, model, indexes); !done)
      return tl::unexpected(done.error());
    auto content = table_digest(*target, execution_.project, model);
    if (!content) return tl::unexpected(content.error());
    return Made{*rows, std::move(*content)};
  }

  // Staging joins at once; marts join in the order of the plan.
  Status join_tables(std::size_t index) {
    if (schedule_.model(index).layer != catalog::Layer::Marts) return take(index);
    is_waiting_.insert(index);
    const auto joined = join_marts();
    return joined ? Status() : tl::unexpected(joined.error());
  }

  Status take(std::size_t index) {
    const catalog::Model& model = schedule_.model(index);
    const auto path = execution_.place.table_path(model.common.name);
    const auto indexes = indexes_of(execution_.project, model);
    if (auto taken = execution_.files.take(model, indexes, path); !taken) return taken;
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
    schedule_.made_readable(index);
    return {};
  }

  // Every mart that is computed or taken from the snapshot before, up to the first that is not
  // ready; true when there was one.
  Result<bool> join_marts() {
    const std::size_t before = next_mart_;
    for (; next_mart_ < schedule_.size(); ++next_mart_) {
      const catalog::Model& model = schedule_.model(next_mart_);
      if (model.layer != catalog::Layer::Marts) continue;
      Status taken;
      if (schedule_.is_carried(next_mart_)) {
        taken = execution_.files.take_prior(model);
        if (taken) schedule_.made_readable(next_mart_);
      } else if (is_waiting_.erase(next_mart_) > 0) {
        taken = take(next_mart_);
      } else {
        break;
      }
      if (!taken) return tl::unexpected(taken.error());
    }
    return next_mart_ > before;
  }

  Result<std::vector<engine::TestResult>> run_tests(const std::vector<PlannedTest>& tests) {
    std::vector<std::optional<Result<engine::TestResult>>> results(tests.size());
    std::atomic<std::size_t> at = 0;
    tests_total_ = static_cast<std::size_t>(std::ranges::count(
        tests, nullptr, [](const PlannedTest& planned) { return planned.carried; }));
    begun_ = 0;
    const auto work = [&](Worker& worker) {
      for (std::size_t i = at++; i < tests.size(); i = at++) {
        if (tests[i].carried != nullptr) {
          results[i] = *tests[i].carried;
          continue;
        }
        {
          const std::lock_guard lock(mutex_);
          tell("tests", tests[i].test->name);
        }
        results[i] = run_test(worker.with_raw, execution_.project, *tests[i].test);
        if (*results[i]) (*results[i])->recipe = tests[i].recipe;
      }
    };
    std::vector<std::thread> threads;
    for (std::size_t i = 1; i < workers_.size(); ++i) {
      threads.emplace_back([&, i] { work(workers_[i]); });
    }
    work(workers_[0]);
    for (std::thread& thread : threads) thread.join();
    std::vector<engine::TestResult> found;
    for (auto& result : results) {
      MARTGATE_CHECK(result.has_value());
      if (!*result) return tl::unexpected(result->error());
      found.push_back(std::move(**result));
    }
    std::ranges::sort(found, {}, &engine::TestResult::name);
    return found;
  }

  // Under the mutex.
  void tell(std::string_view phase, std::string_view name) {
    const std::size_t total = phase == "tests" ? tests_total_ : schedule_.size();
    if (execution_.progress) execution_.progress({phase, name, begun_, total});
    ++begun_;
  }

  const Execution& execution_;
  Schedule& schedule_;
  const bool reads_raw_ =
      std::ranges::find(execution_.plan.lineage, "raw", &engine::LineageEdge::reads_layer) !=
      execution_.plan.lineage.end();
  std::vector<Worker> workers_;
  std::mutex mutex_;  // guards all below, the schedule and the writer of the files
  std::condition_variable changed_;
  int running_ = 0;
  std::size_t begun_ = 0;
  std::size_t tests_total_ = 0;
  std::size_t next_mart_ = 0;
  std::set<std::size_t> is_waiting_;  // marts that are computed and wait for those before them
  std::map<std::size_t, Error> errors_;
};

}  // namespace

Result<std::vector<engine::TestResult>> execute(
    const Execution& execution, const std::function<std::vector<PlannedTest>()>& tests_of) {
  return Executor(execution).run(tests_of);
}

}  // namespace martgate::build
