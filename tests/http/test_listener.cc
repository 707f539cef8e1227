#include <doctest/doctest.h>
#include <sys/resource.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include "http/client.h"
#include "http/pages.h"

using namespace martgate;
using namespace martgate::http;

namespace {

Response text(std::string body) {
  return {200, {}, "text/plain", std::move(body)};
}

// "/hello" by GET, "/echo" by POST.
Routes basic_routes() {
  Routes routes;
  routes.add("GET", "/hello", [](const Request& request, Responder responder) {
    std::move(responder).send(text("hello" + std::string(request.query)));
  });
  routes.add("POST", "/echo", [](const Request& request, Responder responder) {
    std::move(responder).send(text(std::string(request.body)));
  });
  return routes;
}

// Keeps responders for the test to answer.
class Desk {
 public:
  Handler handler() {
    return [this](const Request&, Responder responder) {
      const std::lock_guard lock(mutex_);
      waiting_.push_back(std::move(responder));
      changed_.notify_all();
    };
  }
  Responder next() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !waiting_.empty(); });
    Responder responder = std::move(waiting_.front());
    waiting_.pop_front();
    return responder;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Responder> waiting_;
};

}  // namespace

TEST_CASE("listener: a body over the limit is refused, counted or announced") {
  const auto listener = started({.body_bytes_max = 1'000}, basic_routes());
  Client announced(listener->port());
  announced.send(request("POST", "/echo", std::string(1'001, 'x')));
  CHECK(announced.answer() == "413 the body is too long");
  CHECK(announced.rest().empty());

  Client chunked(listener->port());
  chunked.send(request("POST", "/echo", {}, "Transfer-Encoding: chunked\r\n"));
  for (int chunk = 0; chunk < 3; ++chunk) chunked.send("190\r\n" + std::string(400, 'x') + "\r\n");
  CHECK(chunked.answer() == "413 the body is too long");
  CHECK(chunked.rest().empty());

  // A client that is still sending megabytes when it is refused reads the refusal, not a reset.
  Client eager(listener->port());
  eager.send(request("POST", "/echo", std::string(2'000'000, 'x')));
  CHECK(eager.answer() == "413 the body is too long");

  Client fitting(listener->port());
  fitting.send(request("POST", "/echo", std::string(1'000, 'x')));
  CHECK(fitting.answer() == "200 " + std::string(1'000, 'x'));
}

TEST_CASE("listener: foreign hosts and origins are refused") {
  const auto listener = started({}, basic_routes());
  Client client(listener->port());
  client.send("GET /hello HTTP/1.1\r\nHost: evil.example\r\n\r\n");
  CHECK(client.answer() == "403 this Host is not served here");
  client.send(request("GET", "/hello", {}, "Origin: null\r\n"));
  CHECK(client.answer() == "403 this Origin may not ask here");
  client.send(request("GET", "/hello", {}, "Origin: http://evil.example\r\n"));
  CHECK(client.answer() == "403 this Origin may not ask here");
  client.send(request("GET", "/hello", {}, "Origin: http://localhost:5173\r\n"));
  CHECK(client.answer() == "200 hello");
  client.send(request("GET", "/hello"));
  CHECK(client.answer() == "200 hello");
}

TEST_CASE("listener: a public document answers pages of any origin, and of our hosts only") {
  Routes routes = basic_routes();
  routes.add_public("GET", "/.well-known/document", [](const Request&, Responder responder) {
    std::move(responder).send(text("public"));
  });
  const auto listener = started({}, std::move(routes));
  Client client(listener->port());
  for (const char* origin : {"http://evil.example", "null"}) {
    const std::string field = "Origin: " + std::string(origin) + "\r\n";
    client.send(request("GET", "/.well-known/document", {}, field));
    CHECK(client.answer() == "200 public");
    client.send(request("POST", "/.well-known/document", {}, field));
    CHECK(client.answer() == "403 this Origin may not ask here");
    client.send(request("GET", "/hello", {}, field));
    CHECK(client.answer() == "403 this Origin may not ask here");
  }
  client.send("GET /.well-known/document HTTP/1.1\r\nHost: evil.example\r\n\r\n");
  CHECK(client.answer() == "403 this Host is not served here");
}

TEST_CASE("listener: an address that other hosts reach needs to be asked for") {
  const SystemClock clock;
  for (const char* address : {"0.0.0.0", "::", "192.0.2.1"}) {
    const auto refused = Listener::start({.address = address}, basic_routes(), clock);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::InvalidArgument);
  }
  CHECK_FALSE(Listener::start({.address = "example.org"}, basic_routes(), clock));
  const auto unproven = Listener::start(
      {.address = "0.0.0.0", .non_loopback_allowed = true, .hosts = {"a.example"}}, {}, clock);
  REQUIRE_FALSE(unproven);
  CHECK(unproven.error().reason == "bind_unauthenticated");
  CHECK(Listener::start({.address = "0.0.0.0",
                         .non_loopback_allowed = true,
                         .is_authenticated = true,
                         .hosts = {"a.example"}},
                        {}, clock));
}

TEST_CASE("listener: more connections than the process may open are refused at the start") {
  const SystemClock clock;
  const auto refused = Listener::start({.connections_max = 100'000'000}, basic_routes(), clock);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::FailedPrecondition);
  rlimit limit{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  CHECK(refused.error().message.find(std::to_string(limit.rlim_max)) != std::string::npos);
}

TEST_CASE("listener: a start raises the soft limit of descriptors to what its connections need") {
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const rlim_t needed = 1'000 + kOtherDescriptors;
  if (before.rlim_max < needed) {
    MESSAGE("skipped: the process may not open ", needed, " descriptors");
    return;
  }
  rlimit low = before;
  low.rlim_cur = 1'024;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &low) == 0);
  { const auto listener = started({.connections_max = 1'000}, basic_routes()); }
  rlimit after{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &after) == 0);
  CHECK(after.rlim_cur == needed);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
}

TEST_CASE("listener: a second one on the same port is refused") {
  const auto first = started({}, basic_routes());
  const SystemClock clock;
  const auto second = Listener::start({.port = first->port()}, basic_routes(), clock);
  REQUIRE_FALSE(second);
  CHECK(second.error().code == Code::Unavailable);
}

TEST_CASE("listener: a handler that throws or forgets sends a 500 without text of its own") {
  Routes routes = basic_routes();
  routes.add("GET", "/throws",
             [](const Request&, Responder) { throw std::runtime_error("secret"); });
  routes.add("GET", "/forgets", [](const Request&, Responder) {});
  routes.add("GET", "/injects", [](const Request& request, Responder responder) {
    Response response = text("body");
    response.headers.emplace_back("X-Query", "a\r\nEvil: " + std::string(request.query));
    std::move(responder).send(std::move(response));
  });
  const auto listener = started({}, std::move(routes));
  Client client(listener->port());
  client.send(request("GET", "/throws"));
  CHECK(client.answer() == "500 the request was not answered");
  client.send(request("GET", "/forgets"));
  CHECK(client.answer() == "500 the request was not answered");
  client.send(request("GET", "/injects"));
  CHECK(client.answer() == "500 the answer could not be written");
  client.send(request("GET", "/hello"));
  CHECK(client.answer() == "200 hello");
}

TEST_CASE("listener: slow clients are closed at their deadline") {
  const auto patient = started({.header_ms_max = 50, .body_ms_max = 50}, basic_routes());
  Client slow_head(patient->port());
  slow_head.send("GET /hello HTTP/1.1\r\nHost: loc");
  Client slow_body(patient->port());
  slow_body.send(request("POST", "/echo", {}, "Content-Length: 10\r\n") + "12345");
  CHECK(slow_head.answer() == "408 the request did not arrive in time");
  CHECK(slow_head.rest().empty());
  CHECK(slow_body.answer() == "408 the request did not arrive in time");
  CHECK(slow_body.rest().empty());

  // The whole deadline is far away; a sender below the minimum rate does not see it.
  const auto strict =
      started({.body_grace_ms = 40, .body_bytes_per_second_min = 1'000'000}, basic_routes());
  Client dribbling(strict->port());
  dribbling.send(request("POST", "/echo", {}, "Content-Length: 100000\r\n") + "12345");
  CHECK(dribbling.answer() == "408 the request did not arrive in time");
  Client chunked(strict->port());
  chunked.send(request("POST", "/echo", {}, "Transfer-Encoding: chunked\r\n") + "ffff\r\nx");
  CHECK(chunked.answer() == "408 the request did not arrive in time");
  const auto brisk = started({.idle_ms_max = 50}, basic_routes());
  CHECK(Client(brisk->port()).rest().empty());
}

TEST_CASE("listener: a client that does not read is closed at the write deadline") {
  Routes routes;
  routes.add("GET", "/large", [](const Request&, Responder responder) {
    std::move(responder).send(text(std::string(64U << 20U, 'x')));
  });
  const auto listener = started({.write_ms_max = 50}, std::move(routes));
  Client client(listener->port());
  client.send(request("GET", "/large"));
  CHECK(client.head().starts_with("HTTP/1.1 200 "));
  while (listener->connections_open() > 0) std::this_thread::yield();
  CHECK(client.rest().size() < (64U << 20U));
}

TEST_CASE("listener: clients beyond the caps are told to come back") {
  const auto listener = started({.connections_max = 3}, basic_routes());
  std::vector<Client> clients;
  for (int count = 0; count < 3; ++count) {
    clients.emplace_back(listener->port());
    clients.back().send(request("GET", "/hello"));
    CHECK(clients.back().answer() == "200 hello");
  }
  Client refused(listener->port());
  const std::string head = refused.head();
  CHECK(head.starts_with("HTTP/1.1 503 "));
  CHECK(head.find("Retry-After: 1\r\n") != head.npos);
  clients.pop_back();
  while (listener->connections_open() > 2) {
    refused.leave();
    std::this_thread::yield();
  }
  Client next(listener->port());
  next.send(request("GET", "/hello"));
  CHECK(next.answer() == "200 hello");

  const auto narrow = started({.connections_per_address_max = 1}, basic_routes());
  Client first(narrow->port());
  first.send(request("GET", "/hello"));
  CHECK(first.answer() == "200 hello");
  CHECK(Client(narrow->port()).answer() == "503 too many connections are open");
}

TEST_CASE("listener: unknown paths, other methods and HEAD are answered as they should") {
  Routes routes = basic_routes();
  routes.add("POST", "/hello", [](const Request&, Responder responder) {
    std::move(responder).send({202, {}, "", ""});
  });
  const auto listener = started({}, std::move(routes));
  Client client(listener->port());
  client.send(request("GET", "/nothing"));
  CHECK(client.answer() == "404 there is nothing at this path");
  client.send(request("DELETE", "/hello"));
  const std::string refusal = client.head();
  CHECK(refusal.starts_with("HTTP/1.1 405 Method Not Allowed\r\n"));
  CHECK(refusal.find("Allow: GET, HEAD, POST\r\n") != refusal.npos);
  client.bytes(std::string_view("this method does not work here\n").size());
  client.send(request("HEAD", "/hello") + request("POST", "/hello"));
  const std::string head = client.head();
  CHECK(head.find("Content-Length: 5\r\n") != head.npos);
  CHECK(head.find("Date: ") != head.npos);
  CHECK(client.answer() == "202 ");
}

TEST_CASE("listener: pipelined requests are answered in order on one connection") {
  const auto listener = started({}, basic_routes());
  Client client(listener->port());
  client.send(request("GET", "/hello?1") + request("POST", "/echo", "two") +
              request("POST", "/echo", {}, "Transfer-Encoding: chunked\r\n") +
              "3\r\nthr\r\n2\r\nee\r\n0\r\n\r\n" + request("GET", "/hello?4"));
  client.finish();
  CHECK(client.answer() == "200 hello1");
  CHECK(client.answer() == "200 two");
  CHECK(client.answer() == "200 three");
  CHECK(client.answer() == "200 hello4");
  CHECK(client.rest().empty());
}

TEST_CASE("listener: a request that arrives byte by byte is one request") {
  const auto listener = started({}, basic_routes());
  Client client(listener->port());
  for (int round = 0; round < 2; ++round) {
    for (const char byte : request("POST", "/echo", "body")) client.send(std::string(1, byte));
    CHECK(client.answer() == "200 body");
  }
}

TEST_CASE("listener: 100-continue is sent before the body, and not for a refusal") {
  const auto listener = started({.body_bytes_max = 10}, basic_routes());
  Client client(listener->port());
  client.send(request("POST", "/echo", {}, "Expect: 100-continue\r\nContent-Length: 4\r\n"));
  CHECK(client.head() == "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("body");
  CHECK(client.answer() == "200 body");
  client.send(request("POST", "/echo", {}, "Expect: 100-continue\r\nContent-Length: 11\r\n"));
  CHECK(client.answer() == "413 the body is too long");
}

TEST_CASE("listener: a client never meets what the one before it left behind") {
  const auto listener = started({}, basic_routes());
  for (const std::string& left :
       {request("GET", "/hello") + request("GET", "/hello?left"),
        std::string("POST /echo HTTP/1.1\r\nContent-"),
        request("POST", "/echo", {}, "Content-Length: 10\r\n") + "half"}) {
    Client first(listener->port());
    first.send(left);
    first.finish();
    first.rest();
    while (listener->connections_open() > 0) std::this_thread::yield();
    Client second(listener->port());
    second.send(request("POST", "/echo", "mine"));
    CHECK(second.answer() == "200 mine");
    second.finish();
    CHECK(second.rest().empty());
    while (listener->connections_open() > 0) std::this_thread::yield();
  }
}

TEST_CASE("listener: HTTP/1.0 is answered and closed") {
  const auto listener = started({}, basic_routes());
  Client client(listener->port());
  client.send("GET /hello HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n");
  const std::string rest = client.rest();
  CHECK(rest.find("Connection: close\r\n") != rest.npos);
  CHECK(rest.ends_with("\r\n\r\nhello"));
}

TEST_CASE("listener: answers from another thread leave the only worker free") {
  Desk desk;
  Routes routes = basic_routes();
  routes.add("GET", "/later", desk.handler());
  const auto listener = started({.workers = 1}, std::move(routes));
  Client first(listener->port());
  Client second(listener->port());
  Client other(listener->port());
  first.send(request("GET", "/later") + request("GET", "/hello?pipelined"));
  auto first_responder = desk.next();
  second.send(request("GET", "/later"));
  auto second_responder = desk.next();
  other.send(request("GET", "/hello"));
  CHECK(other.answer() == "200 hello");
  std::thread([&] { std::move(second_responder).send(text("second")); }).join();
  CHECK(second.answer() == "200 second");
  std::thread([&] { std::move(first_responder).send(text(std::string(3'000'000, 'x'))); }).join();
  CHECK(first.answer() == "200 " + std::string(3'000'000, 'x'));
  CHECK(first.answer() == "200 hellopipelined");
}

TEST_CASE("listener: a request stays readable while its early answer is already on the wire") {
  std::promise<void> answered;
  std::promise<std::string> seen;
  Routes routes = basic_routes();
  routes.add("POST", "/early", [&](const Request& request, Responder responder) {
    std::thread([&] { std::move(responder).send(text("early")); }).join();
    answered.get_future().wait();
    seen.set_value(std::string(request.body));
  });
  const auto listener = started({}, std::move(routes));
  Client client(listener->port());
  client.send(request("POST", "/early", "kept") + request("POST", "/echo", "next"));
  CHECK(client.answer() == "200 early");
  answered.set_value();
  CHECK(seen.get_future().get() == "kept");
  CHECK(client.answer() == "200 next");
}

TEST_CASE("listener: an answer after the client or the listener is gone does nothing") {
  Desk desk;
  Routes routes;
  routes.add("GET", "/later", desk.handler());
  auto listener = started({.stop_grace_ms_max = 0}, std::move(routes));
  std::promise<void> left;
  Client gone(listener->port());
  gone.send(request("GET", "/later"));
  auto to_nobody = desk.next();
  to_nobody.on_disconnect([&] { left.set_value(); });
  gone.leave();
  left.get_future().wait();
  std::move(to_nobody).send(text("nobody reads this"));

  Client client(listener->port());
  client.send(request("GET", "/later"));
  auto too_late = desk.next();
  std::promise<void> stopped;
  too_late.on_disconnect([&] { stopped.set_value(); });
  listener.reset();
  stopped.get_future().wait();
  std::move(too_late).send(text("too late"));
  CHECK(client.rest().empty());
}

TEST_CASE("listener: stop lets a running request finish and closes idle connections") {
  Desk desk;
  Routes routes = basic_routes();
  routes.add("GET", "/later", desk.handler());
  const auto listener = started({.stop_grace_ms_max = 30'000}, std::move(routes));
  Client idle(listener->port());
  idle.send(request("GET", "/hello"));
  CHECK(idle.answer() == "200 hello");
  Client running(listener->port());
  running.send(request("GET", "/later") + request("GET", "/hello"));
  auto responder = desk.next();
  listener->request_stop();
  CHECK(idle.rest().empty());  // the stop has begun
  std::move(responder).send(text("finished"));
  const std::string rest = running.rest();
  CHECK(rest.find("Connection: close\r\n") != rest.npos);
  CHECK(rest.ends_with("\r\n\r\nfinished"));
  listener->stop();
  CHECK(listener->connections_open() == 0);
  listener->stop();  // a second stop finds nothing to do
}

TEST_CASE("listener: stop closes what is still unanswered when the grace is over") {
  Desk desk;
  Routes routes;
  routes.add("GET", "/later", desk.handler());
  const auto listener = started({.stop_grace_ms_max = 20}, std::move(routes));
  Client client(listener->port());
  client.send(request("GET", "/later"));
  const auto responder = desk.next();
  listener->stop();
  CHECK(client.rest().empty());
}

TEST_CASE("listener: a client that never pauses does not keep the only worker") {
  const auto listener = started({.workers = 1}, basic_routes());
  std::atomic<bool> is_done = false;
  std::thread flood([&] {
    Client client(listener->port());
    std::string batch;
    for (int count = 0; count < 200; ++count) batch += request("GET", "/hello");
    client.send(batch);
    while (!is_done) {
      client.send(batch);
      for (int count = 0; count < 200; ++count) client.answer();
    }
  });
  Client other(listener->port());
  for (int round = 0; round < 20; ++round) {
    other.send(request("POST", "/echo", "mine"));
    CHECK(other.answer() == "200 mine");
  }
  is_done = true;
  flood.join();
}

TEST_CASE("listener: many clients at once each get their own answers") {
  Desk desk;
  Routes routes = basic_routes();
  routes.add("POST", "/later", [](const Request& request, Responder responder) {
    std::thread([body = std::string(request.body), responder = std::move(responder)]() mutable {
      std::move(responder).send(text(body));
    }).detach();
  });
  const auto listener = started({}, std::move(routes));
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&, thread] {
      Client client(listener->port());
      for (int round = 0; round < 200; ++round) {
        const std::string body = std::to_string(thread) + ":" + std::to_string(round);
        client.send(request("POST", round % 3 == 0 ? "/later" : "/echo", body));
        if (client.answer() != "200 " + body) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
}
