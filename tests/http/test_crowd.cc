// Many quiet clients beside one that asks. The figures for ten thousand are in bench/connections.
#include <doctest/doctest.h>
#include <malloc.h>
#include <sys/resource.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "http/client.h"

using namespace martgate::http;

namespace {

constexpr std::size_t kIdle = 400;
constexpr std::size_t kHalfAsked = 100;
constexpr std::size_t kStreams = 100;

// Client and server share this process, so each connection takes two descriptors.
bool can_open(rlim_t needed) {
  rlimit limit{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  if (limit.rlim_max < needed) {
    MESSAGE("skipped: the process may not open ", needed, " descriptors");
    return false;
  }
  limit.rlim_cur = std::max(limit.rlim_cur, needed);
  return ::setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

// Echo, answers of a kilobyte, and streams that the test writes to.
class Server {
 public:
  Server() : listener_(started(options(), routes())) {}

  Listener& listener() { return *listener_; }
  [[nodiscard]] std::uint16_t port() const { return listener_->port(); }
  std::size_t write_to_streams(std::string_view bytes) {
    const std::lock_guard lock(mutex_);
    std::size_t written = 0;
    for (StreamHandle& stream : streams_) written += stream.write(bytes) ? 1 : 0;
    return written;
  }

 private:
  static ListenerOptions options() {
    ListenerOptions options;
    options.workers = 2;
    options.connections_max = 1'000;
    options.header_ms_max = options.idle_ms_max;  // the half-asked ones stay for the test
    return options;
  }
  Routes routes() {
    Routes routes;
    routes.add("GET", "/kilobyte", [](const Request&, Responder responder) {
      std::move(responder).send({200, {}, "text/plain", std::string(1'024, 'x')});
    });
    routes.add("POST", "/echo", [](const Request& request, Responder responder) {
      std::move(responder).send({200, {}, "text/plain", std::string(request.body)});
    });
    routes.add("GET", "/events", [this](const Request&, Responder responder) {
      auto stream = std::move(responder).open_stream({200, {}, "text/event-stream", ""});
      const std::lock_guard lock(mutex_);
      streams_.push_back(std::move(stream));
    });
    return routes;
  }

  std::mutex mutex_;
  std::vector<StreamHandle> streams_;
  std::unique_ptr<Listener> listener_;
};

}  // namespace

TEST_CASE(
    "crowd: idle clients, half requests and open streams leave two workers to the one who asks") {
  if (!can_open(1'000 + 2 * (kIdle + kHalfAsked + kStreams) + kOtherDescriptors)) return;
  Server server;
  std::vector<Client> idle;
  std::vector<Client> half_asked;
  std::vector<Client> readers;
  for (std::size_t count = 0; count < kIdle; ++count) {
    idle.emplace_back(server.port());
    idle.back().send(request("GET", "/kilobyte"));
    REQUIRE(idle.back().answer().size() == 4 + 1'024);
  }
  for (std::size_t count = 0; count < kHalfAsked; ++count) {
    half_asked.emplace_back(server.port());
    half_asked.back().send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Le");
  }
  for (std::size_t count = 0; count < kStreams; ++count) {
    readers.emplace_back(server.port());
    readers.back().send(request("GET", "/events"));
    REQUIRE(readers.back().head().starts_with("HTTP/1.1 200 "));
  }
  Client caller(server.port());
  for (int round = 0; round < 50; ++round) {
    const std::string body = "call " + std::to_string(round);
    caller.send(request("POST", "/echo", body));
    REQUIRE(caller.answer() == "200 " + body);
  }
  CHECK(server.listener().connections_open() == kIdle + kHalfAsked + kStreams + 1);

  // Nobody was forgotten.
  CHECK(server.write_to_streams("data: 1\n\n") == kStreams);
  for (Client& reader : readers) CHECK(reader.bytes(14) == "9\r\ndata: 1\n\n\r\n");
  for (Client& client : half_asked) {
    client.send("ngth: 4\r\n\r\nhalf");
    CHECK(client.answer() == "200 half");
  }
  for (Client& client : idle) {
    client.send(request("POST", "/echo", "idle"));
    CHECK(client.answer() == "200 idle");
  }
}

TEST_CASE("crowd: an idle connection keeps little of what its large request and answer needed") {
  constexpr std::size_t kLarge = 14'000;  // one client's request, and its answer
  constexpr std::size_t kClients = 200;
  if (!can_open(1'000 + 2 * kClients + kOtherDescriptors)) return;
  Server server;
  const std::string large(kLarge, 'x');
  std::vector<Client> clients;
  const auto used = [] { return ::mallinfo2().uordblks; };
  clients.reserve(kClients);
  const auto ask = [&](Client& client) {
    client.send(request("POST", "/echo", large));
    REQUIRE(client.answer() == "200 " + large);
    client.send(request("POST", "/echo", "small"));  // its answer comes when the large one is over
    REQUIRE(client.answer() == "200 small");
    client.shrink();
  };
  clients.emplace_back(server.port());
  ask(clients.back());
  const std::size_t before = used();
  for (std::size_t count = 1; count < kClients; ++count) {
    clients.emplace_back(server.port());
    ask(clients.back());
  }
  // Server's and client's side together, in a process where other threads allocate little.
  const std::size_t each = (used() - std::min(before, used())) / kClients;
  MESSAGE("bytes for each connection: ", each);
  CHECK(each < 16 * 1'024);
}
