#include "http/connection.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <utility>

#include "http/body_deadline.h"

namespace martgate::http {
namespace {

// Edge-triggered and registered once: a request then costs one wait, one receive and one send.
constexpr std::uint32_t kEvents = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
// In pending_, beside epoll's bits: look again, for a reason that is not the socket's.
constexpr std::uint32_t kPoke = 1U << 24U;
// After so many requests in a row the other ready connections are served first: a client that sends
// without a pause must not keep a worker.
constexpr std::uint32_t kRequestsPerTurn = 32;
constexpr std::size_t kLingerBytesMax = 4UL * 1024 * 1024;
// What an idle connection may keep of the memory its requests needed, for each of its buffers: a
// request's usual size. Ten thousand of them wait at a time.
constexpr std::size_t kKeptBytesMax = 1'024;
constexpr std::size_t kJoinedBytesMax = 15UL * 1024;

// The connection whose handler runs on this thread: its answer needs no other thread's help.
thread_local const Connection* running_here = nullptr;

// The data an event carries: which slot, and which of its connections.
std::uint64_t key_of(std::uint32_t slot, std::uint32_t generation) {
  return static_cast<std::uint64_t>(generation) << 32U | slot;
}

void release_memory(std::string& text) {
  text.clear();
  if (text.capacity() > kKeptBytesMax) std::string().swap(text);
}

}  // namespace

std::int64_t steady_ns() {
  return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

std::int64_t after_ms(std::int64_t ms) {
  return steady_ns() + ms * 1'000'000;
}

Connection::~Connection() {
  if (fd_ >= 0) ::close(fd_);
}

// ---- life

void Connection::begin(int fd, std::string peer_address) {
  const std::lock_guard lock(mutex_);
  fd_ = fd;
  ++generation_;
  busy_ = in_handler_ = is_doomed_ = is_told_ = false;
  pending_ = 0;
  phase_ = Phase::Head;
  readable_ = peer_finished_ = eof_ = broken_ = is_overdue_ = head_begun_ = false;
  is_head_request_ = close_after_ = is_unread_ = views_moved_ = false;
  peer_address_ = std::move(peer_address);
  forget();
}

// Nothing of one client may meet the next one in this slot.
void Connection::forget() {
  release_memory(in_);
  release_memory(chunked_body_);
  release_memory(out_head_);
  release_memory(out_body_);
  release_memory(stream_pending_);
  begin_ = head_bytes_ = out_sent_ = lingered_bytes_ = 0;
  scanner_ = {};
  head_ = {};
}

bool Connection::enlist(Service& service) {
  epoll_event event{};
  event.events = kEvents;
  event.data.u64 = key_of(slot_, generation_);
  if (::epoll_ctl(service.epoll_fd, EPOLL_CTL_ADD, fd_, &event) == 0) return true;
  (void)close();
  return false;
}

bool Connection::open(int fd, std::string peer_address, Service& service) {
  begin(fd, std::move(peer_address));
  deadline_ns_ = after_ms(service.options.idle_ms_max);
  if (!begin_tls(service)) return false;
  parked_deadline_ns_ = deadline_ns_;
  return enlist(service);  // from here on the workers have it
}

bool Connection::open_refused(int fd, std::string peer_address, Service& service, Refusal refusal) {
  begin(fd, std::move(peer_address));
  busy_ = true;
  if (!begin_tls(service)) return false;
  if (tls_) {
    refusal_ = refusal;
  } else {
    (void)refuse(service, refusal);
  }
  return enlist(service);
}

bool Connection::close() {
  std::function<void()> callback;
  bool is_free = false;
  {
    const std::lock_guard lock(mutex_);
    // Elsewhere than between requests a quiet end could make half a response look whole.
    if (tls_ && phase_ == Phase::Head) tls_->say_goodbye();
    tls_.reset();
    refusal_.reset();
    ::close(fd_);
    fd_ = -1;
    ++generation_;
    ++serial_;
    busy_ = false;
    parked_deadline_ns_ = kNever;
    answer_.reset();
    stream_head_.reset();
    stream_ = Stream::None;
    callback.swap(on_disconnect_);
    is_free = !in_handler_;  // a running handler still looks at the input
    if (is_free) forget();
  }
  if (callback) callback();
  return is_free;
}

// ---- ownership

void Connection::absorb(std::uint32_t events) {
  if ((events & (EPOLLIN | EPOLLRDHUP)) != 0) readable_ = true;
  if ((events & EPOLLRDHUP) != 0) peer_finished_ = true;
  if ((events & EPOLLOUT) != 0 && tls_ && tls_->receive_waits_for_room()) readable_ = true;
  if ((events & (EPOLLHUP | EPOLLERR)) != 0 || is_doomed_) broken_ = true;
}

bool Connection::take(std::uint32_t generation, std::uint32_t events) {
  const std::lock_guard lock(mutex_);
  if (fd_ < 0 || generation != generation_) return false;
  if (busy_) {
    pending_ |= events;
    return false;
  }
  busy_ = true;
  absorb(events);
  return true;
}

bool Connection::take_overdue(std::int64_t now_ns) {
  if (parked_deadline_ns_.load(std::memory_order_relaxed) > now_ns) return false;
  const std::lock_guard lock(mutex_);
  if (fd_ < 0 || busy_ || parked_deadline_ns_ > now_ns) return false;
  return busy_ = is_overdue_ = true;
}

bool Connection::take_idle() {
  const std::lock_guard lock(mutex_);
  const bool is_idle = phase_ == Phase::Handshake || (phase_ == Phase::Head && !head_begun_);
  if (fd_ < 0 || busy_ || in_handler_ || !is_idle) return false;
  return busy_ = broken_ = true;
}

bool Connection::take_to_close() {
  const std::lock_guard lock(mutex_);
  if (fd_ < 0) return false;
  is_doomed_ = true;
  if (busy_) {
    pending_ |= kPoke;
    return false;
  }
  return busy_ = broken_ = true;
}

bool Connection::park() {
  const std::lock_guard lock(mutex_);
  if (pending_ != 0) {
    absorb(std::exchange(pending_, 0));
    return false;
  }
  parked_deadline_ns_ = deadline_ns_;
  busy_ = false;
  return true;
}

// The event comes back behind those of the other connections that are ready.
void Connection::yield(int epoll_fd) {
  const std::lock_guard lock(mutex_);
  absorb(std::exchange(pending_, 0));
  parked_deadline_ns_ = deadline_ns_;
  busy_ = false;
  report_anew(epoll_fd);
}

// The mutex is held. Modifying a registration reports the socket's state once more, and a socket
// with nothing left to send is writable.
void Connection::report_anew(int epoll_fd) {
  epoll_event event{};
  event.events = kEvents;
  event.data.u64 = key_of(slot_, generation_);
  ::epoll_ctl(epoll_fd, EPOLL_CTL_MOD, fd_, &event);
}

// The mutex is held. An owner finds the poke as it parks; the handler's own thread looks when the
// handler returns, unless it writes a stream, which must not wait for that; else a worker is woken.
void Connection::wake(int epoll_fd, Waker waker) {
  if (busy_) {
    pending_ |= kPoke;
  } else if (waker == Waker::Stream || running_here != this) {
    report_anew(epoll_fd);
  }
}

bool Connection::run(const Worker& worker) {
  while (true) {
    switch (broken_ ? Step::Close : advance(worker)) {
      case Step::Again:
        continue;
      case Step::Lost:
        return false;
      case Step::Release:
        return true;
      case Step::Close:
        return close();
      case Step::Yield:
        yield(worker.service.epoll_fd);
        return false;
      case Step::Read:
        if (readable_) {
          if (const std::size_t count = receive(worker.scratch); count > 0) {
            in_.append(worker.scratch.data(), count);
            views_moved_ = true;
          }
          continue;
        }
        if (eof_) return close();
        break;
      case Step::Wait:
        break;
    }
    if (park()) return false;
  }
}

Connection::Step Connection::advance(const Worker& worker) {
  if (std::exchange(is_overdue_, false)) return give_up(worker.service);
  switch (phase_) {
    case Phase::Handshake:
      return shake_hands(worker.service);
    case Phase::Head:
      return read_head(worker.service);
    case Phase::Body:
      return read_body(worker);
    case Phase::Answering:
      return take_answer(worker.service);
    case Phase::Writing:
      return write_response();
    case Phase::Streaming:
      return pump_stream(worker.service);
    case Phase::Settling:
      return settle(worker.service);
    case Phase::Lingering:
      return linger(worker);
  }
  return Step::Close;
}

// ---- reading

Connection::Step Connection::read_head(Service& service) {
  if (unread().empty()) return Step::Read;
  if (!head_begun_) {
    head_begun_ = true;
    deadline_ns_ = after_ms(service.options.header_ms_max);
  }
  const auto length = scanner_.scan(unread(), service.options.head);
  if (!length) return refuse(service, length.error());
  if (*length == 0) return Step::Read;
  head_bytes_ = *length;
  views_moved_ = false;
  if (const auto parsed = parse_head(unread().substr(0, head_bytes_), head_); !parsed) {
    return refuse(service, parsed.error());
  }
  return admit(service);
}

// Everything that can be refused before a body is read.
Connection::Step Connection::admit(Service& service) {
  const Request& request = head_.request;
  is_head_request_ = request.method == "HEAD";
  is_unread_ = head_.framing != Framing::None;
  if (!service.hosts.admits_host(*request.header("host"))) {
    return refuse(service, {403, "this Host is not served here"});
  }
  const auto route = service.routes.find(request.method, request.path);
  if (const auto origin = request.header("origin");
      origin && !route.is_public && !service.hosts.admits_origin(*origin)) {
    return refuse(service, {403, "this Origin may not ask here"});
  }
  if (route.handler == nullptr) {
    if (!route.knows_path) return refuse(service, {404, "there is nothing at this path"});
    return refuse(service, {405, "this method does not work here"},
                  service.routes.allowed_methods(request.path));
  }
  if (head_.content_length > service.options.body_bytes_max) {
    return refuse(service, {413, "the body is too long"});
  }
  handler_ = route.handler;
  chunked_body_.clear();
  chunks_ = ChunkedDecoder(service.options.body_bytes_max);
  phase_ = Phase::Body;
  body_began_ns_ = steady_ns();
  body_wire_bytes_ = 0;
  deadline_ns_ = body_deadline_ns(body_began_ns_, 0, service.options);
  if (head_.framing != Framing::None && head_.expects_continue && unread().size() == head_bytes_) {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    // Nothing of ours is waiting in the socket, so 25 bytes fit, or the peer is gone.
    if (!send_at_once(kContinue)) return Step::Close;
  }
  return Step::Again;
}

Connection::Step Connection::read_body(const Worker& worker) {
  const ListenerOptions& options = worker.service.options;
  std::string_view body;
  if (head_.framing == Framing::Length) {
    const std::size_t received = unread().size() - head_bytes_;
    if (received < head_.content_length) {
      deadline_ns_ = body_deadline_ns(body_began_ns_, received, options);
      return Step::Read;
    }
    body = unread().substr(head_bytes_, head_.content_length);
  } else if (head_.framing == Framing::Chunked) {
    const std::size_t start = begin_ + head_bytes_;
    const std::size_t taken = chunks_.feed(std::string_view(in_).substr(start), chunked_body_);
    in_.erase(start, taken);
    body_wire_bytes_ += taken;
    switch (chunks_.progress()) {
      case ChunkedDecoder::Progress::More:
        deadline_ns_ = body_deadline_ns(body_began_ns_, body_wire_bytes_, options);
        return Step::Read;
      case ChunkedDecoder::Progress::Bad:
        return refuse(worker.service, {400, "the chunks are malformed"});
      case ChunkedDecoder::Progress::TooLarge:
        return refuse(worker.service, {413, "the body is too long"});
      case ChunkedDecoder::Progress::Done:
        break;
    }
    body = chunked_body_;
  }
  // The input grew since the head was read and may lie elsewhere now; the same bytes parse again.
  if (views_moved_ && !parse_head(unread().substr(0, head_bytes_), head_)) return Step::Close;
  is_unread_ = false;
  head_.request.body = body;
  head_.request.peer_address = peer_address_;
  return dispatch(worker);
}

bool Connection::send_at_once(std::string_view bytes) {
  if (tls_) return tls_->send(bytes).state == TlsSession::State::Done;
  return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT) ==
         static_cast<ssize_t>(bytes.size());
}

std::size_t Connection::receive(std::span<char> scratch) {
  if (tls_) return receive_tls(scratch);
  while (true) {
    const ssize_t got = ::recv(fd_, scratch.data(), scratch.size(), MSG_DONTWAIT);
    if (got > 0) {
      const auto count = static_cast<std::size_t>(got);
      // A short read has emptied the socket (epoll(7)); the end of the stream is still to come.
      readable_ = count == scratch.size() || peer_finished_;
      return count;
    }
    if (got < 0 && errno == EINTR) continue;
    readable_ = false;
    if (got == 0) {
      eof_ = true;
    } else if (errno != EAGAIN && errno != EWOULDBLOCK) {
      broken_ = true;
    }
    return 0;
  }
}

// ---- the handler and its answer

Connection::Step Connection::dispatch(const Worker& worker) {
  std::uint32_t serial = 0;
  {
    const std::lock_guard lock(mutex_);
    serial = ++serial_;
    stream_kind_ = head_.is_http_1_0 ? BodyKind::UntilClose : BodyKind::Chunked;
    stream_ = Stream::None;
    stream_pending_.clear();
    is_told_ = false;
    phase_ = Phase::Answering;
    deadline_ns_ = kNever;  // how long an answer may take is the handler's affair
    parked_deadline_ns_ = kNever;
    in_handler_ = true;
    // Events that came meanwhile are not lost: whoever owns the connection next sees the socket's
    // state through these.
    absorb(std::exchange(pending_, 0));
    busy_ = false;
  }
  running_here = this;
  try {
    (*handler_)(head_.request, Responder(worker.sink, key_of(slot_, serial)));
  } catch (...) {  // NOLINT(bugprone-empty-catch): the dropped Responder has answered with a 500
  }
  running_here = nullptr;

  const std::lock_guard lock(mutex_);
  in_handler_ = false;
  if (fd_ < 0) {
    forget();
    return Step::Release;
  }
  if (busy_) {
    pending_ |= kPoke;
    return Step::Lost;
  }
  busy_ = true;
  return Step::Again;
}

Connection::Step Connection::take_answer(Service& service) {
  std::optional<Response> response;
  bool is_stream = false;
  std::function<void()> callback;
  {
    const std::lock_guard lock(mutex_);
    if (answer_) {
      response.swap(answer_);
    } else if (stream_head_) {
      response.swap(stream_head_);
      is_stream = true;
    } else if (peer_finished_ && !is_told_) {
      is_told_ = true;
      callback.swap(on_disconnect_);
    }
  }
  if (!response) {
    if (callback) callback();
    return Step::Wait;
  }
  if (is_stream) {
    begin_stream(service, *response);
  } else {
    begin_response(service, std::move(*response));
  }
  return Step::Again;
}

void Connection::answer(std::uint32_t serial, Response response, int epoll_fd) {
  std::function<void()> unused;  // destroyed after the mutex is free: it may own anything
  const std::lock_guard lock(mutex_);
  if (fd_ < 0 || serial != serial_ || answer_ || stream_ != Stream::None) return;
  unused.swap(on_disconnect_);
  answer_ = std::move(response);
  wake(epoll_fd, Waker::Answer);
}

void Connection::on_disconnect(std::uint32_t serial, std::function<void()> callback) {
  {
    const std::lock_guard lock(mutex_);
    const bool is_over = stream_ == Stream::Complete || stream_ == Stream::Cut;
    if (fd_ >= 0 && serial == serial_ && !is_told_ && !is_over) {
      on_disconnect_.swap(callback);
      return;  // the earlier callback, if any, is destroyed after the mutex is free
    }
  }
  if (callback) callback();
}

// ---- writing

Connection::Step Connection::refuse(Service& service, Refusal refusal, std::string allow) {
  // After 403, 404 and 405 to a request without a body the next request is where we think it is.
  const bool is_whole =
      (refusal.status == 403 || refusal.status == 404 || refusal.status == 405) && !is_unread_;
  if (!is_whole) is_unread_ = close_after_ = true;
  Response response{refusal.status, {}, "text/plain; charset=utf-8", std::string(refusal.text)};
  response.body += '\n';
  if (!allow.empty()) response.headers.emplace_back("Allow", std::move(allow));
  if (refusal.status == 503) response.headers.emplace_back("Retry-After", "1");
  begin_response(service, std::move(response));
  return Step::Again;
}

void Connection::begin_response(Service& service, Response response) {
  if (!is_writable(response)) {
    response = {500, {}, "text/plain; charset=utf-8", "the answer could not be written\n"};
  }
  if (!head_.keep_alive || service.is_stopping) close_after_ = true;
  out_head_.clear();
  append_head(out_head_, response, BodyKind::Whole, !close_after_, service.clock.now());
  out_body_.clear();
  if (!is_head_request_ && has_body(response.status)) out_body_ = std::move(response.body);
  if (tls_ && out_body_.size() <= kJoinedBytesMax) {  // one record instead of two
    out_head_ += out_body_;
    out_body_.clear();
  }
  out_sent_ = 0;
  phase_ = Phase::Writing;
  deadline_ns_ = after_ms(service.options.write_ms_max);
}

Connection::Flushed Connection::flush() {
  if (tls_) return flush_tls();
  const std::size_t total = out_head_.size() + out_body_.size();
  while (out_sent_ < total) {
    std::array<iovec, 2> parts{};
    std::size_t count = 0;
    if (out_sent_ < out_head_.size()) {
      parts[count++] = {out_head_.data() + out_sent_, out_head_.size() - out_sent_};
    }
    const std::size_t body_sent = out_sent_ - std::min(out_sent_, out_head_.size());
    if (body_sent < out_body_.size()) {
      parts[count++] = {out_body_.data() + body_sent, out_body_.size() - body_sent};
    }
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = count;
    const ssize_t sent = ::sendmsg(fd_, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      out_sent_ += static_cast<std::size_t>(sent);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return Flushed::Blocked;
    } else if (errno != EINTR) {
      return Flushed::Broken;
    }
  }
  out_written();
  return Flushed::All;
}

void Connection::out_written() {
  out_sent_ = 0;
  out_head_.clear();
  release_memory(out_body_);
}

Connection::Step Connection::write_response() {
  switch (flush()) {
    case Flushed::Blocked:
      return Step::Wait;
    case Flushed::Broken:
      return Step::Close;
    case Flushed::All:
      break;
  }
  return finish_response();
}

Connection::Step Connection::finish_response() {
  deadline_ns_ = kNever;
  if (!close_after_) {
    phase_ = Phase::Settling;
    return Step::Again;
  }
  if (tls_) tls_->say_goodbye();
  // Closing a socket that holds unread bytes resets it, and the reset can overtake the response.
  if (!is_unread_ && !readable_) return Step::Close;
  ::shutdown(fd_, SHUT_WR);
  phase_ = Phase::Lingering;
  return Step::Again;
}

Connection::Step Connection::settle(Service& service) {
  {
    const std::lock_guard lock(mutex_);
    if (in_handler_) return Step::Wait;
  }
  if (service.is_stopping) return Step::Close;
  begin_ += head_bytes_;
  if (head_.framing == Framing::Length) begin_ += head_.content_length;
  if (begin_ == in_.size()) {
    release_memory(in_);
    begin_ = 0;
  } else if (begin_ > kKeptBytesMax) {
    in_.erase(0, begin_);
    begin_ = 0;
  }
  release_memory(chunked_body_);
  scanner_ = {};
  head_begun_ = is_head_request_ = is_unread_ = false;
  phase_ = Phase::Head;
  deadline_ns_ = after_ms(service.options.idle_ms_max);
  return ++requests_served_ % kRequestsPerTurn == 0 ? Step::Yield : Step::Again;
}

Connection::Step Connection::linger(const Worker& worker) {
  if (deadline_ns_ == kNever) deadline_ns_ = after_ms(worker.service.options.linger_ms_max);
  while (readable_ && lingered_bytes_ <= kLingerBytesMax)
    lingered_bytes_ += receive(worker.scratch);
  return eof_ || broken_ || lingered_bytes_ > kLingerBytesMax ? Step::Close : Step::Wait;
}

Connection::Step Connection::give_up(Service& service) {
  const bool has_begun = phase_ == Phase::Body || (phase_ == Phase::Head && head_begun_);
  if (!has_begun) return Step::Close;
  is_unread_ = true;
  return refuse(service, {408, "the request did not arrive in time"});
}

}  // namespace martgate::http
