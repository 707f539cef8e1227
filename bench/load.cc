#include "load.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <mutex>
#include <thread>
#include <vector>

namespace martgate::bench {
namespace {

using Timer = std::chrono::steady_clock;

int connect_to(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ::close(fd);
    return -1;
  }
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

bool send_all(int fd, const std::string& bytes) {
  for (std::size_t sent = 0; sent < bytes.size();) {
    const ssize_t count = ::send(fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (count <= 0) return false;
    sent += static_cast<std::size_t>(count);
  }
  return true;
}

// Reads one response with a Content-Length; true for status 200.
bool read_response(int fd, std::string& buffer) {
  buffer.clear();
  std::array<char, 16384> part{};
  std::size_t wanted = std::string::npos;
  while (buffer.size() < wanted) {
    const ssize_t count = ::recv(fd, part.data(), part.size(), 0);
    if (count <= 0) return false;
    buffer.append(part.data(), static_cast<std::size_t>(count));
    const std::size_t end = buffer.find("\r\n\r\n");
    if (wanted != std::string::npos || end == std::string::npos) continue;
    const std::size_t at = buffer.find("Content-Length: ");
    if (at == std::string::npos || at > end) return false;
    std::size_t length = 0;
    std::from_chars(buffer.data() + at + 16, buffer.data() + end, length);
    wanted = end + 4 + length;
  }
  return buffer.starts_with("HTTP/1.1 200");
}

LoadResult result_of(std::vector<double> latencies_us, double seconds, std::int64_t failures) {
  LoadResult result;
  result.requests = static_cast<std::int64_t>(latencies_us.size());
  result.failures = failures;
  if (latencies_us.empty()) return result;
  std::ranges::sort(latencies_us);
  result.per_second = static_cast<double>(latencies_us.size()) / seconds;
  result.p50_us = latencies_us[latencies_us.size() / 2];
  result.p99_us = latencies_us[latencies_us.size() * 99 / 100];
  return result;
}

double micros(Timer::duration span) {
  return std::chrono::duration<double, std::micro>(span).count();
}

}  // namespace

LoadResult run_load(std::uint16_t port, const std::string& request, int connections,
                    double seconds) {
  std::mutex mutex;
  std::vector<double> all;
  std::atomic<std::int64_t> failures{0};
  const auto started = Timer::now();
  const auto deadline =
      started + std::chrono::duration_cast<Timer::duration>(std::chrono::duration<double>(seconds));
  std::vector<std::thread> clients;
  for (int i = 0; i < connections; ++i) {
    clients.emplace_back([&] {
      const int fd = connect_to(port);
      std::vector<double> latencies;
      std::string buffer;
      while (fd >= 0 && Timer::now() < deadline) {
        const auto sent = Timer::now();
        if (!send_all(fd, request) || !read_response(fd, buffer)) {
          ++failures;
          break;
        }
        latencies.push_back(micros(Timer::now() - sent));
      }
      if (fd >= 0)
        ::close(fd);
      else
        ++failures;
      const std::lock_guard lock(mutex);
      all.insert(all.end(), latencies.begin(), latencies.end());
    });
  }
  for (std::thread& client : clients) client.join();
  return result_of(std::move(all), std::chrono::duration<double>(Timer::now() - started).count(),
                   failures);
}

LoadResult run_lines(int in_fd, int out_fd, const std::string& line, double seconds) {
  std::vector<double> latencies;
  const auto started = Timer::now();
  const auto deadline =
      started + std::chrono::duration_cast<Timer::duration>(std::chrono::duration<double>(seconds));
  std::array<char, 65536> part{};
  std::int64_t failures = 0;
  while (Timer::now() < deadline) {
    const auto sent = Timer::now();
    if (::write(in_fd, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
      ++failures;
      break;
    }
    bool complete = false;
    while (!complete) {
      const ssize_t count = ::read(out_fd, part.data(), part.size());
      if (count <= 0) break;
      complete = part[static_cast<std::size_t>(count) - 1] == '\n';
    }
    if (!complete) {
      ++failures;
      break;
    }
    latencies.push_back(micros(Timer::now() - sent));
  }
  return result_of(std::move(latencies),
                   std::chrono::duration<double>(Timer::now() - started).count(), failures);
}

std::string post(const std::string& path, const std::string& tool, const std::string& body) {
  return fmt::format(
      "POST {} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
      "Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: "
      "2026-07-28\r\nMcp-Method: tools/call\r\n"
      "Mcp-Name: {}\r\nContent-Length: {}\r\n\r\n{}",
      path, tool, body.size(), body);
}

}  // namespace martgate::bench
