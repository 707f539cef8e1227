// The catalog of a served project as the protocol's resources, prompts and completions.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "support/served_project.h"

using namespace martgate;
using nlohmann::json;

namespace {

const std::filesystem::path kShop =
    std::filesystem::path(MARTGATE_SOURCE_DIR) / "tests" / "metrics" / "shop";

class Client {
 public:
  json send(const std::string& method, json params = json::object()) {
    params["_meta"] = {{"io.modelcontextprotocol/protocolVersion", "2026-07-28"},
                       {"io.modelcontextprotocol/clientCapabilities", json::object()}};
    const json message{{"jsonrpc", "2.0"}, {"id", ++id_}, {"method", method}, {"params", params}};
    return json::parse(shop_.line(message.dump()));
  }
  json result(const std::string& method, json params = json::object()) {
    const json answer = send(method, std::move(params));
    REQUIRE_MESSAGE(answer.contains("result"), answer.dump());
    return answer.at("result");
  }
  ServedProject& shop() { return shop_; }

 private:
  ServedProject shop_{kShop, kShop / "data"};
  int id_ = 0;
};

}  // namespace

TEST_CASE("offer: what is advertised is there") {
  Client client;
  const json capabilities = client.result("server/discover").at("capabilities");
  CHECK(capabilities.contains("tools"));
  CHECK(capabilities.at("resources").at("subscribe") == true);
  CHECK(capabilities.contains("prompts"));
  CHECK(capabilities.contains("completions"));
  CHECK_FALSE(capabilities.at("tools").value("listChanged", false));
}

TEST_CASE("offer: every listed resource reads as the describing tool answers, envelope included") {
  Client client;
  const json listed = client.result("resources/list").at("resources");
  std::set<std::string> uris;
  for (const json& resource : listed) uris.insert(resource.at("uri").get<std::string>());
  CHECK(uris.size() == listed.size());
  CHECK(uris.contains("martgate://metric/revenue"));
  CHECK(uris.contains("martgate://model/orders"));
  CHECK(uris.contains("martgate://source/till"));
  for (const std::string& uri : uris) {
    CAPTURE(uri);
    const json contents = client.result("resources/read", {{"uri", uri}}).at("contents");
    REQUIRE(contents.size() == 1);
    CHECK(contents[0].at("uri") == uri);
    CHECK(contents[0].at("mimeType") == "application/json");
    const json described = json::parse(contents[0].at("text").get<std::string>());
    CHECK(described.at("envelope").at("state") == "completed");
    CHECK(uri.ends_with(described.at("name").get<std::string>()));
  }
  CHECK(client.shop().journal_tail(1)[0].at("tool") == "describe_asset");
}

TEST_CASE("offer: a resource that is not there is an error that names it, and leaves no record") {
  Client client;
  const json before = client.shop().journal_tail(1);
  for (const char* uri : {"martgate://metric/revenu", "martgate://model/stg_orders",
                          "file:///etc/passwd", "martgate://metric/..%2f..%2fetc"}) {
    CAPTURE(uri);
    const json error = client.send("resources/read", {{"uri", uri}}).at("error");
    CHECK(error.at("code") == -32602);
    CHECK(error.at("data").at("uri") == uri);
  }
  CHECK(client.shop().journal_tail(1) == before);
}

TEST_CASE("offer: a template's variable completes to names of the catalog") {
  Client client;
  const json templates = client.result("resources/templates/list").at("resourceTemplates");
  REQUIRE(templates.size() == 3);
  const json completion =
      client
          .result("completion/complete",
                  {{"ref", {{"type", "ref/resource"}, {"uri", "martgate://metric/{name}"}}},
                   {"argument", {{"name", "name"}, {"value", "cancel"}}}})
          .at("completion");
  CHECK(completion.at("values") == json::array({"cancel_rate"}));
  const json refused = client.send(
      "completion/complete", {{"ref", {{"type", "ref/resource"}, {"uri", "martgate://row/{name}"}}},
                              {"argument", {{"name", "name"}, {"value", ""}}}});
  CHECK(refused.at("error").at("code") == -32602);
}

TEST_CASE("offer: questions are prompts, and the call a prompt spells out works") {
  Client client;
  const json listed = client.result("prompts/list").at("prompts");
  REQUIRE(listed.size() == 3);
  CHECK(listed[0].at("name") == "weekly_review");
  const json prompt = client.result("prompts/get", {{"name", "cancelled_where"}});
  const std::string text = prompt.at("messages")[0].at("content").at("text").get<std::string>();
  CHECK(prompt.at("messages")[0].at("role") == "user");
  const std::size_t from = text.find("with {") + 5;
  const json arguments = json::parse(text.substr(from, text.find("}.", from) + 1 - from));
  CHECK_FALSE(client.shop().call("query_metrics", arguments).value("isError", false));

  const json wrong =
      client.send("prompts/get", {{"name", "weekly_review"}, {"arguments", {{"from", "May"}}}});
  CHECK(wrong.at("error").at("code") == -32602);
  CHECK(client.send("prompts/get", {{"name", "daily_review"}}).at("error").at("code") == -32602);
  const json asked = client
                         .result("completion/complete",
                                 {{"ref", {{"type", "ref/prompt"}, {"name", "weekly_review"}}},
                                  {"argument", {{"name", "asked_by"}, {"value", "ow"}}}})
                         .at("completion");
  CHECK(asked.at("values") == json::array({"owner"}));
}
