// Jobs and runs as their pages show them.
#include <doctest/doctest.h>

#include "cli/jobs_page.h"
#include "support/golden.h"

using namespace martgate;
using std::chrono::hours;
using std::chrono::minutes;

TEST_CASE("cli: the pages of jobs show what is due, how it went and which contract is broken") {
  const WallTime now = *parse_rfc3339("2026-11-21T10:00:00Z");
  std::vector<catalog::Job> jobs(4);
  jobs[0].name = "nightly";
  jobs[0].owner_team = "commerce";
  jobs[0].schedule.cron = *parse_cron("30 2 * * *");
  jobs[0].schedule.zone = "Europe/Vienna";
  jobs[0].steps = {{catalog::StepKind::Ingest, {}}, {catalog::StepKind::Build, {}}};
  jobs[0].fresh_within = hours(26);
  jobs[1] = jobs[0];
  jobs[1].name = "advertising";
  jobs[1].schedule.zone = "UTC";
  jobs[1].steps[0].sources = {"ads", "marketing"};
  jobs[2] = jobs[0];
  jobs[2].name = "help_desk";
  jobs[2].schedule = {};
  jobs[2].schedule.every = hours(6);
  jobs[2].fresh_within.reset();
  jobs[3] = jobs[2];
  jobs[3].name = "late_one";
  jobs::Run good;
  good.run_id = 7;
  good.job = "nightly";
  good.scheduled_for = *parse_rfc3339("2026-11-21T01:30:00Z");
  good.started_at = good.scheduled_for + std::chrono::seconds(4);
  good.finished_at = good.started_at + minutes(3);
  good.state = jobs::RunState::Succeeded;
  good.missed = 2;
  jobs::Run bad = good;
  bad.run_id = 8;
  bad.job = "advertising";
  bad.state = jobs::RunState::Failed;
  bad.attempt = 2;
  bad.missed = 0;
  bad.trigger = jobs::Trigger::Manual;
  bad.step = "build";
  bad.message = "nothing published; failing: orders.order_id.unique";
  jobs::Run running = good;
  running.run_id = 9;
  running.job = "help_desk";
  running.started_at = now - minutes(1);
  running.finished_at.reset();
  running.state = jobs::RunState::Running;
  running.missed = 0;
  const auto standing = [](const catalog::Job& job) {
    jobs::JobStanding one;
    one.job = &job;
    return one;
  };
  std::vector<jobs::JobStanding> standings{standing(jobs[0]), standing(jobs[1]), standing(jobs[2]),
                                           standing(jobs[3])};
  standings[0].next_due = *parse_rfc3339("2026-11-22T01:30:00Z");
  standings[0].last_run = good;
  standings[0].is_fresh = true;
  standings[1].next_due = now;
  standings[1].last_run = bad;
  standings[1].is_fresh = false;
  standings[2].last_run = running;
  standings[3].late_since = now - minutes(40);
  const FrozenClock clock(now);
  const cli::Terminal terminal(clock, {});
  check_golden(std::filesystem::path(MARTGATE_SOURCE_DIR) / "tests" / "cli" / "jobs.txt",
               cli::jobs_page(terminal, standings, now) + "\n" +
                   cli::history_page(terminal, {running, bad, good}));
}
