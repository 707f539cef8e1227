#include "jobs/watchdog.h"

namespace martgate::jobs {

Watchdog::Watchdog(std::chrono::milliseconds timeout, std::function<void()> on_expiry)
    : thread_([this, timeout, on_expiry = std::move(on_expiry)] {
        std::unique_lock lock(mutex_);
        if (over_.wait_for(lock, timeout, [this] { return is_over_; })) return;
        lock.unlock();
        on_expiry();
      }) {}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
  }
  over_.notify_all();
  thread_.join();
}

}  // namespace martgate::jobs
