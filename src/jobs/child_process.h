// A job runs in a process of its own: its end, however violent, is not the server's.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace martgate::jobs {

// Kills and waits for the process when it goes away before the process does.
class ChildProcess {
 public:
  // argv[0] is the program's path. No descriptor but the three standard ones is handed down, and no
  // signal is blocked in it.
  // Errors: Unavailable.
  [[nodiscard]] static Result<ChildProcess> start(const std::vector<std::string>& argv);

  ChildProcess(ChildProcess&& other) noexcept : pid_(other.pid_) { other.pid_ = -1; }
  ChildProcess& operator=(ChildProcess&& other) noexcept;
  ~ChildProcess();

  // The exit code once it has ended; 128 and the signal's number when a signal ended it.
  [[nodiscard]] std::optional<int> poll();
  void ask_to_stop() const;  // SIGTERM
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  explicit ChildProcess(pid_t pid) : pid_(pid) {}
  void end();
  pid_t pid_;  // -1: ended, or moved from
};

}  // namespace martgate::jobs
