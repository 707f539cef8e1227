// A clock that a test turns, and jobs to turn it for.
#pragma once

#include <atomic>

#include "base/check.h"
#include "base/clock.h"
#include "base/duration_text.h"
#include "catalog/jobs.h"

namespace martgate::jobs {

class TurnedClock final : public Clock {
 public:
  explicit TurnedClock(WallTime at) : ms_(at.time_since_epoch().count()) {}
  [[nodiscard]] WallTime now() const override { return WallTime(std::chrono::milliseconds(ms_)); }
  [[nodiscard]] std::int64_t monotonic_ns() const override { return ms_ * 1'000'000; }
  void set(WallTime at) { ms_ = at.time_since_epoch().count(); }
  void pass(std::chrono::milliseconds span) { ms_ += span.count(); }

 private:
  std::atomic<std::int64_t> ms_;
};

inline WallTime at(const std::string& text) {
  const auto time = parse_rfc3339(text);
  MARTGATE_CHECK(time.has_value());
  return *time;
}

inline catalog::JobSchedule by_cron(const std::string& text, const std::string& zone = "UTC") {
  catalog::JobSchedule schedule;
  auto cron = parse_cron(text);
  MARTGATE_CHECK(cron.has_value());
  schedule.cron = *cron;
  schedule.zone = zone;
  return schedule;
}

inline catalog::JobSchedule each(std::chrono::seconds span) {
  catalog::JobSchedule schedule;
  schedule.every = span;
  return schedule;
}

inline catalog::Job job_named(const std::string& name, catalog::JobSchedule schedule) {
  catalog::Job job;
  job.name = name;
  job.owner_team = "data";
  job.owner_contact = "data@shop.example";
  job.runbook = "https://wiki.shop.example/" + name;
  job.schedule = std::move(schedule);
  job.steps = {{catalog::StepKind::Build, {}}};
  return job;
}

}  // namespace martgate::jobs
