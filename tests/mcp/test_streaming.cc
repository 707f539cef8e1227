#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "mcp/fake_offer.h"
#include "mcp/limits.h"

namespace martgate::mcp {
namespace {

using nlohmann::json;

json progress_meta(const json& token) {
  return {{"name", "work"}, {"_meta", {{"progressToken", token}}}};
}

}  // namespace

TEST_CASE("streaming: an answer without notifications is one JSON object") {
  OfferBench bench;
  bench.offer.add_tool("work", [](const auto&, const auto& exchange) {
    CHECK_FALSE(exchange->progress(1, 2, ""));  // nobody asked for it
    CHECK_FALSE(exchange->log(LogLevel::Error, "", "1"));
    exchange->finish(said("done"));
  });
  const auto reply = bench.modern("tools/call", {{"name", "work"}});
  CHECK_FALSE(reply->is_stream());
  CHECK(reply->answer().status == 200);
  CHECK(body_of(*reply).at("result").at("content")[0].at("text") == "done");
}

TEST_CASE("streaming: the first notification makes it an event stream that ends with the answer") {
  OfferBench bench;
  bench.offer.add_tool("work", [](const auto&, const auto& exchange) {
    CHECK(exchange->progress(0, 100, "begin"));
    CHECK(exchange->progress(50.5, 100, ""));
    exchange->finish(said("done"));
    CHECK_FALSE(exchange->progress(100, 100, ""));
    exchange->finish(said("again"));
  });
  const auto reply = bench.modern("tools/call", progress_meta("t1"));
  CHECK(reply->is_stream());
  CHECK(reply->is_closed());
  CHECK(reply->answer().status == 200);
  using Header = std::pair<std::string, std::string>;
  CHECK(reply->answer().headers ==
        std::vector<Header>{{"Cache-Control", "no-cache"}, {"X-Accel-Buffering", "no"}});
  REQUIRE(reply->messages().size() == 3);
  CHECK(message_of(*reply, 0) ==
        json{{"jsonrpc", "2.0"},
             {"method", "notifications/progress"},
             {"params",
              {{"progressToken", "t1"}, {"progress", 0}, {"total", 100}, {"message", "begin"}}}});
  CHECK(message_of(*reply, 1).at("params").at("progress") == 50.5);
  CHECK(message_of(*reply, 2).at("result").at("content")[0].at("text") == "done");
  CHECK(reply->events().starts_with("event: message\ndata: {\"jsonrpc\""));
  CHECK(reply->events().find("id:") == std::string::npos);
}

TEST_CASE("streaming: a progress token keeps its type, and progress only grows") {
  OfferBench bench;
  bench.offer.add_tool("work", [](const auto&, const auto& exchange) {
    CHECK(exchange->progress(2, {}, ""));
    CHECK_FALSE(exchange->progress(2, {}, ""));
    CHECK_FALSE(exchange->progress(1, {}, ""));
    CHECK_FALSE(exchange->progress(std::numeric_limits<double>::quiet_NaN(), {}, ""));
    CHECK(exchange->progress(3, {}, ""));
    exchange->finish(said("done"));
  });
  const auto reply = bench.modern("tools/call", progress_meta(0));
  REQUIRE(reply->messages().size() == 3);
  CHECK(message_of(*reply, 0).at("params").at("progressToken") == 0);
  CHECK_FALSE(message_of(*reply, 0).at("params").contains("total"));
}

TEST_CASE("streaming: a flood of progress is thinned, and flows again later") {
  OfferBench bench;
  bench.offer.add_tool("work", [&](const auto&, const auto& exchange) {
    std::size_t sent = 0;
    for (int i = 0; i < 1'000; ++i) sent += exchange->progress(i, {}, "") ? 1 : 0;
    CHECK(sent == kProgressBurstMax);
    bench.clock.advance_ms(1'000);
    CHECK(exchange->progress(1'000, {}, ""));
    exchange->finish(said("done"));
  });
  CHECK(bench.modern("tools/call", progress_meta(1))->messages().size() == kProgressBurstMax + 2);
}

TEST_CASE("streaming: a client that takes only JSON gets JSON and no notifications") {
  OfferBench bench;
  bench.offer.add_tool("work", [](const auto&, const auto& exchange) {
    CHECK_FALSE(exchange->progress(1, {}, ""));
    exchange->finish(said("done"));
  });
  const auto reply = bench.modern("tools/call", progress_meta(1), json::object(),
                                  {{"Accept", "application/json"}});
  CHECK_FALSE(reply->is_stream());
  CHECK(body_of(*reply).at("result").at("content")[0].at("text") == "done");
}

TEST_CASE("streaming: logs come only when asked for, at that level and above") {
  OfferBench bench;
  bench.offer.add_tool("work", [](const auto&, const auto& exchange) {
    exchange->log(LogLevel::Info, "", R"("quiet")");
    exchange->log(LogLevel::Warning, "work", R"({"rows":3})");
    exchange->finish(said("done"));
  });
  CHECK_FALSE(bench.modern("tools/call", {{"name", "work"}})->is_stream());
  json params = {{"name", "work"}};
  params["_meta"]["io.modelcontextprotocol/logLevel"] = "warning";
  const auto reply = bench.modern("tools/call", params);
  REQUIRE(reply->messages().size() == 2);
  CHECK(message_of(*reply, 0).at("params") ==
        json{{"level", "warning"}, {"logger", "work"}, {"data", {{"rows", 3}}}});

  const std::string session = bench.session("2025-11-25", json::object());
  const auto before = bench.legacy(session, "tools/call", {{"name", "work"}});
  CHECK(before->messages().size() == 4);  // priming, two logs, the answer
  CHECK(body_of(*bench.legacy(session, "logging/setLevel", {{"level", "error"}})) ==
        json{{"jsonrpc", "2.0"}, {"id", 7}, {"result", json::object()}});
  CHECK_FALSE(bench.legacy(session, "tools/call", {{"name", "work"}})->is_stream());
  const auto bad = bench.legacy(session, "logging/setLevel", {{"level", "loud"}});
  CHECK(body_of(*bad).at("error").at("code") == -32602);
}

TEST_CASE("streaming: an error behind a notification is the stream's last frame") {
  OfferBench bench;
  bench.offer.add_tool("work", [](const auto&, const auto& exchange) {
    exchange->progress(1, {}, "");
    exchange->finish(missing_capability(R"({"sampling":{}})"));
  });
  const auto reply = bench.modern("tools/call", progress_meta(1));
  CHECK(reply->answer().status == 200);
  CHECK(message_of(*reply, 1).at("error").at("code") == -32021);
  CHECK(reply->is_closed());
}

TEST_CASE("streaming: a handler that forgets its request has the client told") {
  OfferBench bench;
  bench.offer.add_tool("work", [](const auto&, const auto&) {});
  const auto reply = bench.modern("tools/call", {{"name", "work"}});
  CHECK(body_of(*reply).at("error").at("code") == -32603);
  CHECK(body_of(*reply).at("id") == 7);
}

TEST_CASE("streaming: a quiet stream says something every 15 seconds, a closed one nothing") {
  OfferBench bench;
  std::shared_ptr<Exchange> held;
  bench.offer.add_tool("work", [&](const auto&, const auto& exchange) {
    exchange->progress(1, {}, "");
    held = exchange;
  });
  const auto reply = bench.modern("tools/call", progress_meta(1));
  const std::string begun = reply->events();
  bench.clock.advance_ms(kKeepAliveMs - 1);
  bench.server().beat();
  CHECK(reply->events() == begun);
  bench.clock.advance_ms(1);
  bench.server().beat();
  CHECK(reply->events() == begun + ": \n\n");
  bench.server().beat();
  CHECK(reply->events() == begun + ": \n\n");
  held->finish(said("done"));
  const std::string ended = reply->events();
  bench.clock.advance_ms(2 * kKeepAliveMs);
  bench.server().beat();
  CHECK(reply->events() == ended);
}

TEST_CASE("cancel: in the modern era who leaves takes the request back") {
  OfferBench bench;
  std::shared_ptr<Exchange> held;
  bench.offer.add_tool("work", [&](const auto&, const auto& exchange) { held = exchange; });
  const auto reply = bench.modern("tools/call", {{"name", "work"}});
  CHECK_FALSE(held->cancelled().stop_requested());
  reply->disconnect();
  CHECK(held->cancelled().stop_requested());
}

TEST_CASE("cancel: in a legacy session who leaves takes nothing back, a notification does") {
  OfferBench bench;
  std::shared_ptr<Exchange> held;
  bench.offer.add_tool("work", [&](const auto&, const auto& exchange) { held = exchange; });
  const std::string session = bench.session("2025-06-18", json::object());
  const auto reply = bench.legacy(session, "tools/call", {{"name", "work"}}, "x");
  reply->disconnect();
  CHECK_FALSE(held->cancelled().stop_requested());
  const auto cancel = [&](const char* id) {
    return bench.http("POST",
                      std::string(R"({"jsonrpc":"2.0","method":"notifications/cancelled",)") +
                          R"("params":{"requestId":)" + id + "}}",
                      {{"Mcp-Session-Id", session}});
  };
  cancel("7");
  CHECK_FALSE(held->cancelled().stop_requested());
  CHECK(cancel("\"x\"")->answer().status == 202);
  CHECK(held->cancelled().stop_requested());
  held->finish(said("late"));
  CHECK(reply->events().find("late") == std::string::npos);
  CHECK(reply->answer().body.empty());
}

TEST_CASE("cancel: one session cannot take back the request of another") {
  OfferBench bench;
  std::shared_ptr<Exchange> held;
  bench.offer.add_tool("work", [&](const auto&, const auto& exchange) { held = exchange; });
  const std::string mine = bench.session("2025-06-18", json::object());
  const std::string other = bench.session("2025-06-18", json::object());
  bench.legacy(mine, "tools/call", {{"name", "work"}}, 5);
  bench.http("POST",
             R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":5}})",
             {{"Mcp-Session-Id", other}});
  CHECK_FALSE(held->cancelled().stop_requested());
  held->finish(said("done"));
}

TEST_CASE("cancel: a pipe's notification stops the handler and nothing is answered") {
  OfferBench bench;
  std::shared_ptr<Exchange> held;
  bench.offer.add_tool("work", [&](const auto&, const auto& exchange) {
    exchange->progress(1, {}, "");
    held = exchange;
  });
  PipeSession pipe;
  std::vector<std::string> lines;
  const auto line = [&](const std::string& text) {
    const Work work = bench.server().handle_line(
        pipe, text,
        std::make_shared<LineTo>([&](std::string said) { lines.push_back(std::move(said)); }));
    if (work) work();
  };
  line(R"({"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"work","_meta":{)"
       R"("io.modelcontextprotocol/protocolVersion":"2026-07-28","progressToken":9,)"
       R"("io.modelcontextprotocol/clientCapabilities":{}}}})");
  REQUIRE(lines.size() == 1);
  CHECK(json::parse(lines[0]).at("method") == "notifications/progress");
  line(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":3}})");
  CHECK(held->cancelled().stop_requested());
  CHECK_FALSE(held->progress(2, {}, ""));
  held->finish(said("late"));
  CHECK(lines.size() == 1);
}

}  // namespace martgate::mcp
