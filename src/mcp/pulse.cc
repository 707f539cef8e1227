#include "mcp/pulse.h"

#include <chrono>
#include <utility>

namespace martgate::mcp {

void Pulse::add(std::weak_ptr<Beating> member) {
  const std::lock_guard lock(mutex_);
  members_.push_back(std::move(member));
}

void Pulse::beat(std::int64_t now_ns) {
  std::vector<std::shared_ptr<Beating>> alive;
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(members_, [&](const std::weak_ptr<Beating>& member) {
      auto locked = member.lock();
      if (locked == nullptr) return true;
      alive.push_back(std::move(locked));
      return false;
    });
  }
  for (const auto& member : alive) member->beat(now_ns);
}

Ticker::Ticker(std::int64_t period_ms, std::function<void()> beat)
    : thread_([this, period_ms, beat = std::move(beat)] {
        std::unique_lock lock(mutex_);
        while (!changed_.wait_for(lock, std::chrono::milliseconds(period_ms),
                                  [this] { return is_ending_; })) {
          lock.unlock();
          beat();
          lock.lock();
        }
      }) {}

Ticker::~Ticker() {
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

}  // namespace martgate::mcp
