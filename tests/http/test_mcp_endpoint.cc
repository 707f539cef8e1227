#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "http/client.h"
#include "http/mcp_endpoint.h"
#include "mcp/fake_gate.h"
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
  CHECK(exchange("GET", "", session).find(" 405 ") != std::string::npos);
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
