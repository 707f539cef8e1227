// A year of two schedulers that crash and start again at random, in minutes of virtual time.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <set>

#include "base/random.h"
#include "jobs/run_job.h"
#include "support.h"
#include "temp_folder.h"

using namespace martgate;
using namespace martgate::jobs;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

struct Crash {};

// What both schedulers share and the test judges by.
struct World {
  Random random;
  TurnedClock clock{at("2026-01-01T00:00:00Z")};
  std::map<std::string, int> running;  // of each job, now
  int overlaps = 0;
  int crashes = 0;
  int failures = 0;
  int runs = 0;
  explicit World(std::uint64_t seed) : random(seed) {}
};

// While a job runs, time passes, the other scheduler looks in, and the power may fail.
class SimulatedSteps final : public StepRunner {
 public:
  SimulatedSteps(World& world, std::string job, std::function<void()> meanwhile)
      : world_(world), job_(std::move(job)), meanwhile_(std::move(meanwhile)) {}

  StepOutcome run(const catalog::JobStep& /*step*/) override {
    if (++world_.running[job_] > 1) ++world_.overlaps;
    world_.clock.pass(minutes(world_.random.between(0, 50)));
    meanwhile_();
    --world_.running[job_];
    if (world_.random.chance(0.04)) {
      ++world_.crashes;
      throw Crash{};
    }
    StepOutcome outcome;
    outcome.is_good = !world_.random.chance(0.1);
    outcome.message = "bad luck";
    if (!outcome.is_good) ++world_.failures;
    return outcome;
  }

 private:
  World& world_;
  std::string job_;
  std::function<void()> meanwhile_;
};

// A process: its own connection, its own descriptors. A crash drops both and leaves the run open.
class Process {
 public:
  Process(World& world, const std::filesystem::path& folder, const std::vector<catalog::Job>& jobs)
      : world_(world), folder_(folder), jobs_(jobs) {
    start();
  }

  Process* other = nullptr;

  [[nodiscard]] bool is_up() const { return store_ != nullptr; }
  void start() {
    store_ =
        std::make_unique<JobStore>(std::move(*JobStore::open(folder_, store::Durability::Build)));
  }
  void crash() { store_.reset(); }

  void look(int depth = 0) {
    for (const catalog::Job& job : jobs_) {
      if (!is_up()) return;
      run(job, depth);
    }
  }

 private:
  void run(const catalog::Job& job, int depth) {
    SimulatedSteps steps(world_, job.name, [&] {
      if (depth == 0 && other->is_up()) other->look(1);
    });
    RunRequest request{job};
    request.state_folder = folder_;
    request.on_begin = [&](const Run&) { ++world_.runs; };
    try {
      const auto report = run_job(request, *store_, world_.clock, steps);
      MARTGATE_CHECK(report.has_value());
    } catch (const Crash&) {  // on record it has begun, and its end never comes
      crash();
    }
  }

  World& world_;
  std::filesystem::path folder_;
  const std::vector<catalog::Job>& jobs_;
  std::unique_ptr<JobStore> store_;
};

}  // namespace

TEST_CASE(
    "simulation: a year of crashes with two schedulers overlaps nothing, hides nothing, "
    "catches up once") {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  World world(seed);
  TempFolder folder;
  std::vector<catalog::Job> jobs{
      job_named("quarterly", each(minutes(360))),
      job_named("nightly", by_cron("30 2 * * *", "Europe/Vienna")),
      job_named("weekdays", by_cron("15 7,12,17 * * mon-fri", "America/New_York"))};
  for (catalog::Job& job : jobs) {
    job.retries = 1;
    job.retry_wait = minutes(10);
    job.steps = {{catalog::StepKind::Ingest, {}}, {catalog::StepKind::Build, {}}};
  }
  Process first(world, folder.path(), jobs);
  Process second(world, folder.path(), jobs);
  first.other = &second;
  second.other = &first;
  const WallTime begin = world.clock.now();
  first.look();
  const WallTime end = begin + std::chrono::days(365);
  while (world.clock.now() < end) {
    // Mostly less than an hour and a half; now and then it is days.
    const bool is_outage = world.random.chance(0.006);
    world.clock.pass(is_outage ? hours(world.random.between(10, 120))
                               : minutes(world.random.between(5, 85)));
    for (Process* process : {&first, &second}) {
      if (!process->is_up() && world.random.chance(0.3)) process->start();
      if (process->is_up() && world.random.chance(0.01)) process->crash();
      if (process->is_up() && world.random.chance(0.8)) process->look();
    }
  }
  for (Process* process : {&first, &second}) {
    if (!process->is_up()) process->start();
  }
  first.look();

  CHECK(world.overlaps == 0);
  CHECK(world.crashes > 20);
  CHECK(world.failures > 20);
  auto store = JobStore::open(folder.path(), store::Durability::Build);
  REQUIRE(store);
  for (const catalog::Job& job : jobs) {
    CAPTURE(job.name);
    const auto schedule = Schedule::make(job.schedule);
    auto history = store->history(job.name, 100'000);
    REQUIRE(history);
    // Every due time of the year, from the first sight on.
    std::vector<WallTime> due;
    for (auto next = schedule->next_after(begin); next && *next <= world.clock.now();
         next = schedule->next_after(*next)) {
      due.push_back(*next);
    }
    std::set<WallTime> ran;
    std::int64_t missed = 0;
    for (const Run& run : *history) {
      CHECK(run.state != RunState::Running);
      CHECK(run.started_at >= run.scheduled_for);
      if (run.attempt > 1) continue;
      CHECK_MESSAGE(ran.insert(run.scheduled_for).second, "two first attempts for one due time");
      missed += run.missed;
    }
    CHECK(ran.size() > due.size() / 2);
    CHECK(missed > 0);
    // Each due time either had a run of its own or is counted by the one that made up for it.
    CHECK(static_cast<std::int64_t>(ran.size()) + missed == static_cast<std::int64_t>(due.size()));
    for (const WallTime time : ran) CHECK(std::ranges::binary_search(due, time));
    // A catch-up stands for the latest due time before it began.
    for (const Run& run : *history) {
      if (run.attempt == 1 && run.missed > 0)
        CHECK(schedule->last_until(run.started_at) == run.scheduled_for);
    }
  }
  MESSAGE(world.runs << " runs, " << world.crashes << " crashes, " << world.failures
                     << " failures in a year; seed " << seed);
}
