// A thread that does one thing again and again.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace martgate::identity {

// Each turn says how long to pause before the next. The destructor waits for a turn that runs.
class Repeating {
 public:
  // The first turn begins at once, on the thread. `turn` must not throw.
  explicit Repeating(std::function<std::chrono::milliseconds()> turn);
  ~Repeating();
  Repeating(const Repeating&) = delete;
  Repeating& operator=(const Repeating&) = delete;

  // Cuts the pause short. Threads: any.
  void wake();

 private:
  void run();

  std::function<std::chrono::milliseconds()> turn_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_woken_ = false;
  bool is_ending_ = false;
  std::thread thread_;  // the last member: it starts when everything else is there
};

}  // namespace martgate::identity
