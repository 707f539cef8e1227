// TLS 1.2 and 1.3 for accepted sockets, by OpenSSL, without a blocking call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

struct ssl_st;
struct ssl_ctx_st;

namespace martgate::http {

struct TlsFiles {
  std::string certificate;  // PEM: the server's certificate, then the chain towards its issuer
  std::string key;          // PEM, not encrypted
};

// A certificate with its key, and what is offered with it: suites with forward secrecy and
// authenticated encryption only, no renegotiation, no compression, no resumption (so no ticket keys
// that outlive a connection), ALPN http/1.1. Shared by the sessions that began with it.
class TlsContext {
 public:
  // Errors: InvalidArgument, a file that cannot be read or is no such thing, a key that is
  // encrypted or belongs to another certificate. No message holds a byte of the key.
  [[nodiscard]] static Result<std::shared_ptr<const TlsContext>> load(const TlsFiles& files);
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  ~TlsContext();

 private:
  friend class TlsSession;
  explicit TlsContext(ssl_ctx_st* context) : context_(context) {}

  ssl_ctx_st* context_;
};

// The server's side of one connection. Threads: one at a time.
class TlsSession {
 public:
  enum class State : std::uint8_t {
    Done,     // it went through
    Blocked,  // the socket has to become readable or writable first
    Ended,    // the peer has said that nothing more comes
    Broken,   // the peer left without a word, or spoke something else
  };
  struct Moved {
    State state;
    std::size_t bytes;  // that went through before `state` was met
  };

  // `fd` is non-blocking and stays the caller's. Null: no memory.
  [[nodiscard]] static std::unique_ptr<TlsSession> over(const TlsContext& context, int fd);
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;
  ~TlsSession();

  [[nodiscard]] State shake_hands();
  // As much as there is, up to the size of `into`.
  [[nodiscard]] Moved receive(std::span<char> into);
  // As much as the socket takes. What was not taken must be offered again unchanged.
  [[nodiscard]] Moved send(std::string_view bytes);
  // Tells the peer, once and if the socket takes it, that nothing more comes from us.
  void say_goodbye();
  // The last receive() was stopped by a socket that takes no more bytes (a key update's answer).
  [[nodiscard]] bool receive_waits_for_room() const { return receive_waits_for_room_; }

 private:
  explicit TlsSession(ssl_st* session) : session_(session) {}
  [[nodiscard]] State state_of(int outcome);

  ssl_st* session_;
  bool receive_waits_for_room_ = false;
  bool is_broken_ = false;
};

// The context that new connections begin with. Threads: any.
class CurrentTls {
 public:
  // Null: connections are plain.
  [[nodiscard]] std::shared_ptr<const TlsContext> get() const {
    const std::lock_guard lock(mutex_);
    return context_;
  }
  void set(std::shared_ptr<const TlsContext> context) {
    const std::lock_guard lock(mutex_);
    context_ = std::move(context);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const TlsContext> context_;
};

}  // namespace martgate::http
