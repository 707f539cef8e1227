#include <doctest/doctest.h>

#include <atomic>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "mcp/fake_gate.h"
#include "mcp/gate_offer.h"
#include "mcp/meta.h"
#include "mcp/replies.h"
#include "mcp/server.h"

namespace martgate::mcp {
namespace {

constexpr const char* kMeta = R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
                              R"("io.modelcontextprotocol/clientCapabilities":{}})";

std::string call_line(const std::string& id, const std::string& extra = "") {
  return R"({"jsonrpc":"2.0","id":)" + id +
         R"(,"method":"tools/call","params":{"name":"search_catalog",)" + extra + kMeta + "}}";
}

std::string cancel_line(const std::string& id) {
  return R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":)" + id +
         "}}";
}

struct Fixture {
  FrozenClock clock{WallTime{}};
  SeededIds ids{1};
  FakeGate gate;
  GateOffer offer{gate, {"martgate", "0.1.0"}};
  std::unique_ptr<Server> server = std::make_unique<Server>(offer, clock, ids);
  PipeSession pipe;
  std::vector<std::string> answers;

  Work line(const std::string& text) {
    return server->handle_line(pipe, text, std::make_shared<LineTo>([&](std::string answer) {
                                 answers.push_back(std::move(answer));
                               }));
  }
  void run(const std::string& text) {
    if (const Work work = line(text)) work();
  }
};

std::string id_of(const std::string& answer) {
  return nlohmann::json::parse(answer).at("id").dump();
}

std::string trace_of(const std::string& traceparent) {
  const nlohmann::json params = {{"_meta", {{"traceparent", traceparent}}}};
  return trace_id_of(&params);
}

}  // namespace

TEST_CASE("server: a request that was withdrawn is not answered") {
  Fixture f;
  f.gate.hold();
  f.run(call_line("1"));
  f.run(call_line("\"1\""));
  f.run(cancel_line("1"));
  f.gate.release(0);
  f.gate.release(1);
  REQUIRE(f.answers.size() == 1);
  CHECK(id_of(f.answers[0]) == "\"1\"");
}

TEST_CASE("server: a request that is withdrawn before its turn never reaches the gate") {
  Fixture f;
  const Work work = f.line(call_line("1"));
  f.run(cancel_line("1"));
  work();
  CHECK(f.gate.seen().empty());
  CHECK(f.answers.empty());
}

TEST_CASE("server: withdrawing what is unknown, answered or malformed changes nothing") {
  Fixture f;
  f.run(call_line("1"));
  f.run(cancel_line("1"));
  f.run(cancel_line("2"));
  f.run(cancel_line("null"));
  f.run(cancel_line("1.0"));
  f.run(R"({"jsonrpc":"2.0","method":"notifications/cancelled"})");
  f.run(call_line("1"));
  CHECK(f.answers.size() == 2);
}

TEST_CASE("server: a withdrawn request of a batch is left out of its answer") {
  Fixture f;
  f.run(
      R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-03-26"}})");
  f.gate.hold();
  const auto call = [](const char* id) {
    return std::string(R"({"jsonrpc":"2.0","id":)") + id +
           R"(,"method":"tools/call","params":{"name":"search_catalog"}})";
  };
  f.run("[" + call("1") + "," + call("2") + "]");
  f.run(cancel_line("1"));
  REQUIRE(f.answers.size() == 1);
  f.gate.release(1);
  REQUIRE(f.answers.size() == 2);
  f.gate.release(0);
  REQUIRE(f.answers.size() == 2);
  const auto batch = nlohmann::json::parse(f.answers[1]);
  REQUIRE(batch.size() == 1);
  CHECK(batch[0].at("id") == 2);
}

TEST_CASE("server: answers leave in the order the tools finish") {
  Fixture f;
  f.gate.hold();
  f.run(call_line("1"));
  f.run(call_line("2"));
  f.run(R"({"jsonrpc":"2.0","id":3,"method":"server/discover","params":{)" + std::string(kMeta) +
        "}}");
  f.gate.release(1);
  f.gate.release(0);
  REQUIRE(f.answers.size() == 3);
  CHECK(id_of(f.answers[0]) == "3");
  CHECK(id_of(f.answers[1]) == "2");
  CHECK(id_of(f.answers[2]) == "1");
}

TEST_CASE("server: an answer may come after the server is gone") {
  Fixture f;
  f.gate.hold();
  f.run(call_line("1"));
  f.server.reset();
  f.gate.release(0);
  REQUIRE(f.answers.size() == 1);
  CHECK(f.answers[0].find(R"("io.modelcontextprotocol/serverInfo":{"name":"martgate")") !=
        std::string::npos);
}

TEST_CASE(
    "server: the gate is told the tool, the arguments, the era, the transport and the trace") {
  Fixture f;
  f.pipe.caller = {"anna", "north"};
  f.run(
      R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"search_catalog","arguments":{"query":"x"},)"
      R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},)"
      R"("traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}}})");
  f.run(
      R"({"jsonrpc":"2.0","id":2,"method":"initialize","params":{"protocolVersion":"2025-06-18"}})");
  f.run(R"({"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"issue_refund"}})");
  REQUIRE(f.gate.seen().size() == 2);
  const FakeGate::Seen& modern = f.gate.seen()[0];
  CHECK(modern.tool == "search_catalog");
  CHECK(modern.arguments == R"({"query":"x"})");
  CHECK(modern.caller.principal == "anna");
  CHECK(modern.caller.tenant == "north");
  CHECK(modern.era == "2026-07-28");
  CHECK(modern.transport == "stdio");
  CHECK(modern.trace_id == "0af7651916cd43dd8448eb211c80319c");
  const FakeGate::Seen& legacy = f.gate.seen()[1];
  CHECK(legacy.era == "2025-06-18");
  CHECK(legacy.arguments == "{}");
  CHECK(legacy.trace_id.empty());
}

TEST_CASE("server: a malformed traceparent is ignored") {
  constexpr const char* kTrace = "0af7651916cd43dd8448eb211c80319c";
  CHECK(trace_of("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01") == kTrace);
  CHECK(trace_of("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more") == kTrace);
  for (const char* wrong : {
           "",
           "00",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
           "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
           "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
           "00-00000000000000000000000000000000-b7ad6b7169203331-01",
           "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
           "00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0x",
       }) {
    CAPTURE(wrong);
    CHECK(trace_of(wrong).empty());
  }
}

TEST_CASE("server: a session of one caller is unknown to another") {
  Fixture f;
  const auto post = [&](const gate::Caller& caller, std::optional<std::string_view> session,
                        std::string_view body) {
    HttpHead head;
    head.method = "POST";
    head.content_type = "application/json";
    head.session_id = session;
    head.caller = caller;
    const auto reply = std::make_shared<KeptReply>();
    f.server->handle_http(head, body, reply);
    return reply->answer();
  };
  constexpr std::string_view kInitialize =
      R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25"}})";
  constexpr std::string_view kPing = R"({"jsonrpc":"2.0","id":1,"method":"ping"})";
  const HttpAnswer begun = post({"anna", "north"}, std::nullopt, kInitialize);
  REQUIRE(begun.headers.size() == 1);
  const std::string session = begun.headers[0].second;
  CHECK(post({"ben", "north"}, session, kPing).status == 404);
  CHECK(post({"anna", "south"}, session, kPing).status == 404);
  CHECK(post({"anna", "north"}, session, kPing).status == 200);
}

TEST_CASE("server: ids, batches and lines beyond their limits are refused") {
  Fixture f;
  const std::string fits = "\"" + std::string(kIdBytesMax - 2, 'a') + "\"";
  const std::string too_long = "\"" + std::string(kIdBytesMax - 1, 'a') + "\"";
  f.run(call_line(fits));
  CHECK(id_of(f.answers.at(0)) == fits);
  f.run(call_line(too_long));
  CHECK_FALSE(nlohmann::json::parse(f.answers.at(1)).contains("id"));

  f.run(
      R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-03-26"}})");
  std::string batch = "[";
  for (std::size_t i = 0; i <= kBatchMessagesMax; ++i) {
    batch += R"({"jsonrpc":"2.0","id":1,"method":"ping"},)";
  }
  batch.back() = ']';
  f.run(batch);
  CHECK(nlohmann::json::parse(f.answers.at(3)).at("error").at("code") == -32600);

  const auto overlong = nlohmann::json::parse(Server::overlong_line(100));
  CHECK(overlong.at("error").at("code") == -32700);
  CHECK_FALSE(overlong.contains("id"));
}

TEST_CASE("server: HTTP requests from many threads are each answered once") {
  Fixture f;
  constexpr int kThreads = 8;
  constexpr int kRequests = 50;
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&] {
      for (int request = 0; request < kRequests; ++request) {
        HttpHead head;
        head.method = "POST";
        head.content_type = "application/json";
        head.protocol_version = "2026-07-28";
        head.rpc_method = "tools/call";
        head.name = "search_catalog";
        const auto reply = std::make_shared<KeptReply>();
        f.server->handle_http(head, call_line(std::to_string(request)), reply);
        const HttpAnswer answer = reply->answer();
        if (answer.status == 200 && id_of(answer.body) == std::to_string(request)) ++good;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(good == kThreads * kRequests);
}

}  // namespace martgate::mcp
