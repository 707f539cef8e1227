#include <doctest/doctest.h>

#include <signal.h>

#include <chrono>
#include <fstream>
#include <future>

#include "base/files.h"
#include "jobs/child_process.h"
#include "jobs/job_service.h"
#include "jobs/watchdog.h"
#include "support.h"
#include "temp_folder.h"

using namespace martgate;
using namespace martgate::jobs;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

// Looks until it holds or ten seconds are over.
template <class F>
bool soon(F holds) {
  const auto deadline = std::chrono::steady_clock::now() + seconds(10);
  std::mutex mutex;
  std::condition_variable never;
  std::unique_lock lock(mutex);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    never.wait_for(lock, milliseconds(5));
  }
  return true;
}

int exit_of(const std::string& script) {
  auto child = ChildProcess::start({"/bin/sh", "-c", script});
  MARTGATE_CHECK(child.has_value());
  std::optional<int> exit;
  MARTGATE_CHECK(soon([&] { return (exit = child->poll()).has_value(); }));
  return *exit;
}

std::string text_in(const std::filesystem::path& path) {
  return read_file(path).value_or("");
}

}  // namespace

TEST_CASE("child: its exit code comes back, a signal's with 128 added") {
  CHECK(exit_of("exit 3") == 3);
  CHECK(exit_of("kill -9 $$") == 137);
  CHECK_FALSE(ChildProcess::start({"/no/such/program"}));
}

TEST_CASE("child: no descriptor of ours is handed down") {
  TempFolder folder;
  std::ofstream held(folder.path() / "held");
  std::vector<int> descriptors;
  CHECK(exit_of("for f in /proc/$$/fd/*; do case $(readlink $f) in *held*) exit 9;; esac; done; "
                "exit 0") == 0);
}

TEST_CASE("child: it does not outlive its owner") {
  pid_t pid = 0;
  {
    auto child = ChildProcess::start({"/bin/sh", "-c", "while :; do :; done"});
    REQUIRE(child);
    pid = child->pid();
    REQUIRE(::kill(pid, 0) == 0);
  }
  CHECK(::kill(pid, 0) != 0);
}

TEST_CASE("watchdog: it speaks once the time is over, and not when it was called off") {
  std::promise<void> spoke;
  {
    const Watchdog dog(milliseconds(1), [&] { spoke.set_value(); });
    CHECK(spoke.get_future().wait_for(seconds(10)) == std::future_status::ready);
  }
  bool is_wrong = false;
  {
    const Watchdog dog(std::chrono::hours(1), [&] { is_wrong = true; });
  }
  CHECK_FALSE(is_wrong);
}

TEST_CASE("service: what is due is started once, and at the end it is asked to stop") {
  TempFolder folder;
  TurnedClock clock(at("2026-11-21T09:59:00Z"));
  auto project = std::make_shared<catalog::Project>();
  project->settings.state_folder = folder.path();
  project->jobs.jobs = {job_named("hourly", each(std::chrono::hours(1)))};
  {
    auto store = JobStore::open(folder.path());
    REQUIRE(store);
    REQUIRE(store->memory("hourly", clock.now()));
  }
  const auto began = folder.path() / "began";
  const auto ended = folder.path() / "ended";
  JobServiceOptions options;
  options.project = [&]() -> std::shared_ptr<const catalog::Project> { return project; };
  options.command = [&](const std::string& job) {
    return std::vector<std::string>{"/bin/sh", "-c",
                                    "trap 'echo stopped > " + ended.string() +
                                        "; exit 0' TERM; echo " + job + " >> " + began.string() +
                                        "; while :; do sleep 0.01; done"};
  };
  options.note = [](const std::string&) {};
  options.look_every = milliseconds(5);
  auto service = JobService::start(options, clock);
  REQUIRE(service);
  clock.set(at("2026-11-21T10:00:00Z"));
  CHECK(soon([&] { return text_in(began) == "hourly\n"; }));
  (*service)->stop();
  CHECK(text_in(ended) == "stopped\n");
  CHECK(text_in(began) == "hourly\n");
}

TEST_CASE("service: a job that has not begun and a source past its promise are told") {
  TempFolder folder;
  TurnedClock clock(at("2026-11-21T09:00:00Z"));
  auto project = std::make_shared<catalog::Project>();
  project->settings.state_folder = folder.path();
  project->jobs.jobs = {job_named("hourly", each(std::chrono::hours(1)))};
  project->jobs.alerts.kind = catalog::AlertChannel::Kind::File;
  project->jobs.alerts.file = "alerts.jsonl";
  {
    auto store = JobStore::open(folder.path());
    REQUIRE(store);
    REQUIRE(store->memory("hourly", clock.now()));
  }
  clock.set(at("2026-11-21T12:00:00Z"));
  JobServiceOptions options;
  options.project = [&]() -> std::shared_ptr<const catalog::Project> { return project; };
  options.command = [](const std::string&) { return std::vector<std::string>{"/no/such/program"}; };
  std::atomic<int> notes{0};
  options.note = [&](const std::string&) { ++notes; };
  options.look_every = milliseconds(5);
  auto service = JobService::start(options, clock);
  REQUIRE(service);
  clock.set(at("2026-11-21T12:10:00Z"));
  CHECK(soon([&] {
    return text_in(folder.path() / "alerts.jsonl").find("\"job.hourly.late\"") != std::string::npos;
  }));
  (*service)->stop();
  CHECK(notes >= 1);
  CHECK(notes <= 2);  // a trouble that stays the same is noted once
}
