#include "http/client.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <utility>

namespace martgate::http {
namespace {

// A server that does not answer fails the test instead of hanging it.
constexpr int kPatienceSeconds = 30;

const SystemClock kClock;

// OpenSSL writes without MSG_NOSIGNAL, and a test's server may have closed.
[[maybe_unused]] const auto kIgnored = std::signal(SIGPIPE, SIG_IGN);

}  // namespace

Client::Client(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  REQUIRE(fd_ >= 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval patience{kPatienceSeconds, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  REQUIRE(::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
}

Client::Client(std::uint16_t port, const ClientTls& tls) : Client(port) {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  REQUIRE(SSL_CTX_load_verify_locations(context, tls.ca_file.c_str(), nullptr) == 1);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_security_level(context, 0);  // so that it offers old versions too
  if (tls.version_max != 0) {
    SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context, tls.version_max);
  }
  tls_ = SSL_new(context);
  SSL_CTX_free(context);
  SSL_set1_host(tls_, tls.name.c_str());
  if (!tls.alpn.empty()) {
    const std::string offer = static_cast<char>(tls.alpn.size()) + tls.alpn;
    SSL_set_alpn_protos(tls_, reinterpret_cast<const unsigned char*>(offer.data()),
                        static_cast<unsigned>(offer.size()));
  }
  SSL_set_fd(tls_, fd_);
  if (SSL_connect(tls_) != 1) SSL_free(std::exchange(tls_, nullptr));
}

Client::~Client() {
  leave();
}

void Client::leave() {
  if (tls_ != nullptr) SSL_free(std::exchange(tls_, nullptr));
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

void Client::finish() const {
  if (tls_ != nullptr) SSL_shutdown(tls_);
  ::shutdown(fd_, SHUT_WR);
}

void Client::send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t sent = tls_ != nullptr
                             ? SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size()))
                             : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;  // the server has closed: the answer will tell
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

bool Client::fill() {
  char buffer[16 * 1024];
  const ssize_t got = tls_ != nullptr ? SSL_read(tls_, buffer, sizeof buffer)
                                      : ::recv(fd_, buffer, sizeof buffer, 0);
  if (got <= 0) {
    CHECK_MESSAGE((tls_ != nullptr || got == 0 || errno == ECONNRESET),
                  "the server did not answer in time");
    return false;
  }
  in_.append(buffer, static_cast<std::size_t>(got));
  return true;
}

std::string Client::bytes(std::size_t count) {
  while (in_.size() < count && fill()) {
  }
  std::string taken = in_.substr(0, count);
  in_.erase(0, count);
  return taken;
}

std::string Client::head() {
  while (in_.find("\r\n\r\n") == in_.npos) {
    if (!fill()) return {};
  }
  const std::size_t end = in_.find("\r\n\r\n") + 4;
  std::string head = in_.substr(0, end);
  in_.erase(0, end);
  return head;
}

std::string Client::body_of(const std::string& head) {
  if (head.find("Transfer-Encoding: chunked") != head.npos) {
    std::string body;
    while (true) {
      while (in_.find("\r\n") == in_.npos) {
        if (!fill()) return body + "(cut)";
      }
      const std::size_t size = std::strtoul(in_.c_str(), nullptr, 16);
      in_.erase(0, in_.find("\r\n") + 2);
      body += bytes(size);
      bytes(2);
      if (size == 0) return body;
    }
  }
  const std::size_t at = head.find("Content-Length: ");
  return at == head.npos ? std::string() : bytes(std::strtoul(head.c_str() + at + 16, nullptr, 10));
}

std::string Client::answer() {
  const std::string head = this->head();
  if (head.empty()) return {};
  std::string answer = head.substr(9, 3) + " " + body_of(head);
  while (answer.ends_with('\n')) answer.pop_back();
  return answer;
}

std::string Client::rest() {
  while (fill()) {
  }
  return std::exchange(in_, {});
}

bool Client::was_told_the_end() const {
  return tls_ != nullptr && (SSL_get_shutdown(tls_) & SSL_RECEIVED_SHUTDOWN) != 0;
}

std::string request(std::string_view method, std::string_view path, std::string_view body,
                    std::string_view more) {
  std::string text;
  text.append(method).append(" ").append(path).append(" HTTP/1.1\r\nHost: localhost\r\n");
  text.append(more);
  if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return text.append("\r\n").append(body);
}

std::unique_ptr<Listener> started(ListenerOptions options, Routes routes) {
  auto listener = Listener::start(std::move(options), std::move(routes), kClock);
  REQUIRE_MESSAGE(listener, to_text(listener.error()));
  return std::move(*listener);
}

}  // namespace martgate::http
