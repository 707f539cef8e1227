#include "identity/repeating.h"

#include <utility>

namespace martgate::identity {

Repeating::Repeating(std::function<std::chrono::milliseconds()> turn)
    : turn_(std::move(turn)), thread_([this] { run(); }) {}

Repeating::~Repeating() {
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void Repeating::wake() {
  {
    const std::lock_guard lock(mutex_);
    is_woken_ = true;
  }
  changed_.notify_one();
}

void Repeating::run() {
  std::unique_lock lock(mutex_);
  while (!is_ending_) {
    is_woken_ = false;
    lock.unlock();
    const std::chrono::milliseconds pause = turn_();
    lock.lock();
    changed_.wait_for(lock, pause, [this] { return is_woken_ || is_ending_; });
  }
}

}  // namespace martgate::identity
