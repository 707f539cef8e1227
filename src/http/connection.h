// One client connection: bytes in, one request at a time, bytes out; never a blocking call.
//
// Ownership. At any time at most one thread owns a connection (`busy_`) and touches what is not
// under the mutex. An event for an owned connection is left in `pending_`, and the owner looks
// there before it lets go, so that no event is lost. While a handler runs the connection is not
// owned: its worker is busy elsewhere, and another one may write a stream or an early answer. The
// input is not moved until the handler has returned, because the Request points into it.
//
// A slot is used for many connections, one after another; `generation_` tells their events apart,
// `serial_` the requests.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "http/chunked_decoder.h"
#include "http/head_parser.h"
#include "http/host_rules.h"
#include "http/options.h"
#include "http/responder.h"
#include "http/response_head.h"
#include "http/routes.h"
#include "http/tls.h"

namespace martgate::http {

// What the connections of one listener share.
struct Service {
  ListenerOptions options;
  Routes routes;
  HostRules hosts;
  const Clock& clock;  // for the Date field; deadlines are steady time
  CurrentTls tls = {};
  int epoll_fd = -1;
  std::atomic<bool> is_stopping = false;
};

// What a thread brings along when it serves a connection.
struct Worker {
  Service& service;
  const std::shared_ptr<AnswerSink>& sink;
  std::span<char> scratch;  // received bytes pass through it
};

// Nanoseconds of steady time. Socket deadlines follow the kernel's time, not an injected clock.
[[nodiscard]] std::int64_t steady_ns();
[[nodiscard]] std::int64_t after_ms(std::int64_t ms);  // the deadline that far from now
inline constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

class Connection {
 public:
  explicit Connection(std::uint32_t slot) : slot_(slot) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  // Takes the socket over and registers it. False: the descriptor was closed again.
  [[nodiscard]] bool open(int fd, std::string peer_address, Service& service);
  // The same for a client beyond a cap: it gets this refusal with Retry-After and is closed.
  // The caller owns the connection and must run() it.
  [[nodiscard]] bool open_refused(int fd, std::string peer_address, Service& service,
                                  Refusal refusal);

  // The ways to become the owner; the one who gets true calls run().
  [[nodiscard]] bool take(std::uint32_t generation, std::uint32_t events);
  [[nodiscard]] bool take_overdue(std::int64_t now_ns);
  [[nodiscard]] bool take_idle();      // no request begun: closes at once
  [[nodiscard]] bool take_to_close();  // whatever it does: closes; an owner elsewhere is told to

  // Goes as far as it can without waiting. True: the connection ended and the slot is free again.
  [[nodiscard]] bool run(const Worker& worker);

  // The AnswerSink of this connection; any thread. What names another request does nothing.
  void answer(std::uint32_t serial, Response response, int epoll_fd);
  void open_stream(std::uint32_t serial, Response head, const Service& service);
  [[nodiscard]] bool write_stream(std::uint32_t serial, std::string_view bytes,
                                  const Service& service);
  void end_stream(std::uint32_t serial, AnswerSink::StreamEnd end, int epoll_fd);
  void on_disconnect(std::uint32_t serial, std::function<void()> callback);
  // The server stops: an open stream ends as if its writer had closed it.
  void stop_stream(int epoll_fd);

  [[nodiscard]] const std::string& peer_address() const { return peer_address_; }

 private:
  enum class Phase : std::uint8_t {
    Handshake,  // of TLS
    Head,       // reading a request line and fields, or idle
    Body,       // reading a body
    Answering,  // the handler has the request, no answer yet
    Writing,    // a whole response
    Streaming,  // a response in pieces
    Settling,   // answered; the handler may still be looking at the request
    Lingering,  // our side is closed; reading the rest so that the last response is not lost
  };
  enum class Step : std::uint8_t { Again, Read, Wait, Yield, Close, Lost, Release };
  enum class Stream : std::uint8_t { None, Open, Complete, Cut };

  // The owner's steps, one per phase.
  Step shake_hands(Service& service);
  Step advance(const Worker& worker);
  Step read_head(Service& service);
  Step admit(Service& service);
  Step read_body(const Worker& worker);
  Step dispatch(const Worker& worker);
  Step take_answer(Service& service);
  Step write_response();
  Step pump_stream(Service& service);
  Step settle(Service& service);
  Step linger(const Worker& worker);

  Step refuse(Service& service, Refusal refusal, std::string allow = {});
  void begin_response(Service& service, Response response);
  void begin_stream(Service& service, const Response& head);
  Step finish_response();
  Step give_up(Service& service);  // a deadline passed

  enum class Flushed : std::uint8_t { All, Blocked, Broken };
  Flushed flush();
  Flushed flush_tls();
  void out_written();
  // The number of bytes that arrived in `scratch`; 0 when there is nothing now or ever (eof_).
  std::size_t receive(std::span<char> scratch);
  std::size_t receive_tls(std::span<char> scratch);
  [[nodiscard]] bool send_at_once(std::string_view bytes);  // false: not all of it
  [[nodiscard]] std::string_view unread() const { return std::string_view(in_).substr(begin_); }

  void begin(int fd, std::string peer_address);
  void forget();
  [[nodiscard]] bool enlist(Service& service);
  [[nodiscard]] bool begin_tls(const Service& service);  // false: closed again
  [[nodiscard]] bool park();                             // false: something happened, go on
  [[nodiscard]] bool close();                            // true: the slot is free
  void yield(int epoll_fd);
  void absorb(std::uint32_t events);
  void report_anew(int epoll_fd);
  enum class Waker : std::uint8_t { Answer, Stream };
  void wake(int epoll_fd, Waker waker);
  void append_to_stream(std::string_view bytes);
  void end_stream_locked();

  const std::uint32_t slot_;
  // When take_overdue() may take it; written by the owner as it parks.
  std::atomic<std::int64_t> parked_deadline_ns_;

  std::mutex mutex_;
  // Under the mutex.
  int fd_ = -1;  // -1: closed. The owner may read it without the mutex: only the owner changes it.
  std::uint32_t generation_ = 0;
  std::uint32_t serial_ = 0;
  bool busy_ = false;
  bool in_handler_ = false;
  bool is_doomed_ = false;
  bool is_told_ = false;  // on_disconnect_ was called, or would have been
  std::uint32_t pending_ = 0;
  std::optional<Response> answer_;
  std::optional<Response> stream_head_;
  Stream stream_ = Stream::None;
  BodyKind stream_kind_ = BodyKind::Chunked;
  std::string stream_pending_;  // framed
  std::function<void()> on_disconnect_;

  // The owner's.
  std::unique_ptr<TlsSession> tls_;  // null: plain
  std::optional<Refusal> refusal_;   // for a client beyond a cap, told after the handshake
  Phase phase_ = Phase::Head;
  std::int64_t deadline_ns_ = 0;
  bool readable_ = false;       // the socket may hold bytes we have not received
  bool peer_finished_ = false;  // the peer sent FIN
  bool eof_ = false;            // and we have read up to it
  bool broken_ = false;
  bool is_overdue_ = false;
  bool head_begun_ = false;
  bool is_head_request_ = false;
  bool close_after_ = false;
  bool is_unread_ = false;  // the request was refused before its end
  bool views_moved_ = false;
  std::string peer_address_;
  std::string in_;  // the current request begins at begin_
  std::size_t begin_ = 0;
  std::size_t head_bytes_ = 0;
  std::int64_t body_began_ns_ = 0;
  std::uint64_t body_wire_bytes_ = 0;  // of the body, its framing included, so far
  HeadScanner scanner_;
  Head head_;
  ChunkedDecoder chunks_;
  std::string chunked_body_;
  const Handler* handler_ = nullptr;
  std::string out_head_;
  std::string out_body_;
  std::size_t out_sent_ = 0;
  std::size_t lingered_bytes_ = 0;
  std::uint32_t requests_served_ = 0;
};

}  // namespace martgate::http
