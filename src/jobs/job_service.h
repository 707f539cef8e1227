// The scheduler of a server: a thread that starts what is due, watches, and delivers alerts.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "catalog/project.h"
#include "jobs/child_process.h"
#include "jobs/job_store.h"

namespace martgate::jobs {

struct JobServiceOptions {
  // The project as it is now; a reloaded one is seen at the next look.
  std::function<std::shared_ptr<const catalog::Project>()> project;
  // The command that runs a job if it is due: martgate run JOB --if-due.
  std::function<std::vector<std::string>(const std::string& job)> command;
  std::function<void(const std::string&)> note;  // one line for the operator
  std::chrono::milliseconds look_every{15'000};  // clocks jump, other processes run jobs too
  std::chrono::milliseconds watch_every{60'000};
  std::chrono::milliseconds stop_grace{20'000};  // for what runs, before it is killed
  std::uint64_t jitter_seed = 1;
};

class JobService {
 public:
  // Opens the state folder's job store and begins. Errors: Unavailable.
  [[nodiscard]] static Result<std::unique_ptr<JobService>> start(JobServiceOptions options,
                                                                 const Clock& clock);
  // Asks running jobs to stop between two steps, kills them after the grace. What was cut off goes
  // on at the next start.
  void stop();
  ~JobService();

 private:
  JobService(JobServiceOptions options, const Clock& clock, JobStore store);
  void work();
  // Starts what is due; how long until the next look.
  [[nodiscard]] std::chrono::milliseconds look(const catalog::Project& project);
  void reap();
  void watch(const catalog::Project& project);
  void send(const catalog::Project& project);
  void tell_once(const std::string& subject, const std::string& text);

  JobServiceOptions options_;
  const Clock& clock_;
  JobStore store_;
  std::map<std::string, ChildProcess> running_;
  std::map<std::string, std::int64_t> begun_ns_;  // when each job was last started from here
  std::map<std::string, std::string> told_;       // the last word about each subject
  std::int64_t watched_ns_ = 0;
  std::uint64_t rounds_ = 0;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace martgate::jobs
