// One attempt of one job, from the lock to the record of its end.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "jobs/job_store.h"

namespace martgate::jobs {

struct StepOutcome {
  bool is_good = true;
  std::string message;  // one line
  Watched watched;      // what the step saw of the data: failing tests, held loads
};

// What steps do is not this folder's business.
class StepRunner {
 public:
  virtual ~StepRunner() = default;
  [[nodiscard]] virtual StepOutcome run(const catalog::JobStep& step) = 0;
};

struct RunRequest {
  const catalog::Job& job;
  std::chrono::seconds repeat_after{4 * 3'600};  // of alerts
  Trigger trigger = Trigger::Schedule;
  std::int64_t pid = 0;
  std::filesystem::path state_folder = {};
  std::function<bool()> is_stopping = {};         // asked between steps
  std::function<void(const Run&)> on_begin = {};  // it is on record, its first step comes next
};

struct RunReport {
  enum class Kind : std::uint8_t { Ran, NothingDue, AlreadyRunning };
  Kind kind = Kind::Ran;
  Run run;  // of Ran
};

// Trigger::Schedule runs only what is due: a second scheduler that comes a moment later finds
// nothing to do. Trigger::Manual always runs, and for a due time that is still open if there is
// one.
//
// No two runs of a job overlap, in whatever processes: the job's lock file is held from before the
// decision to behind the record of the end, and the system frees it when the process dies. The
// state folder must be on a local disk for that.
[[nodiscard]] Result<RunReport> run_job(const RunRequest& request, JobStore& store,
                                        const Clock& clock, StepRunner& steps);

// Ends the records of the job's runs whose process is gone, and tells of it; leaves a run alone
// whose process lives.
[[nodiscard]] Status find_crashed(const RunRequest& request, JobStore& store, const Clock& clock);

[[nodiscard]] std::filesystem::path job_lock_path(const std::filesystem::path& state_folder,
                                                  std::string_view job);

// What the end of a run says about its job. While retries are left, a failure is not told.
[[nodiscard]] Watched watch_run(const catalog::Job& job, const Run& run, const RunEnd& end);

}  // namespace martgate::jobs
