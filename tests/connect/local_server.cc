#include "connect/local_server.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace martgate::ingest {

Served ok(std::string_view body, std::string_view more_headers) {
  return {fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n{}\r\n{}", body.size(),
                      more_headers, body)};
}

Served status(int code, std::string_view more_headers) {
  return {fmt::format("HTTP/1.1 {} Said\r\nContent-Length: 0\r\n{}\r\n", code, more_headers)};
}

LocalServer::LocalServer(Answer answer) : answer_(std::move(answer)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::listen(listener_, 16) == 0);
  socklen_t size = sizeof address;
  REQUIRE(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { run(); });
}

LocalServer::~LocalServer() {
  is_ending_ = true;
  ::shutdown(listener_, SHUT_RDWR);  // wakes accept()
  thread_.join();
  ::close(listener_);
}

std::string LocalServer::url() const {
  return fmt::format("http://127.0.0.1:{}", port_);
}

std::vector<std::string> LocalServer::targets() const {
  const std::lock_guard lock(mutex_);
  return targets_;
}

std::string LocalServer::last_head() const {
  const std::lock_guard lock(mutex_);
  return last_head_;
}

void LocalServer::run() {
  while (!is_ending_) {
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    std::string head;
    char part[4096];
    while (head.find("\r\n\r\n") == std::string::npos) {
      const ssize_t got = ::recv(client, part, sizeof part, 0);
      if (got <= 0) break;
      head.append(part, static_cast<std::size_t>(got));
    }
    const std::size_t begin = head.find(' ') + 1;
    const std::string target = head.substr(begin, head.find(' ', begin) - begin);
    {
      const std::lock_guard lock(mutex_);
      targets_.push_back(target);
      last_head_ = head;
    }
    const Served served = answer_(target, head);
    std::string_view bytes = served.bytes;
    while (!bytes.empty()) {
      const ssize_t sent = ::send(client, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) break;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    if (served.stalls) static_cast<void>(::recv(client, part, sizeof part, 0));
    ::close(client);
  }
}

}  // namespace martgate::ingest
