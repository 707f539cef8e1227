// The order in which a modern request is checked: each row of the table in docs/mcp.md, and that of
// two flaws the earlier one is told.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "mcp/fake_offer.h"
#include "mcp/meta.h"

namespace martgate::mcp {
namespace {

using nlohmann::json;

struct CheckBench : OfferBench {
  CheckBench() {
    offer.add_tool(
        {.name = "work", .description = "d", .input_schema = R"({"type":"object","properties":{
           "region":{"type":"string","x-mcp-header":"Region"},
           "deep":{"type":"object","properties":{"n":{"type":"integer","x-mcp-header":"Count"}}}}})"},
        [](const auto&, const auto& exchange) { exchange->finish(said("ran")); });
    offer.add_tool("asks", [](const auto&, const auto& exchange) {
      exchange->finish(InputRequired{{list_roots("r")}});
    });
    offer.scopes["guarded"] = {"marts.read", "marts.write"};
    offer.add_tool("guarded", [](const auto&, const auto&) { FAIL("reached"); });
  }

  // A sound request, for a test to spoil.
  json message = json::parse(
      R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"work","_meta":{
        "io.modelcontextprotocol/protocolVersion":"2026-07-28",
        "io.modelcontextprotocol/clientCapabilities":{}}}})");
  Headers headers = {
      {"MCP-Protocol-Version", "2026-07-28"}, {"Mcp-Method", "tools/call"}, {"Mcp-Name", "work"}};

  json& meta() { return message["params"]["_meta"]; }
  std::shared_ptr<KeptReply> post() { return http("POST", message.dump(), headers); }
  // "400 -32602"
  static std::string seen(const std::shared_ptr<KeptReply>& reply) {
    const HttpAnswer answer = reply->answer();
    std::string text = std::to_string(answer.status);
    const json body = answer.body.empty() ? json::object() : json::parse(answer.body);
    if (body.contains("error")) text += " " + body.at("error").at("code").dump();
    return text;
  }
  std::string outcome() { return seen(post()); }
};

constexpr const char* kVersionKey = "io.modelcontextprotocol/protocolVersion";
constexpr const char* kCapabilitiesKey = "io.modelcontextprotocol/clientCapabilities";

}  // namespace

TEST_CASE("check order: a sound request runs") {
  CHECK(CheckBench().outcome() == "200");
}

TEST_CASE("check order: row 3, method and media type, before the body is looked at") {
  CheckBench bench;
  CHECK(CheckBench::seen(bench.http("PUT", "{", {})) == "405 -32600");
  CHECK(CheckBench::seen(bench.http("POST", "{", {{"Content-Type", "text/plain"}})) ==
        "415 -32600");
  CHECK(CheckBench::seen(bench.http(
            "POST", "", {{"Content-Type", "text/plain; a=application/json"}})) == "415 -32600");
}

TEST_CASE("check order: row 4, JSON and its shape") {
  CheckBench bench;
  for (const char* text : {"", "{", "[1", "nul", "{\"a\":1,\"a\":2}"}) {
    CAPTURE(text);
    const auto reply = bench.http("POST", text, bench.headers);
    CHECK(CheckBench::seen(reply) == "400 -32700");
    CHECK_FALSE(body_of(*reply).contains("id"));
  }
  bench.message["jsonrpc"] = "1.0";
  CHECK(bench.outcome() == "400 -32600");
  bench.message["jsonrpc"] = "2.0";
  const json array = json::array({bench.message});
  CHECK(CheckBench::seen(bench.http("POST", array.dump(), bench.headers)) == "400 -32600");
  const json response = {{"jsonrpc", "2.0"}, {"id", 7}, {"result", json::object()}};
  CHECK(CheckBench::seen(bench.http("POST", response.dump(), bench.headers)) == "400 -32600");
}

TEST_CASE("check order: row 5, _meta, before the headers") {
  for (const char* key : {kVersionKey, kCapabilitiesKey}) {
    CheckBench bench;
    bench.headers["Mcp-Method"] = "wrong";
    bench.meta().erase(key);
    const auto reply = bench.post();
    CHECK(CheckBench::seen(reply) == "400 -32602");
    CHECK(body_of(*reply).at("id") == 7);
  }
  for (const auto& [key, value] :
       {std::pair{kVersionKey, json(5)}, std::pair{kCapabilitiesKey, json("x")},
        std::pair{"io.modelcontextprotocol/logLevel", json("loud")},
        std::pair{"io.modelcontextprotocol/clientInfo", json(1)},
        std::pair{"progressToken", json(1.5)}}) {
    CheckBench bench;
    bench.meta()[key] = value;
    CAPTURE(key);
    CHECK(bench.outcome() == "400 -32602");
  }
}

TEST_CASE("check order: row 6, headers, before the version and the method") {
  const auto spoiled = [](const char* name, const char* value) {
    CheckBench bench;
    bench.headers.erase(name);
    if (value != nullptr) bench.headers[name] = value;
    return bench.post();
  };
  for (const auto& [name, value] :
       std::vector<std::pair<const char*, const char*>>{{"MCP-Protocol-Version", "2027-01-01"},
                                                        {"MCP-Protocol-Version", nullptr},
                                                        {"Mcp-Method", nullptr},
                                                        {"Mcp-Method", "TOOLS/CALL"},
                                                        {"Mcp-Name", nullptr},
                                                        {"Mcp-Name", "Work"},
                                                        {"Mcp-Name", "=?base64?d29ya?="},
                                                        {"Mcp-Name", "w\x01rk"}}) {
    CAPTURE(name);
    const auto reply = spoiled(name, value);
    CHECK(CheckBench::seen(reply) == "400 -32020");
    CHECK(body_of(*reply).at("error").at("data").at("header") == name);
    CHECK(body_of(*reply).at("id") == 7);
  }
  CHECK(CheckBench::seen(spoiled("Mcp-Name", "=?base64?d29yaw==?=")) == "200");
  CheckBench version;
  version.meta()[kVersionKey] = "v999.0.0";
  CHECK(version.outcome() == "400 -32020");
  CheckBench method;
  method.message["method"] = "nobody";
  CHECK(method.outcome() == "400 -32020");
}

TEST_CASE("check order: row 7, the version, before the method") {
  CheckBench bench;
  bench.meta()[kVersionKey] = "v999.0.0";
  bench.headers["MCP-Protocol-Version"] = "v999.0.0";
  bench.message["method"] = "nobody";
  bench.headers["Mcp-Method"] = "nobody";
  const auto reply = bench.post();
  CHECK(CheckBench::seen(reply) == "400 -32022");
  CHECK(body_of(*reply).at("error").at("data") ==
        json{{"supported", {"2026-07-28"}}, {"requested", "v999.0.0"}});
}

TEST_CASE("check order: row 8, the method; what the modern era removed is unknown to it") {
  for (const char* method :
       {"initialize", "ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe",
        "tasks/result", "tasks/list", "unknown/method"}) {
    CheckBench bench;
    bench.message["method"] = method;
    bench.headers["Mcp-Method"] = method;
    CAPTURE(method);
    CHECK(bench.outcome() == "404 -32601");
  }
}

TEST_CASE("check order: row 9, params and the tool, before its headers") {
  CheckBench bench;
  bench.message["params"]["name"] = "nobody";
  bench.headers["Mcp-Name"] = "nobody";
  bench.message["params"]["arguments"] = {{"region", "eu"}};
  CHECK(bench.outcome() == "200 -32602");
  CheckBench shape;
  shape.message["params"]["arguments"] = 5;
  CHECK(shape.outcome() == "200 -32602");
}

TEST_CASE("check order: row 10, the headers that repeat arguments") {
  const auto call = [](const json& arguments, const OfferBench::Headers& more) {
    CheckBench bench;
    bench.message["params"]["arguments"] = arguments;
    for (const auto& [name, value] : more) bench.headers[name] = value;
    return bench.outcome();
  };
  const json region = {{"region", "Hello"}};
  CHECK(call(region, {}) == "400 -32020");
  CHECK(call(region, {{"Mcp-Param-Region", "hello"}}) == "400 -32020");
  CHECK(call(region, {{"Mcp-Param-Region", "=?base64?SGVsbG8?="}}) == "400 -32020");
  CHECK(call(region, {{"Mcp-Param-Region", "=?base64?SGVs!!!bG8=?="}}) == "400 -32020");
  CHECK(call({{"deep", {{"n", 42}}}}, {{"Mcp-Param-Count", "43"}}) == "400 -32020");
  CHECK(call(region, {{"Mcp-Param-Region", "Hello"}}) == "200");
  CHECK(call(region, {{"Mcp-Param-Region", "=?base64?SGVsbG8=?="}}) == "200");
  CHECK(call({{"deep", {{"n", 42}}}}, {{"Mcp-Param-Count", "42.0"}}) == "200");
  CHECK(call(json::object(), {{"Mcp-Param-Region", "ignored"}}) == "200");
  CHECK(call({{"region", nullptr}}, {}) == "200");
}

TEST_CASE("check order: scopes, before the tool is asked for anything") {
  CheckBench bench;
  bench.message["params"]["name"] = "guarded";
  bench.headers["Mcp-Name"] = "guarded";
  const auto reply = bench.post();
  CHECK(reply->answer().status == 403);
  CHECK(reply->answer().scopes_needed == std::vector<std::string>{"marts.read", "marts.write"});
  const std::string session = bench.session("2025-11-25", json::object());
  CHECK(bench.legacy(session, "tools/call", {{"name", "guarded"}})->answer().status == 403);
}

TEST_CASE("check order: row 11, what the client must be able to do") {
  CheckBench bench;
  bench.message["params"]["name"] = "asks";
  bench.headers["Mcp-Name"] = "asks";
  const auto reply = bench.post();
  CHECK(CheckBench::seen(reply) == "400 -32021");
  CHECK(body_of(*reply).at("error").at("data") ==
        json::parse(R"({"requiredCapabilities":{"roots":{}}})"));
}

TEST_CASE("check order: on a pipe the same rows hold, without the headers") {
  CheckBench bench;
  PipeSession pipe;
  const auto code = [&](const json& message) {
    std::string said_line;
    const Work work = bench.server().handle_line(
        pipe, message.dump(),
        std::make_shared<LineTo>([&](std::string line) { said_line = line; }));
    if (work) work();
    const json answer = json::parse(said_line);
    return answer.contains("error") ? answer.at("error").at("code").get<int>() : 0;
  };
  CHECK(code(bench.message) == 0);
  json spoiled = bench.message;
  spoiled["params"]["_meta"].erase(kCapabilitiesKey);
  CHECK(code(spoiled) == -32602);
  spoiled = bench.message;
  spoiled["params"]["_meta"][kVersionKey] = "v999.0.0";
  CHECK(code(spoiled) == -32022);
  spoiled = bench.message;
  spoiled["method"] = "ping";
  CHECK(code(spoiled) == -32601);
  spoiled = bench.message;
  spoiled["params"]["name"] = "nobody";
  CHECK(code(spoiled) == -32602);
  spoiled = bench.message;
  spoiled["params"]["arguments"] = {{"region", "eu"}};
  CHECK(code(spoiled) == 0);
  spoiled["params"]["name"] = "asks";
  CHECK(code(spoiled) == -32021);
}

TEST_CASE("tools: one whose x-mcp-header clients would refuse is refused where it is made") {
  const auto made = [](const std::string& property) {
    return Tool::make({.name = "t",
                       .description = "d",
                       .input_schema = R"({"type":"object","properties":{"a":)" + property + "}}"})
        .has_value();
  };
  CHECK(made(R"({"type":"string","x-mcp-header":"A"})"));
  CHECK_FALSE(made(R"({"type":"number","x-mcp-header":"A"})"));
  CHECK_FALSE(made(R"({"type":"string","x-mcp-header":"A B"})"));
  CHECK_FALSE(made(R"({"type":"string","x-mcp-header":""})"));
  CHECK_FALSE(made(R"({"type":"array","items":{"type":"string","x-mcp-header":"A"}})"));
  for (const char* name : {"", "a b", "käse", "a/b"}) {
    CHECK_FALSE(
        Tool::make({.name = name, .description = "d", .input_schema = R"({"type":"object"})"}));
  }
  CHECK_FALSE(Tool::make(
      {.name = std::string(129, 'a'), .description = "d", .input_schema = R"({"type":"object"})"}));
  CHECK_FALSE(Tool::make({.name = "t", .description = "d", .input_schema = "{}"}));
  CHECK_FALSE(Tool::make({.name = "t", .description = "d", .input_schema = "nonsense"}));
}

}  // namespace martgate::mcp
