// An HTTP server on loopback that answers with exactly the bytes it is told to, faults included.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace martgate::ingest {

struct Served {
  std::string bytes;
  bool stalls = false;  // keeps the connection open and sends no more until the client leaves
};

[[nodiscard]] Served ok(std::string_view body, std::string_view more_headers = {});
[[nodiscard]] Served status(int code, std::string_view more_headers = {});

class LocalServer {
 public:
  // Called on the server's thread with the head of a request; one request at a time.
  using Answer = std::function<Served(const std::string& target, const std::string& head)>;

  explicit LocalServer(Answer answer);
  LocalServer(const LocalServer&) = delete;
  LocalServer& operator=(const LocalServer&) = delete;
  ~LocalServer();

  [[nodiscard]] std::string url() const;
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::vector<std::string> targets() const;
  [[nodiscard]] std::string last_head() const;

 private:
  void run();

  Answer answer_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::string> targets_;
  std::string last_head_;
  std::atomic<bool> is_ending_ = false;
  std::thread thread_;
};

}  // namespace martgate::ingest
