// A plain client on loopback that sends exactly the bytes it is given.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "http/listener.h"

struct ssl_st;

namespace martgate::http {

// How a client speaks TLS.
struct ClientTls {
  std::string ca_file;             // the authority it trusts
  std::string name = "localhost";  // that the server must prove
  int version_max = 0;             // TLS1_2_VERSION and the like; 0: any
  std::string alpn = {};           // one protocol to offer; empty: none
};

class Client {
 public:
  explicit Client(std::uint16_t port);
  // Shakes hands; is_secure() says whether that went well.
  Client(std::uint16_t port, const ClientTls& tls);
  Client(Client&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)),
        tls_(std::exchange(other.tls_, nullptr)),
        in_(std::move(other.in_)) {}
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();

  [[nodiscard]] bool is_secure() const { return tls_ != nullptr; }
  [[nodiscard]] ssl_st* tls() const { return tls_; }

  void send(std::string_view bytes) const;
  void finish() const;  // closes our side
  void leave();
  // One whole response with a Content-Length or chunks, decoded: "200 body"; "" at the end of
  // input.
  std::string answer();
  // The head of the next response, status line first.
  std::string head();
  // What comes until the server closes.
  std::string rest();
  // The server has said that nothing more comes, rather than just broken off.
  [[nodiscard]] bool was_told_the_end() const;
  // Gives back the memory that earlier answers needed.
  void shrink() { in_.shrink_to_fit(); }
  // Exactly that many bytes.
  std::string bytes(std::size_t count);

 private:
  bool fill();
  std::string body_of(const std::string& head);

  int fd_;
  ssl_st* tls_ = nullptr;
  std::string in_;
};

// "GET /hello" as a client sends it; `more` holds further field lines, each with its CRLF.
std::string request(std::string_view method, std::string_view path, std::string_view body = {},
                    std::string_view more = {});

std::unique_ptr<Listener> started(ListenerOptions options, Routes routes);

}  // namespace martgate::http
