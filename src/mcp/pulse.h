// One timer for everything that must happen when nothing happens: keep-alive comments, time limits.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace martgate::mcp {

class Beating {
 public:
  virtual ~Beating() = default;
  // Must not wait, and must not add() to the pulse that calls it.
  virtual void beat(std::int64_t now_ns) = 0;  // monotonic
};

// Threads: everything may be called from any thread.
class Pulse {
 public:
  Pulse() = default;
  Pulse(const Pulse&) = delete;
  Pulse& operator=(const Pulse&) = delete;

  // Until it is destroyed by its owners.
  void add(std::weak_ptr<Beating> member);
  void beat(std::int64_t now_ns);

 private:
  std::mutex mutex_;
  std::vector<std::weak_ptr<Beating>> members_;
};

// Calls `beat` again and again, on a thread of its own, until it is destroyed.
class Ticker {
 public:
  Ticker(std::int64_t period_ms, std::function<void()> beat);
  Ticker(const Ticker&) = delete;
  Ticker& operator=(const Ticker&) = delete;
  ~Ticker();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_ending_ = false;
  std::thread thread_;
};

}  // namespace martgate::mcp
