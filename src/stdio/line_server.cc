#include "stdio/line_server.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.h"
#include "stdio/line_channel.h"

namespace martgate::stdio {
namespace {

constexpr std::size_t kReadBytes = 64UL * 1024;
// What the reader keeps between lines of the memory a long one needed.
constexpr std::size_t kKeptBytesMax = 64UL * 1024;

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

void ignore_broken_pipes() {
  struct sigaction current {};
  if (::sigaction(SIGPIPE, nullptr, &current) == 0 && current.sa_handler == SIG_DFL) {
    current.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &current, nullptr);
  }
}

}  // namespace

// ---- LineResponder

LineResponder::LineResponder(std::shared_ptr<LineChannel> channel) : channel_(std::move(channel)) {}

LineResponder& LineResponder::operator=(LineResponder&& other) noexcept {
  std::swap(channel_, other.channel_);
  return *this;
}

LineResponder::~LineResponder() {
  if (channel_) channel_->leave();
}

void LineResponder::send(std::string_view line) && {
  const auto channel = std::exchange(channel_, nullptr);
  MARTGATE_CHECK(channel != nullptr);
  channel->write_line(line);
  channel->leave();
}

bool LineResponder::write(std::string_view line) {
  MARTGATE_CHECK(channel_ != nullptr);
  return channel_->write_line(line);
}

// ---- the threads that run handlers

class LineServer::Workers {
 public:
  Workers(int count, const LineHandler& handler) : handler_(handler) {
    for (int worker = 0; worker < count; ++worker) threads_.emplace_back([this] { work(); });
  }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;
  // Runs what is queued, then ends.
  ~Workers() {
    {
      const std::lock_guard lock(mutex_);
      is_closing_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  // The channel bounds the queue: a message enters it before it comes here.
  void add(std::string line, LineResponder responder) {
    {
      const std::lock_guard lock(mutex_);
      queue_.emplace_back(std::move(line), std::move(responder));
    }
    changed_.notify_one();
  }

 private:
  void work() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [&] { return is_closing_ || !queue_.empty(); });
      if (queue_.empty()) return;
      auto [line, responder] = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      try {
        handler_(line, std::move(responder));
      } catch (...) {  // NOLINT(bugprone-empty-catch): the dropped responder has left the channel
      }
      lock.lock();
    }
  }

  const LineHandler& handler_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::pair<std::string, LineResponder>> queue_;
  bool is_closing_ = false;
  std::vector<std::thread> threads_;
};

// ---- LineServer

Result<std::unique_ptr<LineServer>> LineServer::create(LineServerOptions options,
                                                       LineHandler handler,
                                                       OverlongHandler on_overlong) {
  if (options.line_bytes_max == 0 || options.in_flight_max == 0 ||
      options.out_buffer_bytes_max == 0 || options.workers <= 0 || options.drain_ms_max < 0) {
    return fail(Code::InvalidArgument, "a limit of the line server is not positive");
  }
  const int stop_fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (stop_fd < 0) {
    return fail(Code::Unavailable,
                fmt::format("the line server cannot get a descriptor: {}", std::strerror(errno)));
  }
  ignore_broken_pipes();
  return std::unique_ptr<LineServer>(
      new LineServer(options, std::move(handler), std::move(on_overlong), stop_fd));
}

LineServer::LineServer(LineServerOptions options, LineHandler handler, OverlongHandler on_overlong,
                       int stop_fd)
    : options_(options),
      handler_(std::move(handler)),
      on_overlong_(std::move(on_overlong)),
      channel_(std::make_shared<LineChannel>(
          options_.out_fd, stop_fd, options_.out_buffer_bytes_max, options_.in_flight_max)) {
  MARTGATE_CHECK(handler_ != nullptr && on_overlong_ != nullptr);
}

void LineServer::request_stop() {
  channel_->request_stop();
}

bool LineServer::write_line(std::string_view line) {
  return channel_->write_line(line);
}

Status LineServer::run() {
  Status read;
  {
    Workers workers(options_.workers, handler_);
    read = read_lines(workers);
  }
  channel_->drain(options_.drain_ms_max);
  return read;
}

Status LineServer::read_lines(Workers& workers) {
  std::array<char, kReadBytes> buffer;
  while (true) {
    std::array<pollfd, 2> watched{pollfd{options_.in_fd, POLLIN, 0},
                                  pollfd{channel_->stop_fd(), POLLIN, 0}};
    if (::poll(watched.data(), watched.size(), -1) < 0) continue;  // a signal
    if (watched[1].revents != 0) return {};
    const ssize_t got = ::read(options_.in_fd, buffer.data(), buffer.size());
    if (got > 0) {
      take_bytes({buffer.data(), static_cast<std::size_t>(got)}, workers);
    } else if (got == 0) {
      finish_line(workers);  // a last message may come without its line end
      return {};
    } else if (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK) {
      return fail(Code::Unavailable,
                  fmt::format("cannot read the input: {}", std::strerror(errno)));
    }
  }
}

void LineServer::take_bytes(std::string_view bytes, Workers& workers) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, end);
    if (!is_skipping_) {
      if (line_.size() + piece.size() > options_.line_bytes_max) {
        is_skipping_ = true;
        std::string().swap(line_);
        on_overlong_();
      } else {
        line_.append(piece);
      }
    }
    if (end == bytes.npos) return;
    finish_line(workers);
    bytes.remove_prefix(end + 1);
  }
}

void LineServer::finish_line(Workers& workers) {
  if (!std::exchange(is_skipping_, false) && !is_blank(line_)) {
    if (line_.back() == '\r') line_.pop_back();
    // Stopping, the reader's next look ends it.
    if (channel_->enter()) workers.add(line_, LineResponder(channel_));
  }
  line_.clear();
  if (line_.capacity() > kKeptBytesMax) std::string().swap(line_);
}

}  // namespace martgate::stdio
