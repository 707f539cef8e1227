#include "stdio/line_channel.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

namespace martgate::stdio {

LineChannel::LineChannel(int out_fd, int stop_fd, std::size_t buffer_bytes_max,
                         std::size_t in_flight_max)
    : out_fd_(out_fd),
      stop_fd_(stop_fd),
      buffer_bytes_max_(buffer_bytes_max),
      in_flight_max_(in_flight_max) {}

LineChannel::~LineChannel() {
  ::close(stop_fd_);
}

void LineChannel::request_stop() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t told = ::write(stop_fd_, &one, sizeof one);
}

bool LineChannel::write_line(std::string_view line) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return is_broken_ || pending_.size() <= buffer_bytes_max_; });
  if (is_broken_) return false;
  const std::size_t start = pending_.size();
  pending_.append(line);
  std::replace(pending_.begin() + static_cast<std::ptrdiff_t>(start), pending_.end(), '\n', ' ');
  pending_ += '\n';
  if (is_writing_) return true;
  is_writing_ = true;
  std::string batch;
  while (!pending_.empty() && !is_broken_) {
    batch.clear();
    batch.swap(pending_);
    lock.unlock();
    changed_.notify_all();
    const bool is_written = write_all(batch);
    lock.lock();
    is_broken_ = is_broken_ || !is_written;
  }
  is_writing_ = false;
  changed_.notify_all();
  if (!is_broken_) return true;
  pending_.clear();
  request_stop();
  return false;
}

bool LineChannel::write_all(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t written = ::write(out_fd_, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      pollfd watched{out_fd_, POLLOUT, 0};
      ::poll(&watched, 1, -1);
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

bool LineChannel::is_stopping() const {
  pollfd watched{stop_fd_, POLLIN, 0};
  return ::poll(&watched, 1, 0) > 0;
}

// A stop may be requested from a signal handler, which cannot notify: so the waiter looks for it.
bool LineChannel::enter() {
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, std::chrono::milliseconds(100),
                            [&] { return in_flight_ < in_flight_max_; })) {
    if (is_stopping()) return false;
  }
  ++in_flight_;
  return true;
}

void LineChannel::leave() {
  const std::lock_guard lock(mutex_);
  --in_flight_;
  changed_.notify_all();
}

bool LineChannel::drain(std::int64_t wait_ms_max) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::milliseconds(wait_ms_max), [&] {
    return is_broken_ || (in_flight_ == 0 && !is_writing_ && pending_.empty());
  });
}

}  // namespace martgate::stdio
