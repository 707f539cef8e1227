#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "stdio/line_server.h"

using namespace martgate;
using namespace martgate::stdio;

namespace {

struct Pipe {
  Pipe() { REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0); }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    close_reader();
    close_writer();
  }
  void close_reader() { close_end(0); }
  void close_writer() { close_end(1); }
  void close_end(std::size_t end) {
    if (ends[end] >= 0) ::close(std::exchange(ends[end], -1));
  }
  void write(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t written = ::write(ends[1], bytes.data(), bytes.size());
      if (written <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
  }

  std::array<int, 2> ends{-1, -1};
};

// A server on two pipes, running on its own thread.
class Bench {
 public:
  explicit Bench(LineHandler handler, LineServerOptions options = {}) {
    options.in_fd = in.ends[0];
    options.out_fd = out.ends[1];
    auto created = LineServer::create(options, std::move(handler), [this] { ++overlong; });
    REQUIRE(created);
    server = std::move(*created);
    running = std::thread([this] { result = server->run(); });
  }
  ~Bench() {
    in.close_writer();
    if (running.joinable()) running.join();
  }
  void finish() {
    in.close_writer();
    running.join();
    out.close_writer();
  }
  std::string line() {
    while (received.find('\n') == received.npos) {
      std::array<char, 4096> buffer;
      const ssize_t got = ::read(out.ends[0], buffer.data(), buffer.size());
      if (got <= 0) return "(end)";
      received.append(buffer.data(), static_cast<std::size_t>(got));
    }
    const std::size_t end = received.find('\n');
    std::string line = received.substr(0, end);
    received.erase(0, end + 1);
    return line;
  }

  Pipe in;
  Pipe out;
  std::unique_ptr<LineServer> server;
  std::atomic<int> overlong = 0;
  std::optional<Status> result;
  std::thread running;
  std::string received;
};

void echo(std::string_view line, LineResponder responder) {
  std::move(responder).send("<" + std::string(line) + ">");
}

// Keeps responders for the test to answer.
class Desk {
 public:
  LineHandler handler() {
    return [this](std::string_view line, LineResponder responder) {
      const std::lock_guard lock(mutex_);
      waiting_.emplace_back(std::string(line), std::move(responder));
      changed_.notify_all();
    };
  }
  std::pair<std::string, LineResponder> next() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !waiting_.empty(); });
    auto front = std::move(waiting_.front());
    waiting_.pop_front();
    return front;
  }
  std::size_t count() {
    const std::lock_guard lock(mutex_);
    return waiting_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::pair<std::string, LineResponder>> waiting_;
};

}  // namespace

TEST_CASE("line server: a line over the limit is told about and skipped, the next one served") {
  Bench bench(echo, {.line_bytes_max = 10});
  bench.in.write(std::string(11, 'x') + "\n");
  bench.in.write(std::string(200'000, 'y') + "\n" + std::string(10, 'z') + "\n");
  CHECK(bench.line() == "<zzzzzzzzzz>");
  CHECK(bench.overlong == 2);
}

TEST_CASE("line server: a reader that goes away ends the server and raises no signal") {
  std::promise<LineResponder> taken;
  Bench bench(
      [&](std::string_view, LineResponder responder) { taken.set_value(std::move(responder)); });
  bench.in.write("1\n");
  LineResponder responder = taken.get_future().get();
  bench.out.close_reader();
  std::move(responder).send("nobody reads this");
  CHECK_FALSE(bench.server->write_line("nor this"));
  bench.running.join();  // although the input is still open
  CHECK(bench.result->has_value());
}

TEST_CASE("line server: a handler that throws or drops its responder writes nothing") {
  Bench bench(
      [](std::string_view line, LineResponder responder) {
        if (line == "throw") throw std::runtime_error("secret");
        if (line == "drop") return;
        echo(line, std::move(responder));
      },
      {.in_flight_max = 1});
  bench.in.write("throw\ndrop\nlast\n");
  CHECK(bench.line() == "<last>");
  bench.finish();
  CHECK(bench.line() == "(end)");
}

TEST_CASE("line server: blank lines are no messages, and a last line needs no end") {
  Bench bench(echo, {.workers = 1});
  bench.in.write("\n \t\r\na\r\n");
  CHECK(bench.line() == "<a>");
  bench.in.write("b");
  bench.finish();
  CHECK(bench.line() == "<b>");
  CHECK(bench.line() == "(end)");
  CHECK(bench.result->has_value());
}

TEST_CASE("line server: a line end inside an answer cannot make two messages of it") {
  Bench bench(
      [](std::string_view, LineResponder responder) { std::move(responder).send("{\n\"a\":1}"); });
  bench.in.write("x\n");
  CHECK(bench.line() == "{ \"a\":1}");
}

TEST_CASE("line server: messages in flight are bounded, and a slow one does not hold the others") {
  Desk desk;
  Bench bench(desk.handler(), {.in_flight_max = 3, .workers = 2});
  bench.in.write("1\n2\n3\n4\n5\n");
  auto first = desk.next();
  auto second = desk.next();
  auto third = desk.next();
  CHECK(desk.count() == 0);
  const std::string answered = second.first;
  std::move(second.second).send("answer to " + answered);
  CHECK(bench.line() == "answer to " + answered);
  auto fourth = desk.next();
  CHECK(fourth.first == "4");
  CHECK(desk.count() == 0);
  CHECK(bench.server->write_line("a notification"));
  CHECK(bench.line() == "a notification");
  std::move(first.second).send("late");
  CHECK(bench.line() == "late");
  desk.next();
}

TEST_CASE("line server: at the end of the input it waits for the answers still to come") {
  Desk desk;
  Bench bench(desk.handler(), {.drain_ms_max = 600'000});
  bench.in.write("1\n");
  auto message = desk.next();
  bench.in.close_writer();
  std::move(message.second).send("done");
  bench.running.join();
  bench.out.close_writer();
  CHECK(bench.line() == "done");
  CHECK(bench.line() == "(end)");
}

TEST_CASE("line server: an answer that never comes holds the end up for the drain time only") {
  Desk desk;
  std::optional<LineResponder> late;
  {
    Bench bench(desk.handler(), {.drain_ms_max = 10});
    bench.in.write("1\n");
    late = desk.next().second;
    bench.finish();
  }
  // The server and its pipes are gone; the answer finds nobody and harms nobody.
  late.reset();
}

TEST_CASE("line server: a stop also ends a reader that waits for messages in flight") {
  Desk desk;
  Bench bench(desk.handler(), {.in_flight_max = 1, .drain_ms_max = 0});
  bench.in.write("1\n2\n3\n");
  const auto unanswered = desk.next();
  bench.server->request_stop();
  bench.running.join();
  CHECK(desk.count() == 0);
}

TEST_CASE("line server: a stop from outside ends it while the input is open") {
  Bench bench(echo);
  bench.in.write("a\n");
  CHECK(bench.line() == "<a>");
  bench.server->request_stop();
  bench.running.join();
  CHECK(bench.result->has_value());
}

TEST_CASE("line server: lines of many threads stay whole, whatever the pipe holds") {
  Bench bench([](std::string_view line, LineResponder responder) {
    std::thread([line = std::string(line), responder = std::move(responder)]() mutable {
      std::move(responder).send(line);
    }).detach();
  });
  constexpr int kMessages = 200;
  std::thread writer([&] {
    std::string bytes;
    for (int message = 0; message < kMessages; ++message) {
      bytes += std::string(1'000 + static_cast<std::size_t>(message) * 37,
                           static_cast<char>('a' + message % 26)) +
               "\n";
    }
    bench.in.write(bytes);
  });
  std::vector<std::size_t> sizes;
  for (int message = 0; message < kMessages; ++message) {
    const std::string line = bench.line();
    REQUIRE_FALSE(line.empty());
    CHECK(line.find_first_not_of(line.front()) == line.npos);
    sizes.push_back(line.size());
  }
  writer.join();
  std::sort(sizes.begin(), sizes.end());
  for (std::size_t message = 0; message < sizes.size(); ++message) {
    CHECK(sizes[message] == 1'000 + message * 37);
  }
}
