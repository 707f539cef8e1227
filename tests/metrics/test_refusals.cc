// What is refused, and how: refusals.txt holds a call and the text the agent gets, for people to
// read.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "support/golden.h"
#include "support/served_project.h"

using namespace martgate;
using nlohmann::json;

namespace {

const std::filesystem::path kFolder =
    std::filesystem::path(MARTGATE_SOURCE_DIR) / "tests" / "metrics";

struct Refused {
  const char* tool;
  const char* arguments;
  const char* reason;
};

constexpr Refused kRefused[] = {
    {"query_metrics", R"({"metrics": ["revenu"]})", "unknown_metric"},
    {"query_metrics", R"({"metrics": ["turnover"]})", "unknown_metric"},
    {"query_metrics", R"({"metrics": []})", "bad_arguments"},
    {"query_metrics", R"({"metric": ["revenue"]})", "bad_arguments"},
    {"query_metrics", R"({"metrics": ["revenue"], "filters": []})", "bad_arguments"},
    {"query_metrics", R"({"metrics": ["revenue", "revenue"]})", "duplicate_name"},
    {"query_metrics", R"({"metrics": ["revenue"], "group_by": ["chanel"]})", "unknown_dimension"},
    {"query_metrics", R"({"metrics": ["revenue"], "group_by": ["customer.sector"]})",
     "unknown_dimension"},
    {"query_metrics", R"({"metrics": ["revenue"], "group_by": ["customer.email"]})",
     "restricted_dimension"},
    {"query_metrics",
     R"({"metrics": ["revenue"], "where": [{"field": "customer.email", "op": "contains", "value": "a"}]})",
     "restricted_dimension"},
    {"query_metrics", R"({"metrics": ["revenue"], "group_by": ["units"]})", "unknown_dimension"},
    {"query_metrics", R"({"metrics": ["big_orders"], "group_by": ["status"]})",
     "dimension_not_allowed"},
    {"query_metrics", R"({"metrics": ["revenue"], "group_by": ["metric_time__fortnight"]})",
     "bad_grain"},
    {"query_metrics", R"({"metrics": ["revenue"], "group_by": ["channel__month"]})", "bad_grain"},
    {"query_metrics", R"({"metrics": ["customers"], "group_by": ["metric_time__month"]})",
     "no_time_dimension"},
    {"query_metrics", R"({"metrics": ["customers"], "time": {"from": "2026-01-01"}})",
     "no_time_dimension"},
    {"query_metrics",
     R"({"metrics": ["revenue"], "time": {"from": "2026-02-01", "to": "2026-02-01"}})",
     "bad_time_range"},
    {"query_metrics", R"({"metrics": ["revenue"], "time": {"from": "2026-02-30"}})",
     "bad_arguments"},
    {"query_metrics", R"({"metrics": ["revenue"], "time": {"from": "last month"}})",
     "bad_arguments"},
    {"query_metrics",
     R"({"metrics": ["revenue"], "where": [{"field": "metric_time", "op": "gte", "value": "2026-01-01"}]})",
     "bad_time_range"},
    {"query_metrics",
     R"({"metrics": ["revenue"], "where": [{"field": "channel", "op": "like", "value": "w%"}]})",
     "bad_arguments"},
    {"query_metrics",
     R"({"metrics": ["revenue"], "where": [{"field": "channel", "op": "eq", "value": 7}]})",
     "bad_value"},
    {"query_metrics", R"({"metrics": ["revenue"], "where": [{"field": "channel", "op": "eq"}]})",
     "bad_value"},
    {"query_metrics",
     R"({"metrics": ["revenue"], "where": [{"field": "channel", "op": "in", "value": "web"}]})",
     "bad_value"},
    {"query_metrics",
     R"({"metrics": ["revenue"], "where": [{"field": "channel", "op": "eq", "value": null}]})",
     "bad_value"},
    {"query_metrics",
     R"({"metrics": ["revenue"], "where": [{"field": "amount", "op": "gt", "value": 1.005}]})",
     "bad_value"},
    {"query_metrics",
     R"({"metrics": ["revenue"], "where": [{"field": "amount", "op": "contains", "value": "1"}]})",
     "bad_operator"},
    {"query_metrics",
     R"({"metrics": ["revenue"], "where": [{"field": "ordered_on", "op": "gte", "value": "01/02/2026"}]})",
     "bad_value"},
    {"query_metrics", R"({"metrics": ["revenue"], "order_by": [{"field": "revenu"}]})",
     "unknown_order_field"},
    {"query_metrics", R"({"metrics": ["revenue"], "limit": 0})", "bad_arguments"},
    {"query_metrics", R"({"metrics": ["orders_placed", "customers"], "group_by": ["channel"]})",
     "unknown_dimension"},
    {"list_dimension_values", R"({"dimension": "chanel"})", "unknown_dimension"},
    {"list_dimension_values", R"({"dimension": "channel", "mart": "order"})", "unknown_mart"},
    {"list_dimension_values", R"({"dimension": "customer.email"})", "unknown_dimension"},
    {"lookup_entity", R"({"entity": "client", "key": "c1"})", "unknown_entity"},
    {"lookup_entity", R"({"entity": "order", "key": "one"})", "bad_key"},
    {"lookup_entity", R"({"entity": "order", "key": [1, 2]})", "bad_key"},
    {"describe_asset", R"({"name": "metric.revenu"})", "unknown_asset"},
    {"describe_asset", R"({"name": "stg_orders"})", "unknown_asset"},
    {"check_health", R"({"mart": "stg_orders"})", "unknown_mart"},
};

// Request ids and versions differ from run to run only by the seed; they are still not what is
// reviewed.
std::string without_request_id(std::string text) {
  const std::size_t at = text.find("; req_");
  if (at != std::string::npos) text.erase(at, 38);
  return text;
}

}  // namespace

TEST_CASE("refusals: each says what was wrong, what is accepted and what is near") {
  ServedProject shop(kFolder / "shop", kFolder / "shop" / "data");
  std::string text;
  for (const Refused& refused : kRefused) {
    CAPTURE(refused.arguments);
    const json result = shop.call(refused.tool, json::parse(refused.arguments));
    CHECK(result.value("isError", false));
    CHECK_FALSE(result.contains("structuredContent"));
    const json& envelope = result.at("_meta").at("martgate/envelope");
    CHECK(envelope.at("error").at("reason") == refused.reason);
    CHECK((envelope.at("state") == "failed" || envelope.at("state") == "denied"));
    text += std::string(">> ") + refused.tool + " " + refused.arguments + "\n";
    text += without_request_id(result.at("content")[0].at("text").get<std::string>()) + "\n";
  }
  check_golden(kFolder / "refusals.txt", text);
}

TEST_CASE("refusals: a restricted column is withheld from look-ups and named as such") {
  ServedProject shop(kFolder / "shop", kFolder / "shop" / "data");
  const json result = shop.call("lookup_entity", {{"entity", "customer"}, {"key", "c1"}});
  REQUIRE_FALSE(result.value("isError", false));
  CHECK(result.dump().find("one@example.com") == std::string::npos);
  CHECK(result.at("structuredContent").at("withheld") == json::array({"email"}));
  CHECK(result.at("structuredContent").at("row").at("segment") == "business");
  const json missing = shop.call("lookup_entity", {{"entity", "customer"}, {"key", "c77"}});
  CHECK(missing.at("structuredContent").at("found") == false);
  CHECK(missing.at("structuredContent").at("envelope").at("citations").size() == 1);
}
