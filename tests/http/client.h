// A plain client on loopback that sends exactly the bytes it is given.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "http/listener.h"

namespace martgate::http {

class Client {
 public:
  explicit Client(std::uint16_t port);
  Client(Client&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();

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
  // Exactly that many bytes.
  std::string bytes(std::size_t count);

 private:
  bool fill();
  std::string body_of(const std::string& head);

  int fd_;
  std::string in_;
};

// "GET /hello" as a client sends it; `more` holds further field lines, each with its CRLF.
std::string request(std::string_view method, std::string_view path, std::string_view body = {},
                    std::string_view more = {});

std::unique_ptr<Listener> started(ListenerOptions options, Routes routes);

}  // namespace martgate::http
