// state/jobs.db: what ran, when and how it ended, and the alerts that follow from it.
//
//   jobs(name, enrolled_at_ms)                       a job is known from its first sight on
//   runs(run_id, job, scheduled_ms, started_ms, finished_ms, state, attempt, missed, trigger, step,
//   message, pid) troubles, outbox                                 alert_store.h
//
// Every change is one transaction with full sync: a run is on record before its first step, and
// its end together with the alerts it causes. Who may begin a run holds the job's lock file.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "jobs/alerts.h"
#include "jobs/decide.h"
#include "store/connection.h"

namespace martgate::jobs {

enum class Trigger : std::uint8_t { Schedule, Manual };
[[nodiscard]] std::string_view name_of(Trigger trigger);

struct Run {
  std::int64_t run_id = 0;
  std::string job;
  WallTime scheduled_for{};
  WallTime started_at{};
  std::optional<WallTime> finished_at;
  RunState state = RunState::Running;
  int attempt = 1;
  std::int64_t missed = 0;
  Trigger trigger = Trigger::Schedule;
  std::string step;     // the one that ended it; empty when all went well
  std::string message;  // what it said
  std::int64_t pid = 0;
};

struct RunEnd {
  RunState state = RunState::Succeeded;
  std::string step;
  std::string message;
};

class JobStore {
 public:
  // Makes the file if need be. Errors: Unavailable.
  [[nodiscard]] static Result<JobStore> open(
      const std::filesystem::path& state_folder,
      store::Durability durability = store::Durability::Full);

  // A job that was never seen is enrolled at `now`.
  [[nodiscard]] Result<JobMemory> memory(std::string_view job, WallTime now);
  [[nodiscard]] Result<std::int64_t> begin(const Run& run);
  // With what it is the matter now, of the troubles whose key begins with `scope`.
  Status finish(std::int64_t run_id, const RunEnd& end, WallTime at, const Watched& watched);
  // Runs without an end. Whoever holds the job's lock knows that their processes are gone.
  [[nodiscard]] Result<std::vector<Run>> unfinished(std::string_view job);

  // Newest first; of every job when `job` is empty.
  [[nodiscard]] Result<std::vector<Run>> history(std::string_view job, std::int64_t count);
  [[nodiscard]] Result<std::optional<WallTime>> last_good_start(std::string_view job);

  [[nodiscard]] store::Connection& connection() { return connection_; }

 private:
  explicit JobStore(store::Connection connection) : connection_(std::move(connection)) {}
  store::Connection connection_;
};

[[nodiscard]] std::filesystem::path job_store_path(const std::filesystem::path& state_folder);

}  // namespace martgate::jobs
