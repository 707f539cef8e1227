// A response in pieces: the part of a connection that an open stream uses.
#include <array>
#include <charconv>
#include <utility>

#include "http/connection.h"

namespace martgate::http {

void Connection::open_stream(std::uint32_t serial, Response head, const Service& service) {
  const std::lock_guard lock(mutex_);
  if (fd_ < 0 || serial != serial_ || answer_ || stream_ != Stream::None) return;
  stream_ = Stream::Open;
  append_to_stream(head.body);
  head.body.clear();
  stream_head_ = std::move(head);
  wake(service.epoll_fd, Waker::Stream);
}

bool Connection::write_stream(std::uint32_t serial, std::string_view bytes,
                              const Service& service) {
  const std::lock_guard lock(mutex_);
  if (fd_ < 0 || serial != serial_ || stream_ != Stream::Open) return false;
  if (stream_pending_.size() + bytes.size() > service.options.stream_buffer_bytes_max) {
    stream_ = Stream::Cut;  // dropping a piece would be a gap that the reader cannot see
  } else {
    append_to_stream(bytes);
  }
  wake(service.epoll_fd, Waker::Stream);
  return stream_ == Stream::Open;
}

void Connection::end_stream(std::uint32_t serial, AnswerSink::StreamEnd end, int epoll_fd) {
  std::function<void()> unused;  // as in answer()
  const std::lock_guard lock(mutex_);
  if (fd_ < 0 || serial != serial_ || stream_ != Stream::Open) return;
  unused.swap(on_disconnect_);
  if (end == AnswerSink::StreamEnd::Complete) {
    end_stream_locked();
  } else {
    stream_ = Stream::Cut;
  }
  wake(epoll_fd, Waker::Stream);
}

void Connection::stop_stream(int epoll_fd) {
  std::function<void()> callback;
  {
    const std::lock_guard lock(mutex_);
    if (fd_ < 0 || stream_ != Stream::Open) return;
    callback.swap(on_disconnect_);
    end_stream_locked();
    wake(epoll_fd, Waker::Stream);
  }
  if (callback) callback();
}

void Connection::end_stream_locked() {
  stream_ = Stream::Complete;
  if (stream_kind_ == BodyKind::Chunked) stream_pending_ += "0\r\n\r\n";
}

// The mutex is held. An empty piece is no chunk: a chunk of size 0 would end the body.
void Connection::append_to_stream(std::string_view bytes) {
  if (bytes.empty()) return;
  if (stream_kind_ == BodyKind::UntilClose) {
    stream_pending_.append(bytes);
    return;
  }
  std::array<char, 16> digits;
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), bytes.size(), 16).ptr;
  stream_pending_.append(digits.data(), end).append("\r\n").append(bytes).append("\r\n");
}

void Connection::begin_stream(Service& service, const Response& head) {
  if (!is_writable(head) || !has_body(head.status)) {
    std::function<void()> callback;
    {
      const std::lock_guard lock(mutex_);
      stream_ = Stream::Cut;
      callback.swap(on_disconnect_);
    }
    if (callback) callback();
    begin_response(service, {500, {}, "text/plain; charset=utf-8", "the stream cannot be sent\n"});
    return;
  }
  const BodyKind kind = head_.is_http_1_0 ? BodyKind::UntilClose : BodyKind::Chunked;
  if (!head_.keep_alive || service.is_stopping) close_after_ = true;
  out_head_.clear();
  append_head(out_head_, head, kind, !close_after_, service.clock.now());
  out_body_.clear();
  out_sent_ = 0;
  phase_ = Phase::Streaming;
  deadline_ns_ = after_ms(service.options.write_ms_max);
}

Connection::Step Connection::pump_stream(Service& service) {
  while (true) {
    if (peer_finished_) return Step::Close;  // who reads a stream keeps the connection open
    switch (flush()) {
      case Flushed::Blocked:
        return Step::Wait;
      case Flushed::Broken:
        return Step::Close;
      case Flushed::All:
        break;
    }
    const std::lock_guard lock(mutex_);
    if (stream_ == Stream::Cut) return Step::Close;
    if (is_head_request_) stream_pending_.clear();
    if (stream_pending_.empty()) {
      if (stream_ == Stream::Complete) break;
      deadline_ns_ = kNever;
      return Step::Wait;
    }
    out_body_.swap(stream_pending_);
    stream_pending_.clear();
    deadline_ns_ = after_ms(service.options.write_ms_max);
  }
  return finish_response();
}

}  // namespace martgate::http
