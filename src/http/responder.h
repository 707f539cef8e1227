// How a handler answers: at once or later, from any thread, exactly once.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "http/message.h"

namespace martgate::http {

// What a Responder writes into. The listener implements it; so can a test of a handler.
// `exchange` names one request of one connection; calls for one that is over do nothing.
// Threads: all calls may come from any thread and never block on the network.
class AnswerSink {
 public:
  enum class StreamEnd : std::uint8_t {
    Complete,  // the client sees a whole body
    Cut,       // the client sees the connection break
  };

  virtual ~AnswerSink() = default;
  virtual void answer(std::uint64_t exchange, Response response) = 0;
  virtual void open_stream(std::uint64_t exchange, Response head) = 0;
  // False when the stream is over: the client left, or read too slowly.
  [[nodiscard]] virtual bool write_stream(std::uint64_t exchange, std::string_view bytes) = 0;
  virtual void end_stream(std::uint64_t exchange, StreamEnd end) = 0;
  virtual void on_disconnect(std::uint64_t exchange, std::function<void()> callback) = 0;
};

// An open response body, sent in pieces as they are written. Holds no thread.
// Dropping it without close() cuts the connection, so that a half body never looks whole.
class StreamHandle {
 public:
  StreamHandle(std::shared_ptr<AnswerSink> sink, std::uint64_t exchange);
  StreamHandle(StreamHandle&&) noexcept = default;
  StreamHandle& operator=(StreamHandle&& other) noexcept;
  StreamHandle(const StreamHandle&) = delete;
  StreamHandle& operator=(const StreamHandle&) = delete;
  ~StreamHandle();

  // Queues the bytes; the buffer is bounded (stream_buffer_bytes_max). False: the stream is over
  // and nothing written to it arrives any more. Threads: calls may run at the same time; the bytes
  // of one call stay together.
  [[nodiscard]] bool write(std::string_view bytes);
  void close();
  // See Responder::on_disconnect. Replaces a callback given earlier.
  void on_disconnect(std::function<void()> callback);

 private:
  std::shared_ptr<AnswerSink> sink_;  // null once closed or moved from
  std::uint64_t exchange_;
};

// Move-only. The worker that ran the handler is free as soon as the handler returns; the connection
// takes its next request when this one is answered. Dropped unanswered, it sends a 500.
class Responder {
 public:
  // Shared: an answer may come after the listener is gone, and must then find something to ignore
  // it.
  Responder(std::shared_ptr<AnswerSink> sink, std::uint64_t exchange);
  Responder(Responder&&) noexcept = default;
  Responder& operator=(Responder&& other) noexcept;
  Responder(const Responder&) = delete;
  Responder& operator=(const Responder&) = delete;
  ~Responder();

  // Hands the response over and returns; another thread writes it.
  void send(Response response) &&;
  // `head.body`, when there is one, goes out first.
  [[nodiscard]] StreamHandle open_stream(Response head) &&;
  // Called at most once, on one of the listener's threads (or on this one, when it has already
  // happened), when the client closes its side, breaks off, or the server stops, before the answer
  // was given. It must not block. An answer may still be sent.
  void on_disconnect(std::function<void()> callback);

 private:
  std::shared_ptr<AnswerSink> sink_;  // null once answered or moved from
  std::uint64_t exchange_;
};

// Runs on a worker. An exception that leaves it is an unanswered request.
using Handler = std::function<void(const Request&, Responder)>;

}  // namespace martgate::http
