#include <doctest/doctest.h>

#include <future>
#include <nlohmann/json.hpp>
#include <stop_token>
#include <thread>

#include "base/files.h"
#include "gate/world.h"
#include "support/served_project.h"

using namespace martgate;
using nlohmann::json;

namespace {

const std::filesystem::path kShop =
    std::filesystem::path(MARTGATE_SOURCE_DIR) / "tests" / "metrics" / "shop";

gate::CallRequest request_for(const std::string& tool, json arguments) {
  gate::CallRequest request;
  request.tool = tool;
  request.arguments = std::make_unique<json>(std::move(arguments));
  request.era = "2026-07-28";
  request.transport = "http";
  return request;
}

}  // namespace

TEST_CASE("gate: when the journal is closed no answer leaves") {
  ServedProject shop(kShop, kShop / "data");
  REQUIRE(shop.close_journal());
  std::promise<gate::CallResult> promise;
  shop.gate().call(request_for("query_metrics", {{"metrics", {"revenue"}}}),
                   [&](gate::CallResult result) { promise.set_value(std::move(result)); });
  const gate::CallResult result = promise.get_future().get();
  CHECK(result.is_error);
  CHECK(result.structured.empty());
  CHECK(result.text.find("revenue") == std::string::npos);
}

TEST_CASE("gate: an answer that breaks its own output schema is withheld and journaled") {
  ServedProject shop(kShop, kShop / "data");
  auto world = std::make_shared<gate::World>(std::move(*shop.remade_world()));
  for (gate::ReadyTool& tool : world->tools) {
    if (tool.listing.name != "check_health") continue;
    auto other = Schema::compile(json::parse(R"({"type": "object", "required": ["absent"]})"));
    REQUIRE(other);
    tool.output = std::move(*other);
  }
  REQUIRE(shop.gate().use(world));
  const json result = shop.call("check_health", json::object());
  CHECK(result.at("isError") == true);
  CHECK_FALSE(result.contains("structuredContent"));
  CHECK(result.at("_meta").at("martgate/envelope").at("error").at("reason") == "output_schema");
  CHECK(result.dump().find("absent") == std::string::npos);
  CHECK(shop.journal_tail(1)[0].at("reason") == "output_schema");
}

TEST_CASE("gate: policy withholds numbers from stale data, and health still tells of it") {
  ServedProject shop(kShop, kShop / "data");
  const json ask{{"metrics", {"revenue"}}};
  auto world = std::make_shared<gate::World>(std::move(*shop.remade_world()));
  for (catalog::Source& source : world->project.sources)
    source.freshness.error_after = std::chrono::minutes(-1);
  REQUIRE(shop.gate().use(world));
  const json warned = shop.call("query_metrics", ask);
  CHECK_FALSE(warned.value("isError", false));
  CHECK(warned.at("structuredContent").at("envelope").at("trust") == "stale");

  auto strict = std::make_shared<gate::World>(std::move(*shop.remade_world()));
  for (catalog::Source& source : strict->project.sources)
    source.freshness.error_after = std::chrono::minutes(-1);
  strict->project.settings.trust.refuse_stale = true;
  REQUIRE(shop.gate().use(strict));
  const json refused = shop.call("query_metrics", ask);
  CHECK(refused.at("isError") == true);
  CHECK_FALSE(refused.contains("structuredContent"));
  const json& envelope = refused.at("_meta").at("martgate/envelope");
  CHECK(envelope.at("error").at("reason") == "stale_data");
  CHECK(envelope.at("error").at("code") == "failed_precondition");
  CHECK(envelope.at("trust") == "stale");
  CHECK(refused.at("content").at(0).at("text").get<std::string>().find("was last loaded") !=
        std::string::npos);
  CHECK(shop.journal_tail(1)[0].at("reason") == "stale_data");
  const json health = shop.call("check_health", json::object());
  CHECK_FALSE(health.value("isError", false));
  const std::string names = health.at("structuredContent").at("refused_metrics").dump();
  CHECK(names.find("\"revenue\"") != std::string::npos);
}

TEST_CASE("gate: a call that is taken back reads nothing and is journaled as failed") {
  ServedProject shop(kShop, kShop / "data");
  std::stop_source stop;
  stop.request_stop();
  auto request = request_for("query_metrics", {{"metrics", {"revenue"}}});
  request.cancel = stop.get_token();
  std::promise<gate::CallResult> promise;
  shop.gate().call(std::move(request),
                   [&](gate::CallResult result) { promise.set_value(std::move(result)); });
  const gate::CallResult result = promise.get_future().get();
  CHECK(result.is_error);
  CHECK(result.structured.empty());
  const json record = shop.journal_tail(1)[0];
  CHECK(record.at("reason") == "cancelled");
  CHECK(record.at("tool") == "query_metrics");
  CHECK(shop.call("query_metrics", {{"metrics", {"revenue"}}}).contains("structuredContent"));
}

TEST_CASE("gate: calls from many threads are all answered and all journaled, in one whole chain") {
  constexpr int kThreads = 8;
  constexpr int kCalls = 25;
  ServedProject shop(kShop, kShop / "data");
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kCalls; ++i) {
        std::promise<gate::CallResult> promise;
        shop.gate().call(
            request_for("query_metrics", {{"metrics", {"revenue"}}, {"group_by", {"channel"}}}),
            [&](gate::CallResult result) { promise.set_value(std::move(result)); });
        if (!promise.get_future().get().is_error) ++good;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(good == kThreads * kCalls);
  const json records = shop.journal_tail(kThreads * kCalls + 1);
  CHECK(records.size() == kThreads * kCalls);
}

TEST_CASE("gate: argument values appear in no journal record") {
  ServedProject shop(kShop, kShop / "data");
  static_cast<void>(
      shop.call("lookup_entity", {{"entity", "customer"}, {"key", "c1-very-private"}}));
  static_cast<void>(
      shop.call("query_metrics",
                {{"metrics", {"revenue"}},
                 {"where", {{{"field", "channel"}, {"op", "eq"}, {"value", "c1-very-private"}}}}}));
  const auto journal = read_file(shop.state_folder() / "journal.db");
  const auto wal = read_file(shop.state_folder() / "journal.db-wal");
  REQUIRE(journal);
  CHECK(journal->find("very-private") == std::string::npos);
  if (wal) CHECK(wal->find("very-private") == std::string::npos);
}

TEST_CASE("gate: a tool list that costs too much is refused with what is longest") {
  ServedProject shop(kShop, kShop / "data");
  catalog::Project project = shop.project();
  project.tools.front().description = std::string(30'000, 'x');
  const auto world = gate::make_world(std::move(project));
  REQUIRE_FALSE(world);
  CHECK(world.error().reason == "tool_list_too_long");
}

TEST_CASE("gate: a newly published snapshot is taken over, a missing one keeps the old") {
  ServedProject shop(kShop, kShop / "data");
  const std::string before = shop.gate().mart()->facts().id;
  REQUIRE(replace_file(shop.state_folder() / "marts" / "current", "snap_0000000000000000\n"));
  CHECK_FALSE(shop.gate().refresh_snapshot());
  CHECK(shop.gate().mart()->facts().id == before);
}
