#include <doctest/doctest.h>

#include <random>

#include "base/random.h"
#include "jobs/decide.h"
#include "support.h"

using namespace martgate;
using namespace martgate::jobs;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

Schedule schedule_of(const catalog::JobSchedule& schedule) {
  auto made = Schedule::make(schedule);
  MARTGATE_CHECK(made.has_value());
  return std::move(*made);
}

// Every due time in [from, to), one a word.
std::string due_times(const catalog::JobSchedule& written, const std::string& from,
                      const std::string& to) {
  const Schedule schedule = schedule_of(written);
  std::string text;
  auto due = schedule.next_after(at(from) - std::chrono::milliseconds(1));
  for (; due && *due < at(to); due = schedule.next_after(*due)) {
    if (!text.empty()) text += ' ';
    text += to_rfc3339(*due).substr(5, 11);
  }
  return text;
}

}  // namespace

TEST_CASE("schedule: a fixed time in the hour that the clock skips runs once, at the turn") {
  // Vienna, 29 March 2026: 02:00 becomes 03:00 at 01:00 UTC.
  CHECK(due_times(by_cron("30 2 * * *", "Europe/Vienna"), "2026-03-28T00:00:00Z",
                  "2026-03-31T00:00:00Z") == "03-28T01:30 03-29T01:00 03-30T00:30");
  // Two times in the gap and one at its end are one moment, so one run.
  CHECK(due_times(by_cron("0,30 2,3 * * *", "Europe/Vienna"), "2026-03-29T00:00:00Z",
                  "2026-03-29T12:00:00Z") == "03-29T01:00 03-29T01:30");
}

TEST_CASE("schedule: a fixed time in the hour that comes twice runs once, at its first coming") {
  // Vienna, 25 October 2026: 03:00 becomes 02:00 at 01:00 UTC.
  CHECK(due_times(by_cron("30 2 * * *", "Europe/Vienna"), "2026-10-24T00:00:00Z",
                  "2026-10-27T00:00:00Z") == "10-24T00:30 10-25T00:30 10-26T01:30");
}

TEST_CASE("schedule: a job of every hour follows elapsed time over both turns") {
  CHECK(due_times(by_cron("0 * * * *", "Europe/Vienna"), "2026-03-29T00:00:00Z",
                  "2026-03-29T04:00:00Z") == "03-29T00:00 03-29T01:00 03-29T02:00 03-29T03:00");
  CHECK(due_times(by_cron("*/30 * * * *", "Europe/Vienna"), "2026-10-25T00:00:00Z",
                  "2026-10-25T02:00:00Z") == "10-25T00:00 10-25T00:30 10-25T01:00 10-25T01:30");
}

TEST_CASE("schedule: zones that turn by half an hour or lose a day are followed") {
  // Lord Howe, 5 April 2026: 02:00 becomes 01:30 at 15:00 UTC of the day before.
  CHECK(due_times(by_cron("45 1 * * *", "Australia/Lord_Howe"), "2026-04-03T12:00:00Z",
                  "2026-04-06T00:00:00Z") == "04-03T14:45 04-04T14:45 04-05T15:15");
  // Apia went from 29 to 31 December 2011: the run of the 30th is made up at once, on the 31st.
  CHECK(due_times(by_cron("0 12 * * *", "Pacific/Apia"), "2011-12-29T00:00:00Z",
                  "2012-01-01T00:00:00Z") == "12-29T22:00 12-30T10:00 12-30T22:00 12-31T22:00");
}

TEST_CASE("schedule: leap days are found years away, and an impossible past is not") {
  const Schedule leap = schedule_of(by_cron("0 0 29 2 *"));
  CHECK(leap.next_after(at("2096-03-01T00:00:00Z")) == at("2104-02-29T00:00:00Z"));
  CHECK(leap.last_until(at("2104-02-28T00:00:00Z")) == at("2096-02-29T00:00:00Z"));
}

TEST_CASE("schedule: every counts from 1970, so that restarts do not move it") {
  CHECK(due_times(each(minutes(15)), "2026-11-21T10:01:00Z", "2026-11-21T10:46:00Z") ==
        "11-21T10:15 11-21T10:30 11-21T10:45");
  CHECK(schedule_of(each(hours(6))).last_until(at("2026-11-21T06:00:00Z")) ==
        at("2026-11-21T06:00:00Z"));
}

TEST_CASE("schedule: at random moments, last and next enclose the moment with nothing between") {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  Random random(seed);
  const char* zones[] = {"UTC", "Europe/Vienna", "America/New_York", "Australia/Lord_Howe"};
  const char* crons[] = {"30 2 * * *",   "*/20 * * * *", "0 9-17/2 * * mon-fri",
                         "5 0 1,15 * *", "0 3 31 * sun", "59 23 * 2,10 *"};
  for (int i = 0; i < 400; ++i) {
    const auto written = by_cron(crons[random.below(6)], zones[random.below(4)]);
    CAPTURE(to_text(written));
    const Schedule schedule = schedule_of(written);
    const WallTime moment(seconds(random.between(1'760'000'000, 1'860'000'000)));
    CAPTURE(to_rfc3339(moment));
    const auto last = schedule.last_until(moment);
    const auto next = schedule.next_after(moment);
    REQUIRE(last);
    REQUIRE(next);
    CHECK(*last <= moment);
    CHECK(*next > moment);
    CHECK(schedule.next_after(*last) == next);
    CHECK(schedule.last_until(*next) == next);
    CHECK(schedule.last_until(*next - std::chrono::milliseconds(1)) == last);
  }
}

TEST_CASE("decide: what was due before the job was first seen is not missed") {
  const auto job = job_named("hourly", each(hours(1)));
  const Schedule schedule = schedule_of(job.schedule);
  JobMemory memory;
  memory.enrolled_at = at("2026-11-21T10:00:00Z");
  const auto decision = decide(job, schedule, memory, at("2026-11-21T10:59:59Z"));
  REQUIRE(std::holds_alternative<Wait>(decision));
  CHECK(std::get<Wait>(decision).until == at("2026-11-21T11:00:00Z"));
}

TEST_CASE("decide: many missed runs are made up by one, for the latest, and counted") {
  const auto job = job_named("hourly", each(hours(1)));
  const Schedule schedule = schedule_of(job.schedule);
  JobMemory memory;
  memory.enrolled_at = at("2026-11-20T00:00:00Z");
  memory.covered_until = at("2026-11-21T03:00:00Z");
  const auto decision = decide(job, schedule, memory, at("2026-11-21T10:20:00Z"));
  REQUIRE(std::holds_alternative<Start>(decision));
  const Start& start = std::get<Start>(decision);
  CHECK(start.scheduled_for == at("2026-11-21T10:00:00Z"));
  CHECK(start.missed == 6);  // 04:00 to 09:00
  CHECK(start.attempt == 1);
  memory.covered_until = start.scheduled_for;
  CHECK(std::holds_alternative<Wait>(decide(job, schedule, memory, at("2026-11-21T10:20:00Z"))));
}

TEST_CASE("decide: a failure is retried after a doubling wait, and given up after the last") {
  auto job = job_named("hourly", each(hours(24)));
  job.retries = 2;
  job.retry_wait = minutes(5);
  const Schedule schedule = schedule_of(job.schedule);
  JobMemory memory;
  memory.enrolled_at = at("2026-11-20T00:00:00Z");
  memory.covered_until = at("2026-11-21T00:00:00Z");
  memory.last_run = {RunState::Failed, 1, at("2026-11-21T00:00:00Z"), at("2026-11-21T00:10:00Z")};
  auto decision = decide(job, schedule, memory, at("2026-11-21T00:14:59Z"));
  REQUIRE(std::holds_alternative<Wait>(decision));
  CHECK(std::get<Wait>(decision).until == at("2026-11-21T00:15:00Z"));
  decision = decide(job, schedule, memory, at("2026-11-21T00:15:00Z"));
  REQUIRE(std::holds_alternative<Start>(decision));
  CHECK(std::get<Start>(decision).attempt == 2);
  CHECK(std::get<Start>(decision).scheduled_for == at("2026-11-21T00:00:00Z"));
  memory.last_run->attempt = 2;
  CHECK(std::get<Wait>(decide(job, schedule, memory, at("2026-11-21T00:19:00Z"))).until ==
        at("2026-11-21T00:20:00Z"));
  memory.last_run->attempt = 3;
  CHECK(std::get<Wait>(decide(job, schedule, memory, at("2026-11-21T05:00:00Z"))).until ==
        at("2026-11-22T00:00:00Z"));
  memory.last_run = {RunState::Stopped, 2, at("2026-11-21T00:00:00Z"), at("2026-11-21T00:10:00Z")};
  CHECK(std::get<Start>(decide(job, schedule, memory, at("2026-11-21T00:10:00Z"))).attempt == 2);
  memory.last_run->state = RunState::Succeeded;
  CHECK(std::holds_alternative<Wait>(decide(job, schedule, memory, at("2026-11-21T05:00:00Z"))));
}
