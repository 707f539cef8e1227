#include "http/event_loop.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace martgate::http {
namespace {

constexpr std::uint64_t kExitKey = ~std::uint64_t{0};
constexpr std::size_t kScratchBytes = 64UL * 1024;
constexpr std::size_t kRefusalSlots = 64;  // clients beyond a cap that are told so at one time
constexpr int kAcceptsPerRound = 128;

std::string address_of(const sockaddr_storage& peer) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (peer.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &peer, sizeof v4);
    ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
  } else {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &peer, sizeof v6);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
  }
  return text.data();
}

}  // namespace

EventLoop::EventLoop(ListenerOptions options, Routes routes, HostRules hosts, const Clock& clock,
                     int listen_fd)
    : service_{std::move(options), std::move(routes), std::move(hosts), clock},
      listen_fd_(listen_fd) {
  const ListenerOptions& given = service_.options;
  // Deadlines are kept to a quarter of the shortest one.
  tick_ms_ = std::clamp<std::int64_t>(
      std::min({given.idle_ms_max, given.handshake_ms_max, given.header_ms_max, given.body_ms_max,
                given.write_ms_max, given.linger_ms_max}) /
          4,
      5, 250);
  slots_.resize(given.connections_max + kRefusalSlots);
  free_slots_.reserve(slots_.size());
  for (std::size_t slot = slots_.size(); slot > 0; --slot) {
    free_slots_.push_back(static_cast<std::uint32_t>(slot - 1));
  }
}

EventLoop::~EventLoop() {
  for (const int fd : {listen_fd_, nudge_fd_, exit_fd_, reserve_fd_, service_.epoll_fd}) {
    if (fd >= 0) ::close(fd);
  }
}

Status EventLoop::open_descriptors() {
  service_.epoll_fd = ::epoll_create1(EPOLL_CLOEXEC);
  nudge_fd_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  exit_fd_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  reserve_fd_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kExitKey;
  if (service_.epoll_fd < 0 || nudge_fd_ < 0 || exit_fd_ < 0 || reserve_fd_ < 0 ||
      ::epoll_ctl(service_.epoll_fd, EPOLL_CTL_ADD, exit_fd_, &event) != 0) {
    return fail(Code::Unavailable,
                fmt::format("the listener cannot get its descriptors: {}", std::strerror(errno)));
  }
  return {};
}

Result<std::shared_ptr<EventLoop>> EventLoop::start(ListenerOptions options, Routes routes,
                                                    HostRules hosts, const Clock& clock,
                                                    std::shared_ptr<const TlsContext> tls,
                                                    int listen_fd) {
  // Shared with every Responder: an answer may come after the listener is gone.
  auto loop = std::make_shared<EventLoop>(std::move(options), std::move(routes), std::move(hosts),
                                          clock, listen_fd);
  loop->use_tls(std::move(tls));
  if (auto opened = loop->open_descriptors(); !opened) return tl::unexpected(opened.error());
  try {
    for (int worker = 0; worker < loop->service_.options.workers; ++worker) {
      loop->threads_.emplace_back([raw = loop.get()] { raw->work(); });
    }
    loop->threads_.emplace_back([raw = loop.get()] { raw->keep(); });
  } catch (const std::system_error& error) {
    loop->nudge(loop->exit_fd_);
    loop->join();
    return fail(Code::Unavailable,
                fmt::format("the listener cannot start a thread: {}", error.code().message()));
  }
  return loop;
}

void EventLoop::request_stop() {
  stop_requested_ = true;
  nudge(nudge_fd_);
}

void EventLoop::join() {
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void EventLoop::nudge(int event_fd) {
  const std::uint64_t one = 1;
  // It can only fail when the counter is full, and then the reader wakes anyway.
  [[maybe_unused]] const ssize_t written = ::write(event_fd, &one, sizeof one);
}

void EventLoop::work() {
  const std::shared_ptr<AnswerSink> sink = shared_from_this();
  std::vector<char> scratch(kScratchBytes);
  const Worker worker{service_, sink, scratch};
  while (true) {
    // One event at a time: with more, the others would wait for this one's handler.
    epoll_event event{};
    const int count = ::epoll_wait(service_.epoll_fd, &event, 1, -1);
    if (count <= 0) continue;  // a signal
    if (event.data.u64 == kExitKey) return;
    const auto slot = static_cast<std::uint32_t>(event.data.u64);
    Connection& connection = *slots_[slot];
    const auto generation = static_cast<std::uint32_t>(event.data.u64 >> 32U);
    if (connection.take(generation, event.events) && connection.run(worker)) {
      release(connection, slot);
    }
  }
}

void EventLoop::keep() {
  const std::shared_ptr<AnswerSink> sink = shared_from_this();
  std::vector<char> scratch(kScratchBytes);
  const Worker keeper{service_, sink, scratch};
  std::int64_t sweep_ns = 0;
  while (!stop_requested_) {
    await_news(true, tick_ms_);
    if (stop_requested_) break;
    accept_some(keeper);
    if (const std::int64_t now_ns = steady_ns(); now_ns >= sweep_ns) {
      sweep_ns = now_ns + tick_ms_ * 1'000'000;
      close_overdue(keeper);
    }
  }
  wind_down(keeper);
  nudge(exit_fd_);
}

void EventLoop::await_news(bool accepts, std::int64_t wait_ms_max) {
  std::array<pollfd, 2> watched{pollfd{nudge_fd_, POLLIN, 0}, pollfd{listen_fd_, POLLIN, 0}};
  ::poll(watched.data(), accepts ? 2 : 1, static_cast<int>(wait_ms_max));
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t drained = ::read(nudge_fd_, &count, sizeof count);
}

void EventLoop::accept_some(const Worker& keeper) {
  for (int accepted = 0; accepted < kAcceptsPerRound; ++accepted) {
    sockaddr_storage peer{};
    socklen_t length = sizeof peer;
    const int fd = ::accept4(listen_fd_, reinterpret_cast<sockaddr*>(&peer), &length,
                             SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      const int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      welcome(keeper, fd, address_of(peer));
    } else if (errno == EMFILE || errno == ENFILE) {
      // Left in the queue, the connection would keep the keeper spinning: the reserve descriptor
      // makes room to take it and close it.
      ::close(reserve_fd_);
      if (const int surplus = ::accept(listen_fd_, nullptr, nullptr); surplus >= 0) {
        ::close(surplus);
      }
      reserve_fd_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    } else if (errno != EINTR && errno != ECONNABORTED) {
      return;  // nobody is waiting
    }
  }
}

void EventLoop::welcome(const Worker& keeper, int fd, std::string address) {
  std::uint32_t slot = 0;
  bool is_refused = false;
  {
    const std::lock_guard lock(admission_mutex_);
    if (free_slots_.empty()) {
      ::close(fd);
      return;
    }
    std::size_t& from_there = open_by_address_[address];
    is_refused = connections_open_ >= service_.options.connections_max ||
                 from_there >= service_.options.connections_per_address_max;
    slot = free_slots_.back();
    free_slots_.pop_back();
    ++from_there;
    ++connections_open_;
  }
  auto& holder = slots_[slot];
  if (!holder) holder = std::make_unique<Connection>(slot);
  if (is_refused) {
    if (!holder->open_refused(fd, std::move(address), service_,
                              {503, "too many connections are open"}) ||
        holder->run(keeper)) {
      release(*holder, slot);
    }
  } else if (!holder->open(fd, std::move(address), service_)) {
    release(*holder, slot);
  }
}

void EventLoop::release(Connection& connection, std::uint32_t slot) {
  {
    const std::lock_guard lock(admission_mutex_);
    const auto from_there = open_by_address_.find(connection.peer_address());
    if (--from_there->second == 0) open_by_address_.erase(from_there);
    free_slots_.push_back(slot);
    --connections_open_;
  }
  if (service_.is_stopping) nudge(nudge_fd_);
}

void EventLoop::close_overdue(const Worker& keeper) {
  const std::int64_t now_ns = steady_ns();
  for (std::size_t slot = 0; slot < slots_.size(); ++slot) {
    Connection* connection = slots_[slot].get();
    if (connection != nullptr && connection->take_overdue(now_ns) && connection->run(keeper)) {
      release(*connection, static_cast<std::uint32_t>(slot));
    }
  }
}

// No more connections; idle ones go at once, open streams end, running requests have the grace.
void EventLoop::wind_down(const Worker& keeper) {
  ::close(std::exchange(listen_fd_, -1));
  service_.is_stopping = true;
  const std::int64_t grace_end_ns = steady_ns() + service_.options.stop_grace_ms_max * 1'000'000;
  const auto close_each = [&](bool (Connection::*take)()) {
    for (std::size_t slot = 0; slot < slots_.size(); ++slot) {
      Connection* connection = slots_[slot].get();
      if (connection != nullptr && (connection->*take)() && connection->run(keeper)) {
        release(*connection, static_cast<std::uint32_t>(slot));
      }
    }
  };
  for (const auto& connection : slots_) {
    if (connection) connection->stop_stream(service_.epoll_fd);
  }
  close_each(&Connection::take_idle);
  while (connections_open_ > 0) {
    const std::int64_t left_ms = (grace_end_ns - steady_ns()) / 1'000'000;
    if (left_ms <= 0) break;
    await_news(false, std::min(left_ms, tick_ms_));
    close_overdue(keeper);
  }
  close_each(&Connection::take_to_close);
}

Connection& EventLoop::connection_of(std::uint64_t exchange) {
  return *slots_[static_cast<std::uint32_t>(exchange)];
}

void EventLoop::answer(std::uint64_t exchange, Response response) {
  connection_of(exchange).answer(static_cast<std::uint32_t>(exchange >> 32U), std::move(response),
                                 service_.epoll_fd);
}

void EventLoop::open_stream(std::uint64_t exchange, Response head) {
  connection_of(exchange).open_stream(static_cast<std::uint32_t>(exchange >> 32U), std::move(head),
                                      service_);
}

bool EventLoop::write_stream(std::uint64_t exchange, std::string_view bytes) {
  return connection_of(exchange).write_stream(static_cast<std::uint32_t>(exchange >> 32U), bytes,
                                              service_);
}

void EventLoop::end_stream(std::uint64_t exchange, StreamEnd end) {
  connection_of(exchange).end_stream(static_cast<std::uint32_t>(exchange >> 32U), end,
                                     service_.epoll_fd);
}

void EventLoop::on_disconnect(std::uint64_t exchange, std::function<void()> callback) {
  connection_of(exchange).on_disconnect(static_cast<std::uint32_t>(exchange >> 32U),
                                        std::move(callback));
}

}  // namespace martgate::http
