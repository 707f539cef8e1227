#include <doctest/doctest.h>

#include <chrono>
#include <future>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "http/client.h"
#include "http/mcp_endpoint.h"
#include "mcp/fake_gate.h"
#include "mcp/fake_offer.h"
#include "mcp/gate_offer.h"
#include "mcp/server.h"

using namespace martgate;
using namespace martgate::http;

namespace {

struct Bench {
  mcp::FakeGate gate;
  SystemClock clock;
  SeededIds ids{1};
  mcp::GateOffer offer{gate, {"martgate", "0.1.0"}};
  mcp::Server server{offer, clock, ids};
  std::unique_ptr<Listener> listener = [this] {
    Routes routes;
    add_mcp_endpoint(routes, "/mcp", server);
    return started({}, std::move(routes));
  }();
};

constexpr const char* kJson = "Content-Type: application/json\r\n";
constexpr const char* kInitialize =
    R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25"}})";
constexpr const char* kModernCall =
    R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"search_catalog",)"
    R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
    R"("io.modelcontextprotocol/clientCapabilities":{}}}})";

std::string value_of(const std::string& head, const std::string& name) {
  const auto at = head.find("\r\n" + name + ": ");
  if (at == std::string::npos) return {};
  const auto begin = at + name.size() + 4;
  return head.substr(begin, head.find("\r\n", begin) - begin);
}

}  // namespace

TEST_CASE("mcp over HTTP: a path that is not the endpoint serves nothing") {
  Bench bench;
  for (const char* path : {"/mcp/", "/", "/MCP"}) {
    Client client(bench.listener->port());
    client.send(request("POST", path, kInitialize, kJson));
    CHECK(client.answer().starts_with("404"));
  }
}

TEST_CASE("mcp over HTTP: a session is begun, used and ended by its header") {
  Bench bench;
  const auto exchange = [&](const char* method, const std::string& body, const std::string& more) {
    Client client(bench.listener->port());
    client.send(request(method, "/mcp", body, more + "Connection: close\r\n"));
    return "\r\n" + client.rest();
  };
  const std::string begun = exchange("POST", kInitialize, kJson);
  CHECK(value_of(begun, "Content-Type") == "application/json");
  const std::string session = "mcp-session-id: " + value_of(begun, "Mcp-Session-Id") + "\r\n";
  const std::string ping = R"({"jsonrpc":"2.0","id":2,"method":"ping"})";
  CHECK(
      exchange("POST", ping, kJson + session).ends_with(R"({"jsonrpc":"2.0","id":2,"result":{}})"));
  CHECK(exchange("PUT", "{}", kJson + session).find(" 405 ") != std::string::npos);
  CHECK(exchange("DELETE", "", session).find(" 204 ") != std::string::npos);
  CHECK(exchange("POST", ping, kJson + session).find(" 404 ") != std::string::npos);
}

TEST_CASE("mcp over HTTP: Accept may come in several fields") {
  Bench bench;
  Client client(bench.listener->port());
  client.send(
      request("POST", "/mcp", kInitialize, std::string(kJson) + "Accept: text/event-stream\r\n"));
  CHECK(client.answer().starts_with("406"));
  client.send(
      request("POST", "/mcp", kInitialize,
              std::string(kJson) + "Accept: text/event-stream\r\nAccept: application/json\r\n"));
  CHECK(client.answer().starts_with("200"));
}

TEST_CASE("mcp over HTTP: a tool that waits holds no worker") {
  Bench bench;
  bench.gate.hold();
  const std::string headers = std::string(kJson) +
                              "mcp-protocol-version: 2026-07-28\r\n"
                              "MCP-METHOD: tools/call\r\n"
                              "Mcp-Name:   search_catalog \t\r\n";
  constexpr std::size_t kWaiting = 20;  // more than there are workers
  std::vector<Client> waiting;
  for (std::size_t i = 0; i < kWaiting; ++i) {
    waiting.emplace_back(bench.listener->port());
    waiting.back().send(request("POST", "/mcp", kModernCall, headers));
  }
  while (bench.gate.held() < kWaiting) std::this_thread::yield();
  for (std::size_t i = 0; i < kWaiting; ++i) bench.gate.release(i);
  for (Client& client : waiting) CHECK(client.answer().starts_with("200 {\"jsonrpc\""));
}

namespace {

// An offer with one tool, "work", and its server behind a listener.
struct OfferBench {
  mcp::FakeOffer offer;
  SystemClock clock;
  SeededIds ids{1};
  std::unique_ptr<mcp::Server> server;
  std::unique_ptr<Listener> listener;

  explicit OfferBench(mcp::FakeOffer::ToolHandler work) {
    offer.add_tool("work", std::move(work));
    server = std::make_unique<mcp::Server>(offer, clock, ids);
    Routes routes;
    add_mcp_endpoint(routes, "/mcp", *server);
    listener = started({}, std::move(routes));
  }

  // What a modern client sends; `params` without the braces.
  static std::string modern(const std::string& method, const std::string& params,
                            const std::string& name = "") {
    const std::string body =
        R"({"jsonrpc":"2.0","id":1,"method":")" + method + R"(","params":{)" + params +
        R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","progressToken":"t",)"
        R"("io.modelcontextprotocol/clientCapabilities":{}}}})";
    return request("POST", "/mcp", body,
                   std::string(kJson) + "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: " +
                       method + "\r\n" + (name.empty() ? "" : "Mcp-Name: " + name + "\r\n"));
  }
};

}  // namespace

TEST_CASE("mcp over HTTP: notifications arrive before the answer is known, on a marked stream") {
  std::promise<std::shared_ptr<mcp::Exchange>> held;
  OfferBench bench([&](const auto&, const auto& exchange) {
    exchange->progress(1, 2, "half");
    held.set_value(exchange);
  });
  Client client(bench.listener->port());
  client.send(OfferBench::modern("tools/call", R"("name":"work",)", "work"));
  const std::string head = client.head();
  CHECK(head.starts_with("HTTP/1.1 200"));
  CHECK(value_of(head, "Content-Type") == "text/event-stream");
  CHECK(value_of(head, "X-Accel-Buffering") == "no");
  CHECK(value_of(head, "Cache-Control") == "no-cache");
  const std::string begun = client.bytes(40);
  held.get_future().get()->finish(mcp::said("done"));
  bench.listener->stop();
  const std::string stream = begun + client.rest();
  CHECK(stream.find("notifications/progress") < stream.find("done"));
  CHECK(stream.find("done") != std::string::npos);
}

TEST_CASE("mcp over HTTP: a client that leaves stops the handler, JSON or stream") {
  for (const bool is_stream : {false, true}) {
    CAPTURE(is_stream);
    std::promise<std::shared_ptr<mcp::Exchange>> held;
    OfferBench bench([&](const auto&, const auto& exchange) {
      if (is_stream) exchange->progress(1, 2, "half");
      held.set_value(exchange);
    });
    Client client(bench.listener->port());
    client.send(OfferBench::modern("tools/call", R"("name":"work",)", "work"));
    const auto exchange = held.get_future().get();
    CHECK_FALSE(exchange->cancelled().stop_requested());
    std::promise<void> stopped;
    const std::stop_callback told(exchange->cancelled(), [&] { stopped.set_value(); });
    client.leave();
    CHECK(stopped.get_future().wait_for(std::chrono::seconds(20)) == std::future_status::ready);
    exchange->finish(mcp::said("late"));
  }
}

TEST_CASE("mcp over HTTP: a subscription is acknowledged at once and ends with its answer") {
  OfferBench bench([](const auto&, const auto& exchange) { exchange->finish(mcp::said("")); });
  Client client(bench.listener->port());
  client.send(
      OfferBench::modern("subscriptions/listen", R"("notifications":{"toolsListChanged":true},)"));
  CHECK(value_of(client.head(), "Content-Type") == "text/event-stream");
  // A whole frame is there before anything else happens on the server.
  CHECK(client.bytes(100).find("subscriptions/acknowledged") != std::string::npos);
  bench.offer.hub.publish({mcp::Change::Kind::Tools});
  bench.server->shut_down();
  bench.listener->stop();
  const std::string rest = client.rest();
  CHECK(rest.find("notifications/tools/list_changed") != std::string::npos);
  CHECK(rest.find(R"("id":1,"result":{"resultType":"complete")") != std::string::npos);
  CHECK(rest.ends_with("0\r\n\r\n"));
}

TEST_CASE("mcp over HTTP: a session's own stream carries changes and ends with the session") {
  OfferBench bench([](const auto&, const auto& exchange) { exchange->finish(mcp::said("")); });
  const auto post = [&](const std::string& body, const std::string& more) {
    Client client(bench.listener->port());
    client.send(request("POST", "/mcp", body, kJson + more + "Connection: close\r\n"));
    return "\r\n" + client.rest();
  };
  const std::string session =
      "Mcp-Session-Id: " + value_of(post(kInitialize, ""), "Mcp-Session-Id") + "\r\n";
  post(R"({"jsonrpc":"2.0","method":"notifications/initialized"})", session);
  Client client(bench.listener->port());
  client.send(request("GET", "/mcp", "", session + "Accept: text/event-stream\r\n"));
  CHECK(value_of(client.head(), "Content-Type") == "text/event-stream");
  bench.offer.hub.publish({mcp::Change::Kind::Prompts});
  Client other(bench.listener->port());
  other.send(request("DELETE", "/mcp", "", session));
  CHECK(other.answer().starts_with("204"));
  bench.listener->stop();
  const std::string rest = client.rest();
  CHECK(rest.find("id: 0-0\nretry: 500\ndata:") != std::string::npos);
  CHECK(rest.find("id: 0-1") != std::string::npos);
  CHECK(rest.find("notifications/prompts/list_changed") != std::string::npos);
}
