#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "mcp/fake_offer.h"
#include "mcp/limits.h"

namespace martgate::mcp {
namespace {

using nlohmann::json;

constexpr const char* kSchema = R"({"type":"object","properties":{"name":{"type":"string"}}})";
const json kElicits = {{"elicitation", json::object()}};

InputRequired ask_name(std::shared_ptr<const Json> state = nullptr) {
  return {{elicit_form("user_name", "Who are you?", kSchema)}, std::move(state)};
}

// Asks for a name and greets it; every other way it can end says so.
void greet(const ToolCall& /*call*/, const std::shared_ptr<Exchange>& exchange) {
  const auto answer = read_elicit_answer(exchange->response("user_name"));
  if (!answer) return exchange->finish(ask_name());
  if (answer->action != ElicitAnswer::Action::Accept) return exchange->finish(said("no name"));
  exchange->finish(said("Hello, " + answer->content->value("name", "?") + "!"));
}

json accepted(const std::string& name) {
  return {{"action", "accept"}, {"content", {{"name", name}}}};
}

std::string text_of(const json& message) {
  return message.at("result").at("content").at(0).at("text");
}

// Counts its rounds in the state: two questions, then the end.
void count_rounds(const ToolCall& /*call*/, const std::shared_ptr<Exchange>& exchange) {
  const int round = exchange->state() == nullptr ? 0 : exchange->state()->at("round").get<int>();
  if (round < 2) {
    return exchange->finish(ask_name(std::make_shared<const Json>(Json{{"round", round + 1}})));
  }
  exchange->finish(said("state-ok"));
}

}  // namespace

TEST_CASE("rounds: a modern client is asked, and its next request brings the answer") {
  OfferBench bench;
  bench.offer.add_tool("greet", greet);
  const auto asked = bench.modern("tools/call", {{"name", "greet"}}, kElicits);
  CHECK(asked->answer().status == 200);
  const json result = body_of(*asked).at("result");
  CHECK(result.at("resultType") == "input_required");
  CHECK_FALSE(result.contains("requestState"));
  CHECK_FALSE(result.contains("ttlMs"));
  CHECK(result.at("inputRequests").at("user_name") ==
        json{{"method", "elicitation/create"},
             {"params", {{"message", "Who are you?"}, {"requestedSchema", json::parse(kSchema)}}}});

  const auto call = [&](const json& responses) {
    return body_of(
        *bench.modern("tools/call", {{"name", "greet"}, {"inputResponses", responses}}, kElicits));
  };
  CHECK(text_of(call({{"user_name", accepted("Ann")}})) == "Hello, Ann!");
  CHECK(text_of(call({{"user_name", accepted("Ann")}, {"more", json::object()}})) == "Hello, Ann!");
  CHECK(text_of(call({{"user_name", {{"action", "decline"}}}})) == "no name");
  CHECK(text_of(call({{"user_name", {{"action", "cancel"}}}})) == "no name");
  for (const json& wrong :
       {json{{"wrong_key", json::object()}}, json{{"user_name", json::object()}},
        json{{"user_name", {{"action", "accept"}, {"content", 5}}}},
        json{{"user_name", {{"action", 1}}}}}) {
    CAPTURE(wrong.dump());
    CHECK(call(wrong).at("result").at("resultType") == "input_required");
  }
  for (const json& wrong : {json(nullptr), json(5), json::array(), json{{"user_name", 12345}}}) {
    CAPTURE(wrong.dump());
    CHECK(call(wrong).at("error").at("code") == -32602);
  }
}

TEST_CASE("rounds: a request state is good for its caller, its request and ten minutes") {
  OfferBench bench;
  bench.offer.add_tool("count", count_rounds);
  bench.offer.add_tool("other", count_rounds);
  const auto call = [&](const std::string& tool, const json& arguments, const json& state) {
    json params = {{"name", tool}, {"arguments", arguments}};
    if (!state.is_null()) params["requestState"] = state;
    return body_of(*bench.modern("tools/call", params, kElicits));
  };
  const json arguments = {{"a", 1}, {"b", 2}};
  const json first = call("count", arguments, nullptr).at("result").at("requestState");
  const json second = call("count", arguments, first).at("result").at("requestState");
  CHECK(second != first);
  CHECK(text_of(call("count", json::parse(R"({"b":2,"a":1.0})"), second)) == "state-ok");

  const auto refused = [&](const json& got) { return got.at("error").at("code") == -32602; };
  CHECK(refused(call("other", arguments, second)));
  CHECK(refused(call("count", {{"a", 2}}, second)));
  CHECK(refused(call("count", arguments, second.get<std::string>() + "-TAMPERED")));
  CHECK(refused(call("count", arguments, "")));
  CHECK(refused(call("count", arguments, 5)));
  bench.caller.principal = "mallory";
  CHECK(refused(call("count", arguments, second)));
  bench.caller.principal = "local";
  bench.clock.advance_ms(10 * 60 * 1'000 - 1);
  CHECK(text_of(call("count", arguments, second)) == "state-ok");
  bench.clock.advance_ms(2);
  CHECK(refused(call("count", arguments, second)));
}

TEST_CASE("rounds: what a client did not declare is not asked of it") {
  OfferBench bench;
  bench.offer.add_tool("all", [](const auto&, const auto& exchange) {
    exchange->finish(InputRequired{
        {elicit_form("f", "m", kSchema), elicit_url("u", "m", "https://a.example/", "e1"),
         sample("s", R"({"messages":[],"maxTokens":1})"), list_roots("r")}});
  });
  const auto required = [&](const json& capabilities) {
    const auto reply = bench.modern("tools/call", {{"name", "all"}}, capabilities);
    CHECK(reply->answer().status == 400);
    CHECK(body_of(*reply).at("error").at("code") == -32021);
    return body_of(*reply).at("error").at("data").at("requiredCapabilities");
  };
  CHECK(required(json::object()) ==
        json::parse(R"({"elicitation":{"form":{},"url":{}},"sampling":{},"roots":{}})"));
  CHECK(required(kElicits) ==
        json::parse(R"({"elicitation":{"url":{}},"sampling":{},"roots":{}})"));
  CHECK(required(json::parse(R"({"elicitation":{"url":{}},"sampling":{},"roots":{}})")) ==
        json::parse(R"({"elicitation":{"form":{}}})"));
  const json all = json::parse(R"({"elicitation":{"form":{},"url":{}},"sampling":{},"roots":{}})");
  const json asked = body_of(*bench.modern("tools/call", {{"name", "all"}}, all)).at("result");
  CHECK(asked.at("inputRequests").size() == 4);
  CHECK(asked.at("inputRequests").at("r") ==
        json{{"method", "roots/list"}, {"params", json::object()}});
  // The id of an elicitation is of the wire of 2025-11-25.
  CHECK_FALSE(asked.at("inputRequests").at("u").at("params").contains("elicitationId"));
}

TEST_CASE("rounds: prompts and resources may ask too, and a state alone means later") {
  OfferBench bench;
  bench.offer.on_prompt = greet;
  bench.offer.on_read = [](const auto&, const auto& exchange) {
    exchange->finish(InputRequired{{}, std::make_shared<const Json>(Json{{"later", true}})});
  };
  const json prompt = body_of(
      *bench.modern("prompts/get", {{"name", "greet"}, {"arguments", {{"who", "x"}}}}, kElicits));
  CHECK(prompt.at("result").at("resultType") == "input_required");
  const json read = body_of(*bench.modern("resources/read", {{"uri", "test://a"}}));
  CHECK(read.at("result").at("resultType") == "input_required");
  CHECK(read.at("result").contains("requestState"));
  CHECK_FALSE(read.at("result").contains("inputRequests"));
}

TEST_CASE("rounds: a handler that asks nothing, or the same key twice, is a defect of ours") {
  OfferBench bench;
  bench.offer.add_tool(
      "nothing", [](const auto&, const auto& exchange) { exchange->finish(InputRequired{}); });
  bench.offer.add_tool("twice", [](const auto&, const auto& exchange) {
    exchange->finish(InputRequired{{list_roots("r"), list_roots("r")}});
  });
  for (const char* tool : {"nothing", "twice"}) {
    const auto reply = bench.modern("tools/call", {{"name", tool}}, {{"roots", json::object()}});
    CHECK(body_of(*reply).at("error").at("code") == -32603);
  }
}

TEST_CASE("rounds: in a session the server asks on the stream and calls the handler again") {
  OfferBench bench;
  bench.offer.add_tool("greet", greet);
  const std::string session = bench.session("2025-11-25", kElicits);
  const auto reply = bench.legacy(session, "tools/call", {{"name", "greet"}});
  REQUIRE(reply->is_stream());
  REQUIRE(reply->messages().size() == 2);
  CHECK(reply->messages()[0].empty());  // priming
  const json request = message_of(*reply, 1);
  CHECK(request.at("method") == "elicitation/create");
  CHECK(request.at("jsonrpc") == "2.0");
  CHECK_FALSE(reply->is_closed());

  // Other ids, other sessions and other callers answer nothing.
  bench.respond(session, "server-99", accepted("Eve"));
  bench.respond(bench.session("2025-11-25", kElicits), request.at("id"), accepted("Eve"));
  bench.caller.principal = "eve";
  CHECK(bench.respond(session, request.at("id"), accepted("Eve"))->answer().status == 404);
  bench.caller.principal = "local";
  CHECK(reply->messages().size() == 2);

  const auto posted = bench.respond(session, request.at("id"), accepted("Ann"));
  CHECK(posted->answer().status == 202);
  CHECK(posted->answer().body.empty());
  CHECK(text_of(message_of(*reply, 2)) == "Hello, Ann!");
  CHECK(reply->is_closed());
  bench.respond(session, request.at("id"), accepted("again"));
  CHECK(reply->messages().size() == 3);
}

TEST_CASE("rounds: a session's state and several answers arrive together") {
  OfferBench bench;
  bench.offer.add_tool("two", [](const auto&, const auto& exchange) {
    if (exchange->state() == nullptr) {
      return exchange->finish(InputRequired{{elicit_form("a", "m", kSchema), list_roots("b")},
                                            std::make_shared<const Json>(Json("kept"))});
    }
    CHECK(*exchange->state() == "kept");
    CHECK(exchange->response("a")->at("action") == "decline");
    CHECK(exchange->response("b")->at("roots").empty());
    CHECK(exchange->response("c") == nullptr);
    exchange->finish(said("both"));
  });
  const std::string session =
      bench.session("2025-06-18", {{"elicitation", json::object()}, {"roots", json::object()}});
  const auto reply = bench.legacy(session, "tools/call", {{"name", "two"}});
  REQUIRE(reply->messages().size() == 2);  // older clients are not primed
  bench.respond(session, message_of(*reply, 1).at("id"), {{"roots", json::array()}});
  CHECK(reply->messages().size() == 2);
  bench.respond(session, message_of(*reply, 0).at("id"), {{"action", "decline"}});
  CHECK(text_of(message_of(*reply, 2)) == "both");
}

TEST_CASE("rounds: a session that cannot be asked fails the tool, in words") {
  OfferBench bench;
  bench.offer.add_tool("greet", greet);
  const auto ends_badly = [](const json& message) {
    return message.at("result").at("isError") == true;
  };
  const std::string mute = bench.session("2025-11-25", json::object());
  CHECK(ends_badly(body_of(*bench.legacy(mute, "tools/call", {{"name", "greet"}}))));
  // 2025-03-26 has no elicitation, whatever its client declares.
  const std::string oldest = bench.session("2025-03-26", kElicits);
  CHECK(ends_badly(body_of(*bench.legacy(oldest, "tools/call", {{"name", "greet"}}))));

  const std::string session = bench.session("2025-11-25", kElicits);
  const auto reply = bench.legacy(session, "tools/call", {{"name", "greet"}});
  const json id = message_of(*reply, 1).at("id");
  const json error = {{"jsonrpc", "2.0"}, {"id", id}, {"error", {{"code", -1}, {"message", "no"}}}};
  bench.http("POST", error.dump(), {{"Mcp-Session-Id", session}});
  const json end = message_of(*reply, 2);
  CHECK(ends_badly(end));
  CHECK(text_of(end).find("no") != std::string::npos);
}

TEST_CASE("rounds: a session asks a limited number of times") {
  OfferBench bench;
  bench.offer.add_tool("curious",
                       [](const auto&, const auto& exchange) { exchange->finish(ask_name()); });
  const std::string session = bench.session("2025-06-18", kElicits);
  const auto reply = bench.legacy(session, "tools/call", {{"name", "curious"}});
  for (int round = 0; round < kRoundsMax; ++round) {
    REQUIRE_FALSE(reply->is_closed());
    const auto at = static_cast<std::size_t>(round);
    bench.respond(session, message_of(*reply, at).at("id"), accepted("x"));
  }
  CHECK(reply->is_closed());
  CHECK(reply->messages().size() == kRoundsMax + 1);
  CHECK(message_of(*reply, kRoundsMax).at("result").at("isError") == true);
}

TEST_CASE("rounds: an answer that does not come in time is taken back") {
  OfferBench bench;
  bench.offer.add_tool("greet", greet);
  const std::string session = bench.session("2025-06-18", kElicits);
  const auto reply = bench.legacy(session, "tools/call", {{"name", "greet"}});
  const json id = message_of(*reply, 0).at("id");
  bench.clock.advance_ms(kRoundsMsMax);
  bench.server().beat();
  CHECK_FALSE(reply->is_closed());
  bench.clock.advance_ms(1);
  bench.server().beat();
  REQUIRE(reply->is_closed());
  CHECK(message_of(*reply, 1) == json{{"jsonrpc", "2.0"},
                                      {"method", "notifications/cancelled"},
                                      {"params", {{"requestId", id}}}});
  CHECK(message_of(*reply, 2).at("result").at("isError") == true);
  bench.respond(session, id, accepted("late"));
  CHECK(reply->messages().size() == 3);
}

TEST_CASE("rounds: the end of a session ends what waits for its answers") {
  OfferBench bench;
  bench.offer.add_tool("greet", greet);
  const std::string session = bench.session("2025-06-18", kElicits);
  const auto reply = bench.legacy(session, "tools/call", {{"name", "greet"}});
  CHECK(bench.http("DELETE", "", {{"Mcp-Session-Id", session}})->answer().status == 204);
  CHECK(reply->is_closed());
}

TEST_CASE("rounds: on a pipe the questions share the channel") {
  OfferBench bench;
  bench.offer.add_tool("greet", greet);
  PipeSession pipe;
  std::vector<json> lines;
  const auto line = [&](const json& message) {
    const Work work = bench.server().handle_line(
        pipe, message.dump(), std::make_shared<LineTo>([&](const std::string& said) {
          lines.push_back(json::parse(said));
        }));
    if (work) work();
  };
  line({{"jsonrpc", "2.0"},
        {"id", 0},
        {"method", "initialize"},
        {"params", {{"protocolVersion", "2025-11-25"}, {"capabilities", kElicits}}}});
  line({{"jsonrpc", "2.0"}, {"id", 1}, {"method", "tools/call"}, {"params", {{"name", "greet"}}}});
  REQUIRE(lines.size() == 2);
  line({{"jsonrpc", "2.0"}, {"id", lines[1].at("id")}, {"result", accepted("Ann")}});
  REQUIRE(lines.size() == 3);
  CHECK(text_of(lines[2]) == "Hello, Ann!");
}

}  // namespace martgate::mcp
