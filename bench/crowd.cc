#include "crowd.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/ssl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <sstream>
#include <string_view>
#include <vector>

namespace martgate::bench {
namespace {

// One connection of the child.
struct Member {
  int fd = -1;
  SSL* tls = nullptr;
};

class Members {
 public:
  Members() : context_(SSL_CTX_new(TLS_client_method())) {}  // the server is our own: no checks

  bool open(Crowd::Kind kind, std::uint16_t port, const std::string& path) {
    Member member{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (member.fd < 0) return false;
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bool is_open =
        ::connect(member.fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    if (is_open && kind == Crowd::Kind::TlsIdle) {
      member.tls = SSL_new(context_);
      SSL_set_fd(member.tls, member.fd);
      is_open = SSL_connect(member.tls) == 1;
    }
    is_open = is_open && ask(member, kind, path);
    members_.push_back(member);
    return is_open;
  }
  void leave() {
    for (const Member& member : members_) {
      SSL_free(member.tls);
      ::close(member.fd);
    }
    members_.clear();
  }

 private:
  // Reads up to the end of the head, and the body where one is announced.
  static bool ask(const Member& member, Crowd::Kind kind, const std::string& path) {
    const std::string request = "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
    const auto size = static_cast<int>(request.size());
    const ssize_t sent = member.tls != nullptr
                             ? SSL_write(member.tls, request.data(), size)
                             : ::send(member.fd, request.data(), request.size(), MSG_NOSIGNAL);
    if (sent != size) return false;
    std::string answer;
    std::array<char, 4096> part{};
    while (true) {
      const ssize_t got = member.tls != nullptr ? SSL_read(member.tls, part.data(), part.size())
                                                : ::recv(member.fd, part.data(), part.size(), 0);
      if (got <= 0) return false;
      answer.append(part.data(), static_cast<std::size_t>(got));
      const std::size_t end = answer.find("\r\n\r\n");
      if (end == answer.npos) continue;
      const std::size_t at = answer.find("Content-Length: ");
      const std::size_t body =
          at == answer.npos ? 0 : std::strtoul(answer.c_str() + at + 16, nullptr, 10);
      if (kind == Crowd::Kind::Stream || answer.size() >= end + 4 + body) {
        return answer.starts_with("HTTP/1.1 200 ");
      }
    }
  }

  SSL_CTX* context_;
  std::vector<Member> members_;
};

// "open KIND PORT COUNT PATH" or "leave"; answered with how many connections that opened.
void serve_orders(int channel) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
  std::signal(SIGPIPE, SIG_IGN);
  Members members;
  std::array<char, 256> buffer{};
  while (true) {
    const ssize_t got = ::recv(channel, buffer.data(), buffer.size(), 0);
    if (got <= 0) return;  // the benchmark has ended
    std::istringstream order(std::string(buffer.data(), static_cast<std::size_t>(got)));
    std::string word;
    int kind = 0;
    std::uint16_t port = 0;
    int count = 0;
    std::string path;
    order >> word >> kind >> port >> count >> path;
    int opened = 0;
    if (word == "leave") members.leave();
    while (word == "open" && opened < count &&
           members.open(static_cast<Crowd::Kind>(kind), port, path)) {
      ++opened;
    }
    const std::string answer = std::to_string(opened);
    if (::send(channel, answer.data(), answer.size(), MSG_NOSIGNAL) < 0) return;
  }
}

}  // namespace

Crowd::Crowd() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) return;
  child_ = ::fork();
  if (child_ == 0) {
    ::close(ends[0]);
    serve_orders(ends[1]);
    ::_exit(0);
  }
  ::close(ends[1]);
  channel_ = ends[0];
}

Crowd::~Crowd() {
  if (channel_ >= 0) ::close(channel_);
  if (child_ > 0) ::waitpid(child_, nullptr, 0);
}

Status Crowd::ask(const std::string& order) {
  std::array<char, 32> buffer{};
  ssize_t got = -1;
  if (child_ > 0 && ::send(channel_, order.data(), order.size(), MSG_NOSIGNAL) > 0) {
    got = ::recv(channel_, buffer.data(), buffer.size() - 1, 0);
  }
  if (got <= 0) return fail(Code::Unavailable, "the crowd's process is gone");
  const std::string opened(buffer.data(), static_cast<std::size_t>(got));
  std::istringstream words(order);
  std::string word;
  std::string kind;
  std::string port;
  std::string count = "0";
  words >> word >> kind >> port >> count;
  if (opened != count) {
    return fail(Code::Unavailable, fmt::format("{} of {} connections opened", opened, count));
  }
  return {};
}

Status Crowd::open(Kind kind, std::uint16_t port, const std::string& path, int count) {
  return ask(fmt::format("open {} {} {} {}", static_cast<int>(kind), port, count, path));
}

Status Crowd::leave() {
  return ask("leave");
}

}  // namespace martgate::bench
