// The snapshot that answers: opens what `current` names, beside the calls, and tells who wants to
// know.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/result.h"
#include "engine/mart_engine.h"

namespace martgate::engine {

// How long a published snapshot may go unnoticed where the system reports no change of files.
inline constexpr std::chrono::milliseconds kSnapshotLookEvery{1'000};

// A call takes mart() once and keeps it to its end: it reads one snapshot, and the file is closed
// when the last call that began on it has ended. No call waits for a new snapshot to be opened.
// Threads: every function from any thread.
class SnapshotFollower {
 public:
  // Opens the current snapshot and begins to watch. The clock outlives the object.
  // Errors: NotFound (reason "no_snapshot"), Unavailable.
  [[nodiscard]] static Result<std::unique_ptr<SnapshotFollower>> start(
      std::filesystem::path state_folder, const Clock& clock,
      std::chrono::milliseconds look_every = kSnapshotLookEvery);
  ~SnapshotFollower();
  SnapshotFollower(const SnapshotFollower&) = delete;
  SnapshotFollower& operator=(const SnapshotFollower&) = delete;

  [[nodiscard]] std::shared_ptr<const MartEngine> mart() const;

  // Moves to the snapshot that `current` names now, if it is another; returns when it answers.
  // A failure keeps the old one. Errors: as start().
  Status look();

  using Listener = std::function<void(const SnapshotFacts& now)>;
  // Called after each move, from the thread that moved, one call at a time; it must not come back
  // here. Ends with unsubscribe(), after which no call is running or begins.
  [[nodiscard]] int subscribe(Listener listener);
  void unsubscribe(int subscription);

 private:
  SnapshotFollower(std::filesystem::path state_folder, const Clock& clock,
                   std::shared_ptr<const MartEngine> mart);
  void watch(std::chrono::milliseconds look_every);

  std::filesystem::path state_folder_;
  const Clock& clock_;
  mutable std::mutex mutex_;  // guards mart_
  std::shared_ptr<const MartEngine> mart_;
  std::mutex moving_;  // one move at a time; guards the listeners
  std::map<int, Listener> listeners_;
  int next_subscription_ = 0;
  int stop_fd_ = -1;
  std::thread watcher_;
};

}  // namespace martgate::engine
