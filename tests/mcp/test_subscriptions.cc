#include <doctest/doctest.h>

#include <atomic>
#include <nlohmann/json.hpp>
#include <thread>

#include "mcp/event_stream.h"
#include "mcp/fake_offer.h"
#include "mcp/limits.h"

namespace martgate::mcp {
namespace {

using nlohmann::json;
using Kind = Change::Kind;

const json kTakesTasks = {{"extensions", {{kTasksExtension, json::object()}}}};
constexpr const char* kSubscriptionKey = "io.modelcontextprotocol/subscriptionId";

std::shared_ptr<KeptReply> listening(OfferBench& bench, const json& filter, const json& id = 7,
                                     const json& capabilities = json::object()) {
  return bench.modern("subscriptions/listen", {{"notifications", filter}}, capabilities, {}, id);
}

std::vector<std::string> methods_of(const KeptReply& reply) {
  std::vector<std::string> methods;
  for (const std::string& text : reply.messages()) {
    const json message = json::parse(text);
    methods.push_back(message.contains("method") ? message.at("method") : json("(answer)"));
  }
  return methods;
}

void publish_everything(FakeOffer& offer) {
  offer.hub.publish({Kind::Tools});
  offer.hub.publish({Kind::Prompts});
  offer.hub.publish({Kind::Resources});
  offer.hub.publish({Kind::Resource, "test://a"});
  offer.hub.publish({Kind::Resource, "test://b"});
  offer.hub.publish({Kind::Task, "t1", R"("taskId":"t1","status":"working")"});
  offer.hub.publish({Kind::Task, "t2", R"("taskId":"t2","status":"working")"});
}

}  // namespace

TEST_CASE("subscriptions: what was not asked for is not sent") {
  OfferBench bench;
  const auto reply = listening(bench, json::object());
  publish_everything(bench.offer);
  CHECK(methods_of(*reply) == std::vector<std::string>{"notifications/subscriptions/acknowledged"});
  const auto prompts =
      listening(bench, {{"promptsListChanged", true}, {"toolsListChanged", false}});
  publish_everything(bench.offer);
  CHECK(methods_of(*prompts) == std::vector<std::string>{"notifications/subscriptions/acknowledged",
                                                         "notifications/prompts/list_changed"});
}

TEST_CASE(
    "subscriptions: the acknowledgement names what is honoured, and nothing comes before it") {
  OfferBench bench;
  bench.offer.owned_tasks = {{"t1", {"local", "\"taskId\":\"t1\""}},
                             {"t2", {"ben", "\"taskId\":\"t2\""}}};
  const auto reply =
      listening(bench,
                {{"toolsListChanged", true},
                 {"resourceSubscriptions", {"test://b", "test://secret", "test://a"}},
                 {"taskIds", {"t1", "t2", "t3"}}},
                "s-9", kTakesTasks);
  CHECK(reply->is_stream());
  CHECK_FALSE(reply->is_closed());
  CHECK(message_of(*reply, 0) == json{{"jsonrpc", "2.0"},
                                      {"method", "notifications/subscriptions/acknowledged"},
                                      {"params",
                                       {{"notifications",
                                         {{"toolsListChanged", true},
                                          {"resourceSubscriptions", {"test://a", "test://b"}},
                                          {"taskIds", {"t1"}}}},
                                        {"_meta", {{kSubscriptionKey, "s-9"}}}}}});
  publish_everything(bench.offer);
  CHECK(methods_of(*reply) == std::vector<std::string>{"notifications/subscriptions/acknowledged",
                                                       "notifications/tools/list_changed",
                                                       "notifications/resources/updated",
                                                       "notifications/resources/updated",
                                                       "notifications/tasks"});
  CHECK(message_of(*reply, 2).at("params").at("uri") == "test://a");
  CHECK(message_of(*reply, 4).at("params").at("taskId") == "t1");
  for (std::size_t at = 0; at < 5; ++at) {
    CHECK(message_of(*reply, at).at("params").at("_meta").at(kSubscriptionKey) == "s-9");
  }
}

TEST_CASE("subscriptions: what is not offered is not honoured") {
  OfferBench bench;
  bench.offer.offered = {.tools = true, .prompts = true};
  const auto reply = listening(bench, {{"toolsListChanged", true},
                                       {"promptsListChanged", true},
                                       {"resourcesListChanged", true},
                                       {"resourceSubscriptions", {"test://a"}}});
  CHECK(message_of(*reply, 0).at("params").at("notifications") == json::object());
  publish_everything(bench.offer);
  CHECK(reply->messages().size() == 1);
}

TEST_CASE("subscriptions: an id keeps its type") {
  OfferBench bench;
  const auto reply = listening(bench, {{"toolsListChanged", true}}, 0);
  bench.server().shut_down();
  CHECK(message_of(*reply, 0).at("params").at("_meta").at(kSubscriptionKey) == 0);
  const json answer = message_of(*reply, 1);
  CHECK(answer.at("id") == 0);
  CHECK(answer.at("result").at("_meta").at(kSubscriptionKey) == 0);
  CHECK(answer.at("result").at("resultType") == "complete");
  CHECK_FALSE(answer.at("result").contains("ttlMs"));
  CHECK(reply->is_closed());
}

TEST_CASE("subscriptions: filters of another shape are refused before anything is sent") {
  OfferBench bench;
  for (const json& params : {json::object(), json{{"notifications", 5}},
                             json{{"notifications", {{"toolsListChanged", "yes"}}}},
                             json{{"notifications", {{"resourceSubscriptions", "test://a"}}}},
                             json{{"notifications", {{"resourceSubscriptions", {1}}}}},
                             json{{"notifications", {{"taskIds", json::object()}}}}}) {
    CAPTURE(params.dump());
    const auto reply = bench.modern("subscriptions/listen", params, kTakesTasks);
    CHECK_FALSE(reply->is_stream());
    CHECK(reply->answer().status == 200);
    CHECK(body_of(*reply).at("error").at("code") == -32602);
  }
  const auto tasks = listening(bench, {{"taskIds", {"t1"}}});
  CHECK(tasks->answer().status == 400);
  CHECK(body_of(*tasks).at("error").at("code") == -32021);
  CHECK(body_of(*tasks).at("error").at("data").at("requiredCapabilities") == kTakesTasks);
  const auto json_only = bench.modern("subscriptions/listen", {{"notifications", json::object()}},
                                      json::object(), {{"Accept", "application/json"}});
  CHECK(json_only->answer().status == 406);
}

TEST_CASE("subscriptions: beyond the cap they are refused unacknowledged; who leaves makes room") {
  OfferBench bench;
  std::vector<std::shared_ptr<KeptReply>> open;
  for (std::size_t i = 0; i < kSubscriptionsMax; ++i)
    open.push_back(listening(bench, json::object()));
  const auto refused = listening(bench, json::object());
  CHECK_FALSE(refused->is_stream());
  CHECK(body_of(*refused).at("error").at("code") == -32603);
  open.front()->disconnect();
  CHECK(listening(bench, json::object())->is_stream());
  CHECK_FALSE(listening(bench, json::object())->is_stream());
}

TEST_CASE("subscriptions: one ends with the credential it was opened under") {
  OfferBench bench;
  bench.caller.authenticated_until = WallTime(std::chrono::milliseconds(1'000));
  const auto ending = listening(bench, {{"toolsListChanged", true}});
  bench.caller.authenticated_until.reset();
  const auto staying = listening(bench, {{"toolsListChanged", true}});
  bench.clock.advance_ms(999);
  bench.server().beat();
  CHECK_FALSE(ending->is_closed());
  bench.clock.advance_ms(1);
  bench.server().beat();
  CHECK(ending->is_closed());
  CHECK(methods_of(*ending).back() == "(answer)");
  CHECK_FALSE(staying->is_closed());
}

TEST_CASE("subscriptions: a quiet one is kept alive") {
  OfferBench bench;
  const auto reply = listening(bench, json::object());
  bench.clock.advance_ms(kKeepAliveMs);
  bench.server().beat();
  CHECK(reply->events().ends_with("\n\n: \n\n"));
}

TEST_CASE("subscriptions: on a pipe they are tagged lines, give their place back, and end twice") {
  OfferBench bench;
  std::vector<json> lines;
  const auto writer = std::make_shared<LineTo>(
      [&](const std::string& line) { lines.push_back(json::parse(line)); });
  PipeSession pipe;
  pipe.writer = writer;
  std::weak_ptr<LineWriter> place;
  const auto line = [&](const std::string& id, const std::string& rest) {
    auto own = std::make_shared<LineTo>(
        [&](const std::string& text) { lines.push_back(json::parse(text)); });
    place = own;
    const Work work = bench.server().handle_line(
        pipe,
        R"({"jsonrpc":"2.0",)" + id + R"("method":")" + rest +
            R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
            R"("io.modelcontextprotocol/clientCapabilities":{}}}})",
        std::move(own));
    if (work) work();
  };
  const std::string kListen =
      R"(subscriptions/listen","params":{"notifications":{"toolsListChanged":true},)";
  line(R"("id":1,)", kListen);
  CHECK(place.expired());  // a subscription is not waited for
  line(R"("id":"1",)", kListen);
  bench.offer.hub.publish({Kind::Tools});
  REQUIRE(lines.size() == 4);
  CHECK(lines[2].at("params").at("_meta").at(kSubscriptionKey) == 1);
  CHECK(lines[3].at("params").at("_meta").at(kSubscriptionKey) == "1");
  line("", R"(notifications/cancelled","params":{"requestId":1,)");
  bench.offer.hub.publish({Kind::Tools});
  REQUIRE(lines.size() == 5);
  CHECK(lines[4].at("params").at("_meta").at(kSubscriptionKey) == "1");
  bench.server().end_pipe(pipe);
  REQUIRE(lines.size() == 6);
  CHECK(lines[5].at("id") == "1");
  CHECK(lines[5].at("result").at("resultType") == "complete");
  bench.offer.hub.publish({Kind::Tools});
  CHECK(lines.size() == 6);
}

TEST_CASE(
    "subscriptions: opened, left and published to by many threads, each begins acknowledged") {
  OfferBench bench;
  bench.server();
  std::atomic<bool> is_over = false;
  std::atomic<int> begun_well = 0;
  std::vector<std::thread> publishers;
  for (int i = 0; i < 2; ++i) {
    publishers.emplace_back([&] {
      while (!is_over) {
        publish_everything(bench.offer);
        bench.server().beat();
      }
    });
  }
  constexpr int kThreads = 4;
  constexpr int kEach = 50;
  std::vector<std::thread> clients;
  for (int i = 0; i < kThreads; ++i) {
    clients.emplace_back([&] {
      for (int n = 0; n < kEach; ++n) {
        const auto reply = listening(bench, {{"toolsListChanged", true}});
        const auto messages = reply->messages();
        if (!messages.empty() && messages[0].find("acknowledged") != std::string::npos)
          ++begun_well;
        if (n % 2 == 0) reply->disconnect();
      }
    });
  }
  for (std::thread& client : clients) client.join();
  is_over = true;
  for (std::thread& publisher : publishers) publisher.join();
  CHECK(begun_well == kThreads * kEach);
  bench.server().shut_down();
}

TEST_CASE("changes: a legacy session is told unasked, a purely modern pipe never") {
  OfferBench bench;
  std::vector<json> lines;
  PipeSession pipe;
  pipe.writer = std::make_shared<LineTo>(
      [&](const std::string& line) { lines.push_back(json::parse(line)); });
  const auto line = [&](const json& message) {
    const Work work = bench.server().handle_line(pipe, message.dump(), pipe.writer);
    if (work) work();
  };
  publish_everything(bench.offer);
  CHECK(lines.empty());
  line({{"jsonrpc", "2.0"},
        {"id", 0},
        {"method", "initialize"},
        {"params", {{"protocolVersion", "2025-06-18"}}}});
  publish_everything(bench.offer);
  CHECK(lines.size() == 1);  // not before notifications/initialized
  line({{"jsonrpc", "2.0"}, {"method", "notifications/initialized"}});
  line({{"jsonrpc", "2.0"},
        {"id", 1},
        {"method", "resources/subscribe"},
        {"params", {{"uri", "test://a"}}}});
  CHECK(lines.at(1).at("result") == json::object());
  publish_everything(bench.offer);
  REQUIRE(lines.size() == 6);
  CHECK(lines[2].at("method") == "notifications/tools/list_changed");
  CHECK(lines[5].at("params") == json{{"uri", "test://a"}});
  line({{"jsonrpc", "2.0"},
        {"id", 2},
        {"method", "resources/unsubscribe"},
        {"params", {{"uri", "test://a"}}}});
  bench.offer.hub.publish({Kind::Resource, "test://a"});
  CHECK(lines.size() == 7);
}

TEST_CASE("changes: a listener that has ended is called no more") {
  Changes hub;
  int seen = 0;
  {
    const Changes::Listening listening = hub.listen([&](const Change&) { ++seen; });
    hub.publish({Kind::Tools});
  }
  hub.publish({Kind::Tools});
  CHECK(seen == 1);
}

}  // namespace martgate::mcp
