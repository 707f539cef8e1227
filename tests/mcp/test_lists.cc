// Resources, prompts, completion and pages, and how each revision shows them.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "mcp/fake_offer.h"

namespace martgate::mcp {
namespace {

using nlohmann::json;

json result_of(const std::shared_ptr<KeptReply>& reply) {
  const json body = body_of(*reply);
  REQUIRE_MESSAGE(body.contains("result"), body.dump());
  return body.at("result");
}

json error_of(const std::shared_ptr<KeptReply>& reply) {
  const json body = body_of(*reply);
  REQUIRE_MESSAGE(body.contains("error"), body.dump());
  return body.at("error");
}

}  // namespace

TEST_CASE("capabilities: what is not offered is not advertised, and its methods do not exist") {
  OfferBench bench;
  bench.offer.offered = {.tools = true, .resources = true};
  CHECK(result_of(bench.modern("server/discover", json::object())).at("capabilities") ==
        json::parse(R"({"tools":{},"resources":{}})"));
  CHECK(bench.modern("resources/list", json::object())->answer().status == 200);
  for (const char* method :
       {"prompts/list", "prompts/get", "completion/complete", "tasks/get", "tasks/cancel"}) {
    CAPTURE(method);
    json params = json::object();
    if (std::string_view(method) == "prompts/get") params["name"] = "x";
    if (std::string_view(method).starts_with("tasks/")) params["taskId"] = "x";
    const auto reply = bench.modern(method, params);
    CHECK(reply->answer().status == 404);
    CHECK(error_of(reply).at("code") == -32601);
  }
  const std::string session = bench.session("2025-11-25", json::object());
  for (const char* method : {"resources/subscribe", "logging/setLevel", "prompts/list"}) {
    const auto reply = bench.legacy(session, method, json::object());
    CHECK(reply->answer().status == 200);
    CHECK(error_of(reply).at("code") == -32601);
  }
}

TEST_CASE("capabilities: everything that is offered is advertised, the tasks in the modern era") {
  OfferBench bench;
  bench.offer.offered.extensions = {{"io.example/x", R"({"a":1})"}};
  const json modern = json::parse(
      R"({"tools":{"listChanged":true},"resources":{"subscribe":true,"listChanged":true},)"
      R"("prompts":{"listChanged":true},"completions":{},"logging":{},)"
      R"("extensions":{"io.modelcontextprotocol/tasks":{},"io.example/x":{"a":1}}})");
  CHECK(result_of(bench.modern("server/discover", json::object())).at("capabilities") == modern);
  json legacy = modern;
  legacy["extensions"].erase("io.modelcontextprotocol/tasks");
  const auto reply = bench.http(
      "POST",
      R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25"}})",
      {});
  CHECK(result_of(reply).at("capabilities") == legacy);
}

TEST_CASE("lists: pages follow each other without a gap and end") {
  OfferBench bench;
  bench.options.page_items_max = 7;
  bench.offer.resource_list.clear();
  for (int i = 0; i < 21; ++i) {
    bench.offer.resource_list.push_back({.uri = "test://" + std::to_string(i), .name = "n"});
  }
  std::vector<std::string> seen;
  json params = json::object();
  for (int page = 0; page < 3; ++page) {
    const json result = result_of(bench.modern("resources/list", params));
    for (const json& item : result.at("resources")) seen.push_back(item.at("uri"));
    CHECK(result.at("ttlMs").is_number_integer());
    CHECK(result.at("cacheScope") == "private");
    CHECK(result.contains("nextCursor") == (page < 2));
    if (page < 2) params["cursor"] = result.at("nextCursor");
  }
  REQUIRE(seen.size() == 21);
  for (std::size_t i = 0; i < seen.size(); ++i) CHECK(seen[i] == "test://" + std::to_string(i));
}

TEST_CASE("lists: a cursor is good for its list and its caller") {
  OfferBench bench;
  bench.options.page_items_max = 1;
  bench.offer.template_list.push_back({.uri_template = "test://x/{name}", .name = "x"});
  const json cursor = result_of(bench.modern("resources/list", json::object())).at("nextCursor");
  const auto code = [&](const char* method, const json& given) {
    return error_of(bench.modern(method, {{"cursor", given}})).at("code");
  };
  CHECK(code("resources/templates/list", cursor) == -32602);
  CHECK(code("tools/list", cursor) == -32602);
  for (const json& wrong :
       {json(""), json("x"), json(5), json(nullptr), json(cursor.get<std::string>() + "A")}) {
    CAPTURE(wrong.dump());
    CHECK(code("resources/list", wrong) == -32602);
  }
  bench.caller.principal = "eve";
  CHECK(code("resources/list", cursor) == -32602);
  bench.caller.principal = "local";
  CHECK(result_of(bench.modern("resources/list", {{"cursor", cursor}})).at("resources").size() ==
        1);
  bench.offer.resource_list.erase(bench.offer.resource_list.begin());
  CHECK(code("resources/list", cursor) == -32602);  // its place is gone
}

TEST_CASE("lists: the order is the offer's, every time") {
  OfferBench bench;
  for (const char* name : {"zebra", "ant", "mole"}) bench.offer.add_tool(name, nullptr);
  const auto first = body_of(*bench.modern("tools/list", json::object()));
  CHECK(first == body_of(*bench.modern("tools/list", json::object())));
  CHECK(first.at("result").at("tools")[0].at("name") == "zebra");
}

TEST_CASE("resources: a missing one has the code and the uri its revision gives it") {
  OfferBench bench;
  const std::string uri = "nobody://x";
  const auto modern = bench.modern("resources/read", {{"uri", uri}});
  CHECK(modern->answer().status == 200);
  CHECK(error_of(modern).at("code") == -32602);
  CHECK(error_of(modern).at("data") == json{{"uri", uri}});
  for (const char* revision : {"2025-03-26", "2025-06-18", "2025-11-25"}) {
    const std::string session = bench.session(revision, json::object());
    const json error = error_of(bench.legacy(session, "resources/read", {{"uri", uri}}));
    CHECK(error.at("code") == -32002);
    CHECK(error.at("data") == json{{"uri", uri}});
  }
}

TEST_CASE("resources: what is no URI never reaches the offer") {
  OfferBench bench;
  bench.offer.on_read = [](const auto&, const auto&) { FAIL("reached"); };
  for (const char* uri : {"", "x", "test:", "test://a/../b", "test://a/%2e%2e/b", "test://u@h/",
                          "test://a#f", "file:///etc/passwd"}) {
    CAPTURE(uri);
    CHECK(error_of(bench.modern("resources/read", {{"uri", uri}})).at("code") == -32602);
  }
  CHECK(error_of(bench.modern("resources/read", json::object())).at("code") == -32602);
}

TEST_CASE("resources: reading carries hints in the modern era only") {
  OfferBench bench;
  bench.offer.on_read = [](const auto& call, const auto& exchange) {
    exchange->finish(ReadResult{{{.uri = call.name,
                                  .mime_type = "image/png",
                                  .body = "AAAA",
                                  .form = ResourceContents::Form::Blob,
                                  .meta = R"({"x":1})"}},
                                5'000,
                                CacheScope::Public});
  };
  const json modern = result_of(bench.modern("resources/read", {{"uri", "test://a"}}));
  CHECK(
      modern.at("contents") ==
      json::parse(R"([{"uri":"test://a","mimeType":"image/png","blob":"AAAA","_meta":{"x":1}}])"));
  CHECK(modern.at("ttlMs") == 5'000);
  CHECK(modern.at("cacheScope") == "public");
  const std::string session = bench.session("2025-03-26", json::object());
  CHECK(result_of(bench.legacy(session, "resources/read", {{"uri", "test://a"}})) ==
        json::parse(R"({"contents":[{"uri":"test://a","mimeType":"image/png","blob":"AAAA"}]})"));
}

TEST_CASE("resources: subscribing is answered with exactly nothing, and is bounded by rights") {
  OfferBench bench;
  const std::string session = bench.session("2025-11-25", json::object());
  CHECK(result_of(bench.legacy(session, "resources/subscribe", {{"uri", "test://a"}})) ==
        json::object());
  CHECK(result_of(bench.legacy(session, "resources/unsubscribe", {{"uri", "test://a"}})) ==
        json::object());
  CHECK(error_of(bench.legacy(session, "resources/subscribe", {{"uri", "test://secret"}}))
            .at("code") == -32002);
  CHECK(error_of(bench.legacy(session, "resources/subscribe", json::object())).at("code") ==
        -32602);
}

TEST_CASE("prompts: unknown names and arguments that miss or are no strings are refused") {
  OfferBench bench;
  bench.offer.on_prompt = [](const auto&, const auto&) { FAIL("reached"); };
  for (const json& params :
       {json{{"name", "nobody"}}, json{{"name", 5}}, json::object(), json{{"name", "greet"}},
        json{{"name", "greet"}, {"arguments", {{"tone", "warm"}}}},
        json{{"name", "greet"}, {"arguments", {{"who", 5}}}},
        json{{"name", "greet"}, {"arguments", {"who"}}}}) {
    CAPTURE(params.dump());
    const auto reply = bench.modern("prompts/get", params);
    CHECK(reply->answer().status == 200);
    CHECK(error_of(reply).at("code") == -32602);
  }
}

TEST_CASE("prompts: a prompt is its messages, and its title is not of the oldest revision") {
  OfferBench bench;
  const json got =
      result_of(bench.modern("prompts/get", {{"name", "greet"}, {"arguments", {{"who", "Ann"}}}}));
  CHECK(got.at("messages") ==
        json::parse(R"([{"role":"user","content":{"type":"text","text":"Greet Ann"}}])"));
  CHECK_FALSE(got.contains("ttlMs"));
  CHECK(result_of(bench.modern("prompts/list", json::object())).at("prompts")[0] ==
        json::parse(R"({"name":"greet","title":"Greet","description":"Says hello.",)"
                    R"("arguments":[{"name":"who","required":true},)"
                    R"({"name":"tone","required":false}]})"));
  const std::string session = bench.session("2025-03-26", json::object());
  CHECK_FALSE(result_of(bench.legacy(session, "prompts/list", json::object()))
                  .at("prompts")[0]
                  .contains("title"));
}

TEST_CASE("completion: at most a hundred values, and the client is told that there are more") {
  OfferBench bench;
  const json asked = {{"ref", {{"type", "ref/prompt"}, {"name", "greet"}}},
                      {"argument", {{"name", "who"}, {"value", "a"}}},
                      {"context", {{"arguments", {{"tone", "warm"}}}}}};
  const json completion = result_of(bench.modern("completion/complete", asked)).at("completion");
  CHECK(completion.at("values").size() == 100);
  CHECK(completion.at("values")[1] == "a1");
  CHECK(completion.at("total") == 150);
  CHECK(completion.at("hasMore") == true);
  for (const char* pointer :
       {"/ref", "/ref/type", "/ref/name", "/argument", "/argument/name", "/argument/value"}) {
    json wrong = asked;
    wrong[json::json_pointer(pointer)] = 5;
    CAPTURE(pointer);
    CHECK(error_of(bench.modern("completion/complete", wrong)).at("code") == -32602);
  }
  json unknown = asked;
  unknown["ref"]["name"] = "nobody";
  CHECK(error_of(bench.modern("completion/complete", unknown)).at("code") == -32602);
}

TEST_CASE("wires: one result, as each revision can carry it") {
  OfferBench bench;
  bench.offer.add_tool(
      {.name = "mixed",
       .title = "Mixed",
       .description = "d",
       .input_schema = R"({"type":"object"})",
       .output_schema = R"({"type":"array"})",
       .meta = R"({"ui":1})"},
      [](const auto&, const auto& exchange) {
        ToolResult result;
        result.content.push_back({ResourceLink{.uri = "test://a", .name = "a", .size_bytes = 3}});
        result.content.push_back(
            {ImageContent{"AAAA", "image/png"}, R"({"priority":1})", R"({"m":1})"});
        result.structured = "[1]";
        exchange->finish(std::move(result));
      });
  const json modern = result_of(bench.modern("tools/call", {{"name", "mixed"}}));
  CHECK(modern.at("structuredContent") == json::parse("[1]"));
  CHECK(modern.at("content") ==
        json::parse(R"([{"type":"resource_link","uri":"test://a","name":"a","size":3},)"
                    R"({"type":"image","data":"AAAA","mimeType":"image/png",)"
                    R"("annotations":{"priority":1},"_meta":{"m":1}}])"));
  CHECK(modern.at("resultType") == "complete");
  CHECK(modern.at("_meta").at("io.modelcontextprotocol/serverInfo").at("name") == "fake");

  const std::string newer = bench.session("2025-06-18", json::object());
  const json with_links = result_of(bench.legacy(newer, "tools/call", {{"name", "mixed"}}));
  CHECK(with_links == json{{"content", modern.at("content")}});  // an array is not structured here
  const json listed = result_of(bench.legacy(newer, "tools/list", json::object())).at("tools")[0];
  CHECK(listed.at("title") == "Mixed");
  CHECK(listed.at("_meta") == json{{"ui", 1}});

  const std::string oldest = bench.session("2025-03-26", json::object());
  const json plain = result_of(bench.legacy(oldest, "tools/call", {{"name", "mixed"}}));
  CHECK(plain.at("content") ==
        json::parse(R"([{"type":"text","text":"a: test://a"},{"type":"image","data":"AAAA",)"
                    R"("mimeType":"image/png","annotations":{"priority":1}}])"));
  const json bare = result_of(bench.legacy(oldest, "tools/list", json::object())).at("tools")[0];
  for (const char* key : {"title", "outputSchema", "_meta"}) CHECK_FALSE(bare.contains(key));
}

}  // namespace martgate::mcp
