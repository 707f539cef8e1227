// The output of a line server, and the count of messages that are still to be answered.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

namespace martgate::stdio {

// Threads: everything may be called from any thread.
class LineChannel {
 public:
  // Takes `stop_fd` over, an event descriptor that tells the reader to stop.
  LineChannel(int out_fd, int stop_fd, std::size_t buffer_bytes_max, std::size_t in_flight_max);
  LineChannel(const LineChannel&) = delete;
  LineChannel& operator=(const LineChannel&) = delete;
  ~LineChannel();

  // Async-signal-safe. Also called when the output breaks.
  void request_stop();
  [[nodiscard]] int stop_fd() const { return stop_fd_; }  // readable once a stop was requested

  // Queues one line; whoever finds nobody writing writes all that is queued, so that lines stay
  // whole and a burst costs one system call. False: the reader is gone.
  bool write_line(std::string_view line);

  // Waits until one more message may be taken. False: a stop was requested instead.
  [[nodiscard]] bool enter();
  void leave();
  // True when no message is in flight and nothing is left to write; waits up to `wait_ms_max`.
  bool drain(std::int64_t wait_ms_max);

 private:
  [[nodiscard]] bool write_all(std::string_view bytes) const;
  [[nodiscard]] bool is_stopping() const;

  const int out_fd_;
  const int stop_fd_;
  const std::size_t buffer_bytes_max_;
  const std::size_t in_flight_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t in_flight_ = 0;
  std::string pending_;
  bool is_writing_ = false;
  bool is_broken_ = false;
};

}  // namespace martgate::stdio
