// A connection under TLS: the part that differs from a plain socket.
#include <string_view>
#include <utility>

#include "http/connection.h"

namespace martgate::http {

bool Connection::begin_tls(const Service& service) {
  const auto context = service.tls.get();
  if (!context) return true;
  tls_ = TlsSession::over(*context, fd_);
  if (!tls_) {
    (void)close();
    return false;
  }
  phase_ = Phase::Handshake;
  deadline_ns_ = after_ms(service.options.handshake_ms_max);
  return true;
}

Connection::Step Connection::shake_hands(Service& service) {
  switch (tls_->shake_hands()) {
    case TlsSession::State::Blocked:
      return Step::Wait;
    case TlsSession::State::Ended:
    case TlsSession::State::Broken:
      return Step::Close;
    case TlsSession::State::Done:
      break;
  }
  phase_ = Phase::Head;
  deadline_ns_ = after_ms(service.options.idle_ms_max);
  readable_ = true;  // a request may have come in one piece with the end of the handshake
  if (refusal_) return refuse(service, *std::exchange(refusal_, std::nullopt));
  return Step::Again;
}

std::size_t Connection::receive_tls(std::span<char> scratch) {
  const TlsSession::Moved moved = tls_->receive(scratch);
  // What the session blocked on is reported by epoll; anything else is found by reading again.
  readable_ = moved.state == TlsSession::State::Done;
  if (moved.state == TlsSession::State::Ended) eof_ = true;
  if (moved.state == TlsSession::State::Broken) broken_ = true;
  return moved.bytes;
}

Connection::Flushed Connection::flush_tls() {
  const std::size_t total = out_head_.size() + out_body_.size();
  while (out_sent_ < total) {
    const bool is_head = out_sent_ < out_head_.size();
    const std::string_view part =
        is_head ? std::string_view(out_head_).substr(out_sent_)
                : std::string_view(out_body_).substr(out_sent_ - out_head_.size());
    const TlsSession::Moved moved = tls_->send(part);
    out_sent_ += moved.bytes;
    if (moved.state == TlsSession::State::Blocked) return Flushed::Blocked;
    if (moved.state != TlsSession::State::Done) return Flushed::Broken;
  }
  out_written();
  return Flushed::All;
}

}  // namespace martgate::http
