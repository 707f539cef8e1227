// Ends what takes too long and cannot be asked to stop.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace martgate::jobs {

// Calls `on_expiry` on a thread of its own unless it goes away before. Loads, builds and this
// folder's records survive a process that ends at any moment, so `on_expiry` may end it.
class Watchdog {
 public:
  Watchdog(std::chrono::milliseconds timeout, std::function<void()> on_expiry);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  std::mutex mutex_;
  std::condition_variable over_;
  bool is_over_ = false;
  std::thread thread_;
};

}  // namespace martgate::jobs
