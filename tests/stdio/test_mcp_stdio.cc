#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <utility>

#include "base/clock.h"
#include "base/ids.h"
#include "mcp/fake_gate.h"
#include "mcp/gate_offer.h"
#include "stdio/mcp_stdio.h"

using namespace martgate;
using namespace martgate::stdio;

namespace {

constexpr const char* kInitialize =
    R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25"}})"
    "\n"
    R"({"jsonrpc":"2.0","method":"notifications/initialized"})"
    "\n";

std::string call(int id) {
  return R"({"jsonrpc":"2.0","id":)" + std::to_string(id) +
         R"(,"method":"tools/call","params":{"name":"search_catalog"}})" + "\n";
}

// A server on two pipes, running on its own thread.
class Bench {
 public:
  explicit Bench(LineServerOptions options = {}) {
    std::array<int, 2> in{};
    std::array<int, 2> out{};
    REQUIRE(::pipe2(in.data(), O_CLOEXEC) == 0);
    REQUIRE(::pipe2(out.data(), O_CLOEXEC) == 0);
    std::tie(in_read_, in_write_) = std::pair(in[0], in[1]);
    std::tie(out_read_, out_write_) = std::pair(out[0], out[1]);
    options.in_fd = in_read_;
    options.out_fd = out_write_;
    auto created = McpStdio::create(server_, options);
    REQUIRE(created);
    stdio_ = std::move(*created);
    running_ = std::thread([this] { ended_well_ = stdio_->run().has_value(); });
  }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;
  ~Bench() {
    finish();
    ::close(in_read_);
    ::close(out_read_);
  }

  void send(std::string_view bytes) const {
    REQUIRE(::write(in_write_, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  }
  void finish() {
    if (!running_.joinable()) return;
    ::close(in_write_);
    running_.join();
    CHECK(ended_well_);
    ::close(out_write_);
  }
  // "(end)" when there is no further line.
  std::string line() {
    while (received_.find('\n') == std::string::npos) {
      std::array<char, 4096> buffer{};
      const ssize_t got = ::read(out_read_, buffer.data(), buffer.size());
      if (got <= 0) return "(end)";
      received_.append(buffer.data(), static_cast<std::size_t>(got));
    }
    const std::size_t end = received_.find('\n');
    std::string line = received_.substr(0, end);
    received_.erase(0, end + 1);
    return line;
  }

  mcp::FakeGate gate;

 private:
  int in_read_ = -1;
  int in_write_ = -1;
  int out_read_ = -1;
  int out_write_ = -1;
  SystemClock clock_;
  SeededIds ids_{1};
  mcp::GateOffer offer_{gate, {"martgate", "0.1.0"}};
  mcp::Server server_{offer_, clock_, ids_};
  std::unique_ptr<McpStdio> stdio_;
  std::thread running_;
  bool ended_well_ = false;
  std::string received_;
};

bool answers(const std::string& line, int id) {
  return line.find(R"("id":)" + std::to_string(id) + ",") != std::string::npos;
}

}  // namespace

TEST_CASE("mcp over stdio: what is sent at once behind initialize finds the session") {
  for (int round = 0; round < 20; ++round) {
    Bench bench;
    bench.send(kInitialize + call(1) + call(2));
    bench.finish();
    int good = 0;
    for (std::string line = bench.line(); line != "(end)"; line = bench.line()) {
      if (line.find(R"("result")") != std::string::npos) ++good;
    }
    CHECK(good == 3);
  }
}

TEST_CASE("mcp over stdio: a tool that waits holds nobody up, and can be withdrawn") {
  Bench bench;
  bench.gate.hold();
  bench.send(kInitialize + call(1) + call(2) + R"({"jsonrpc":"2.0","id":3,"method":"ping"})" +
             "\n");
  CHECK(answers(bench.line(), 0));
  CHECK(answers(bench.line(), 3));
  while (bench.gate.held() < 2) std::this_thread::yield();
  bench.send(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}})"
             "\n"
             R"({"jsonrpc":"2.0","id":4,"method":"ping"})"
             "\n");
  CHECK(answers(bench.line(), 4));
  const std::string first_tool_seen = bench.gate.seen().at(0).tool;
  CHECK(first_tool_seen == "search_catalog");
  bench.gate.release(0);
  bench.gate.release(1);
  CHECK(answers(bench.line(), 2));
  bench.finish();
  CHECK(bench.line() == "(end)");
}

TEST_CASE(
    "mcp over stdio: an overlong line is answered without an id, and the next one is served") {
  LineServerOptions options;
  options.line_bytes_max = 200;
  Bench bench(options);
  bench.send(R"({"jsonrpc":"2.0","id":1,"method":")" + std::string(300, 'a') + "\"}\n" +
             R"({"jsonrpc":"2.0","id":2,"method":"ping"})" + "\n");
  const std::string first = bench.line();
  CHECK(first.find("-32700") != std::string::npos);
  CHECK(first.find("\"id\"") == std::string::npos);
  CHECK(answers(bench.line(), 2));
}
