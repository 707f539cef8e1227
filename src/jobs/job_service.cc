#include "jobs/job_service.h"

#include <fmt/format.h>

#include <algorithm>

#include "jobs/alert_sender.h"
#include "jobs/job_standing.h"
#include "jobs/project_steps.h"

namespace martgate::jobs {
namespace {

using std::chrono::milliseconds;

// How soon the end of a running job is noticed.
constexpr milliseconds kReapEvery{200};
constexpr milliseconds kWaitMin{10};

}  // namespace

Result<std::unique_ptr<JobService>> JobService::start(JobServiceOptions options,
                                                      const Clock& clock) {
  auto store = JobStore::open(options.project()->settings.state_folder);
  if (!store) return tl::unexpected(store.error());
  std::unique_ptr<JobService> service(new JobService(std::move(options), clock, std::move(*store)));
  service->thread_ = std::thread([raw = service.get()] { raw->work(); });
  return service;
}

JobService::JobService(JobServiceOptions options, const Clock& clock, JobStore store)
    : options_(std::move(options)), clock_(clock), store_(std::move(store)) {}

JobService::~JobService() {
  stop();
}

void JobService::stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void JobService::work() {
  std::unique_lock lock(mutex_);
  while (!is_stopping_) {
    lock.unlock();
    const auto project = options_.project();
    reap();
    milliseconds wait = look(*project);
    const std::int64_t now_ns = clock_.monotonic_ns();
    if (watched_ns_ == 0 ||
        milliseconds((now_ns - watched_ns_) / 1'000'000) >= options_.watch_every) {
      watched_ns_ = now_ns;
      watch(*project);
    }
    send(*project);
    if (!running_.empty()) wait = std::min(wait, kReapEvery);
    lock.lock();
    wake_.wait_for(lock, std::max(wait, kWaitMin), [this] { return is_stopping_; });
  }
  for (const auto& [job, child] : running_) child.ask_to_stop();
  const std::int64_t deadline_ns =
      clock_.monotonic_ns() + std::chrono::nanoseconds(options_.stop_grace).count();
  while (!running_.empty() && clock_.monotonic_ns() < deadline_ns) {
    lock.unlock();
    reap();
    lock.lock();
    if (!running_.empty()) wake_.wait_for(lock, kReapEvery);
  }
  running_.clear();
}

void JobService::reap() {
  for (auto it = running_.begin(); it != running_.end();) {
    const auto exit = it->second.poll();
    if (!exit) {
      ++it;
      continue;
    }
    if (*exit != 0) options_.note(fmt::format("job {} ended with {}", it->first, *exit));
    it = running_.erase(it);
    watched_ns_ = 0;  // a run may have ended or begun a trouble
  }
}

milliseconds JobService::look(const catalog::Project& project) {
  milliseconds wait = options_.look_every;
  for (const catalog::Job& job : project.jobs.jobs) {
    if (running_.contains(job.name)) continue;
    const WallTime now = clock_.now();
    const auto schedule = Schedule::make(job.schedule);
    auto memory = store_.memory(job.name, now);
    if (memory && memory->last_run && memory->last_run->state == RunState::Running) {
      RunRequest request{job};
      request.repeat_after = project.jobs.alerts.repeat_after;
      request.state_folder = project.settings.state_folder;
      if (auto found = find_crashed(request, store_, clock_); !found)
        tell_once(job.name, to_text(found.error()));
      memory = store_.memory(job.name, now);
    }
    if (!schedule || !memory) {
      tell_once(job.name, to_text(schedule ? memory.error() : schedule.error()));
      continue;
    }
    // starting.
    const Decision decision = decide(job, *schedule, *memory, now);
    if (const auto* later = std::get_if<Wait>(&decision)) {
      if (later->until) wait = std::min(wait, *later->until - now);
      continue;
    }
    // One that ended without doing anything - another process holds the job - is not started again
    // at once.
    const std::int64_t now_ns = clock_.monotonic_ns();
    const auto begun = begun_ns_.find(job.name);
    const auto since_ns = begun == begun_ns_.end() ? INT64_MAX : now_ns - begun->second;
    if (since_ns < std::chrono::nanoseconds(options_.look_every).count()) continue;
    begun_ns_[job.name] = now_ns;
    auto child = ChildProcess::start(options_.command(job.name));
    if (!child) {
      tell_once(job.name, to_text(child.error()));
      continue;
    }
    running_.emplace(job.name, std::move(*child));
  }
  return wait;
}

void JobService::watch(const catalog::Project& project) {
  const WallTime now = clock_.now();
  std::vector<JobStanding> standings;
  for (const catalog::Job& job : project.jobs.jobs) {
    if (auto standing = standing_of(job, store_, now)) standings.push_back(std::move(*standing));
  }
  Watched watched = watch_jobs(standings, now);
  if (auto sources = watch_sources(project, now)) {
    for (std::string& scope : sources->scopes) watched.scopes.push_back(std::move(scope));
    for (Trouble& trouble : sources->troubles) watched.troubles.push_back(std::move(trouble));
  }
  watched.repeat_after = project.jobs.alerts.repeat_after;
  if (auto settled = settle(store_.connection(), watched, now); !settled)
    tell_once("alerts", to_text(settled.error()));
}

void JobService::send(const catalog::Project& project) {
  const auto sender = sender_of(project.jobs.alerts, project.settings.state_folder);
  if (!sender) return tell_once("alerts", to_text(sender.error()));
  if (*sender == nullptr) return;
  Random random(options_.jitter_seed + rounds_++);
  const auto delivered =
      deliver(store_.connection(), project.settings.state_folder, **sender, clock_, random);
  if (!delivered) tell_once("alerts", to_text(delivered.error()));
}

void JobService::tell_once(const std::string& subject, const std::string& text) {
  std::string& last = told_[subject];
  if (last == text) return;
  last = text;
  options_.note(fmt::format("{}: {}", subject, text));
}

}  // namespace martgate::jobs
