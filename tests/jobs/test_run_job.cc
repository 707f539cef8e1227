#include <doctest/doctest.h>

#include "base/files.h"
#include "base/text.h"
#include "jobs/alert_store.h"
#include "jobs/job_standing.h"
#include "jobs/run_job.h"
#include "support.h"
#include "temp_folder.h"

using namespace martgate;
using namespace martgate::jobs;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

class TestSteps final : public StepRunner {
 public:
  std::vector<StepOutcome> outcomes;  // one a step, the last one for all further
  std::vector<std::string> ran;
  std::function<void()> inside = {};

  StepOutcome run(const catalog::JobStep& step) override {
    ran.push_back(to_text(step));
    if (inside) inside();
    if (outcomes.empty()) return {};
    StepOutcome outcome = outcomes.front();
    if (outcomes.size() > 1) outcomes.erase(outcomes.begin());
    return outcome;
  }
};

StepOutcome bad(const std::string& message) {
  StepOutcome outcome;
  outcome.is_good = false;
  outcome.message = message;
  return outcome;
}

// One job, due every hour, first seen at nine.
struct Place {
  TempFolder folder;
  TurnedClock clock{at("2026-11-21T09:00:00Z")};
  catalog::Job job = job_named("hourly", each(hours(1)));
  JobStore store = std::move(*JobStore::open(folder.path()));
  TestSteps steps;

  Place() { MARTGATE_CHECK(store.memory("hourly", clock.now()).has_value()); }

  RunReport run(Trigger trigger = Trigger::Schedule, std::function<bool()> is_stopping = {}) {
    RunRequest request{job};
    request.trigger = trigger;
    request.state_folder = folder.path();
    request.is_stopping = std::move(is_stopping);
    auto report = run_job(request, store, clock, steps);
    MARTGATE_CHECK(report.has_value());
    return std::move(*report);
  }
  std::string told() {
    std::vector<std::string> lines;
    const auto waiting = due_messages(store.connection(), clock.now(), 100);
    for (const Pending& message : *waiting) lines.push_back(headline(message.message));
    return join(lines, "; ");
  }
};

using Kind = RunReport::Kind;
using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("run: nothing runs before it is due, and nothing twice") {
  Place place;
  CHECK(place.run().kind == Kind::NothingDue);
  place.clock.pass(hours(1));
  CHECK(place.run().kind == Kind::Ran);
  CHECK(place.run().kind == Kind::NothingDue);
  CHECK(place.steps.ran == Lines{"build"});
}

TEST_CASE("run: by hand it runs whenever, and settles a due time that is open") {
  Place place;
  CHECK(place.run(Trigger::Manual).run.scheduled_for == place.clock.now());
  place.clock.pass(minutes(70));
  CHECK(place.run(Trigger::Manual).run.scheduled_for == at("2026-11-21T10:00:00Z"));
  CHECK(place.run().kind == Kind::NothingDue);
}

TEST_CASE("run: while one runs, no other process, thread or hand can run the same job") {
  Place place;
  place.clock.pass(hours(1));
  int tried = 0;
  place.steps.inside = [&] {
    TestSteps others;
    auto second = JobStore::open(place.folder.path());
    REQUIRE(second);
    for (const Trigger trigger : {Trigger::Schedule, Trigger::Manual}) {
      RunRequest request{place.job};
      request.trigger = trigger;
      request.state_folder = place.folder.path();
      const auto report = run_job(request, *second, place.clock, others);
      REQUIRE(report);
      CHECK(report->kind == Kind::AlreadyRunning);
      ++tried;
    }
    CHECK(others.ran.empty());
  };
  CHECK(place.run().kind == Kind::Ran);
  CHECK(tried == 2);
}

TEST_CASE("run: the first step that fails ends it, and what it said is on record") {
  Place place;
  place.job.steps = {{catalog::StepKind::Ingest, {"billing"}}, {catalog::StepKind::Build, {}}};
  place.steps.outcomes = {bad("disk \x1b[31mfull"), {}};
  place.clock.pass(hours(1));
  const RunReport report = place.run();
  CHECK(report.run.state == RunState::Failed);
  CHECK(place.steps.ran == Lines{"ingest billing"});
  const auto history = place.store.history("", 10);
  REQUIRE(history->size() == 1);
  CHECK(history->front().step == "ingest billing");
  CHECK(history->front().message.find('\x1b') == std::string::npos);
  CHECK(history->front().message.find("full") != std::string::npos);
  CHECK(place.told() == "[warning] job hourly failed");
}

TEST_CASE("run: a step that throws is a failed step") {
  Place place;
  place.steps.inside = [] { throw std::runtime_error("no luck"); };
  place.clock.pass(hours(1));
  CHECK(place.run().run.message == "no luck");
}

TEST_CASE("run: a process that died is found out by the next, and told when no retry is left") {
  Place place;
  place.job.retries = 1;
  place.clock.pass(hours(1));
  Run dead;
  dead.job = "hourly";
  dead.scheduled_for = dead.started_at = place.clock.now();
  REQUIRE(place.store.begin(dead));
  place.clock.pass(minutes(2));
  const RunReport retried = place.run();
  CHECK(retried.kind == Kind::NothingDue);  // the crash is known from now on; the wait begins
  place.clock.pass(minutes(1));
  const RunReport report = place.run();
  CHECK(report.kind == Kind::Ran);
  CHECK(report.run.attempt == 2);
  const auto history = place.store.history("hourly", 10);
  CHECK(history->back().state == RunState::Crashed);
}

TEST_CASE(
    "run: a crash without retries is told by whoever finds it, and recovers with a good run") {
  Place place;
  place.clock.pass(hours(1));
  Run dead;
  dead.job = "hourly";
  dead.scheduled_for = dead.started_at = place.clock.now();
  REQUIRE(place.store.begin(dead));
  place.clock.pass(minutes(1));
  CHECK(place.run().kind == Kind::NothingDue);
  CHECK(place.told() == "[warning] job hourly crashed");
  place.clock.pass(hours(1));
  CHECK(place.run().run.state == RunState::Succeeded);
  CHECK(place.told() == "[warning] job hourly crashed; [recovered] job hourly crashed");
}

TEST_CASE("run: a run whose process lives is not taken for a crash") {
  Place place;
  place.clock.pass(hours(1));
  place.steps.inside = [&] {
    auto second = JobStore::open(place.folder.path());
    REQUIRE(second);
    RunRequest request{place.job};
    request.state_folder = place.folder.path();
    CHECK(find_crashed(request, *second, place.clock));
    CHECK(second->history("hourly", 1)->front().state == RunState::Running);
  };
  CHECK(place.run().run.state == RunState::Succeeded);
}

TEST_CASE("run: asked to stop, it ends between two steps and goes on at the next start") {
  Place place;
  place.job.steps = {{catalog::StepKind::Build, {}}, {catalog::StepKind::Test, {}}};
  place.clock.pass(hours(1));
  const RunReport stopped =
      place.run(Trigger::Schedule, [&] { return place.steps.ran.size() == 1; });
  CHECK(stopped.run.state == RunState::Stopped);
  CHECK(place.steps.ran == Lines{"build"});
  CHECK(place.told().empty());
  const RunReport again = place.run();
  CHECK(again.kind == Kind::Ran);
  CHECK(again.run.attempt == 1);
  CHECK(place.steps.ran == Lines{"build", "build", "test"});
}

TEST_CASE("run: while retries are left a failure is not told, then once, then its end") {
  Place place;
  place.job.retries = 1;
  place.steps.outcomes = {bad("x"), bad("x"), {}};
  place.clock.pass(hours(1));
  CHECK(place.run().run.state == RunState::Failed);
  CHECK(place.told().empty());
  place.clock.pass(minutes(1));
  CHECK(place.run().run.attempt == 2);
  CHECK(place.told() == "[warning] job hourly failed");
  place.clock.pass(hours(1));
  CHECK(place.run().run.state == RunState::Succeeded);
  CHECK(place.told() == "[warning] job hourly failed; [recovered] job hourly failed");
}

TEST_CASE("run: an end is written once, whoever comes first") {
  Place place;
  Run run;
  run.job = "hourly";
  run.scheduled_for = run.started_at = place.clock.now();
  const auto id = place.store.begin(run);
  REQUIRE(id);
  REQUIRE(place.store.finish(*id, {RunState::TimedOut, "", "took longer"}, place.clock.now(), {}));
  const Status late = place.store.finish(*id, {}, place.clock.now(), {});
  REQUIRE_FALSE(late);
  CHECK(late.error().reason == "run_ended");
  CHECK(place.store.history("hourly", 1)->front().state == RunState::TimedOut);
}

TEST_CASE("standing: a due time nobody ran for is late, and an old good run breaks the contract") {
  Place place;
  place.job.fresh_within = hours(3);
  const auto standing = [&] { return *standing_of(place.job, place.store, place.clock.now()); };
  CHECK(standing().is_fresh == true);
  CHECK_FALSE(standing().late_since);
  CHECK(standing().next_due == at("2026-11-21T10:00:00Z"));
  place.clock.set(at("2026-11-21T10:05:00Z"));
  CHECK_FALSE(standing().late_since);
  place.clock.set(at("2026-11-21T10:05:01Z"));
  CHECK(standing().late_since == at("2026-11-21T10:00:00Z"));
  CHECK(watch_jobs({standing()}, place.clock.now()).troubles.front().key == "job.hourly.late");
  place.run();
  CHECK_FALSE(standing().late_since);
  place.clock.pass(hours(3));
  CHECK(standing().is_fresh == true);
  place.clock.pass(minutes(1));
  CHECK(standing().is_fresh == false);
  const Watched watched = watch_jobs({standing()}, place.clock.now());
  REQUIRE(watched.troubles.size() == 2);
  CHECK(watched.troubles[1].text == "the last good run began 3 hours ago, promised every 3h");
  CHECK(watched.troubles[1].runbook == "https://wiki.shop.example/hourly");
}
