#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <regex>

#include "base/ids.h"
#include "base/text.h"
#include "build/fixture.h"
#include "build/open_lineage.h"
#include "build/select_text.h"

using namespace martgate;
using namespace martgate::build;
using catalog::DataType;
using nlohmann::json;

namespace {

// "order_id<stg.order_id cents<stg.cents" of a model with the columns a and b over stg_orders.
std::string lineage_of(const std::string& sql,
                       std::vector<catalog::Column> columns = {column("a"), column("b")}) {
  Shop shop;
  shop.mart("customers").sql = sql;
  shop.mart("customers").columns = std::move(columns);
  shop.mart("customers").primary_key.clear();
  shop.mart("orders").relationships.clear();
  const auto plan = plan_models(shop.project, Detail::Columns);
  REQUIRE(plan);
  for (const catalog::Diagnostic& diagnostic : plan->diagnostics) FAIL_CHECK(to_text(diagnostic));
  std::vector<std::string> edges;
  for (const ColumnEdge& edge : plan->columns) {
    if (edge.model != "customers") continue;
    const std::string table = edge.reads == "stg_orders" ? "s" : edge.reads;
    edges.push_back(edge.column + "<" + table + "." + edge.read_column);
  }
  const bool is_inexact = std::ranges::find(plan->inexact, "customers") != plan->inexact.end();
  return join(edges, " ") + (is_inexact ? " (inexact)" : "");
}

}  // namespace

TEST_CASE("lineage: a column comes from what its expression takes, not from filters and joins") {
  CHECK(lineage_of("SELECT id AS a, amount * 2 AS b FROM stg_orders WHERE day > '2026'") ==
        "a<s.id b<s.amount");
  CHECK(lineage_of("SELECT s.id AS a, o.cents AS b FROM stg_orders s LEFT JOIN orders o ON "
                   "o.order_id = s.id AND o.day = s.day") == "a<s.id b<orders.cents");
  // The same column in the filter and in the expression still counts.
  CHECK(lineage_of("SELECT id AS a, amount AS b FROM stg_orders WHERE amount > 1 AND id > 1") ==
        "a<s.id b<s.amount");
  CHECK(lineage_of("SELECT 'x' AS a, count(*) AS b FROM stg_orders WHERE amount > 1") == "");
}

TEST_CASE("lineage: groups, windows, CASE and scalar subqueries are seen through") {
  CHECK(lineage_of("SELECT customer AS a, sum(amount) AS b FROM stg_orders GROUP BY 1 HAVING "
                   "count(day) > 1 ORDER BY b") == "a<s.customer b<s.amount");
  CHECK(
      lineage_of("SELECT day AS a, row_number() OVER (PARTITION BY customer ORDER BY amount) AS b "
                 "FROM stg_orders") == "a<s.day b<s.amount b<s.customer");
  CHECK(lineage_of(
            "SELECT CASE WHEN day IS NULL THEN id ELSE amount END a, 1 AS b FROM stg_orders") ==
        "a<s.amount a<s.day a<s.id");
  CHECK(lineage_of("SELECT id AS a, (SELECT max(cents) FROM orders) AS b FROM stg_orders") ==
        "a<s.id b<orders.cents");
}

TEST_CASE("lineage: common tables, SELECTs in FROM, stars and unions are followed to the tables") {
  CHECK(
      lineage_of("WITH money AS (SELECT customer, sum(amount) AS total FROM stg_orders GROUP BY 1),"
                 " named(who, how_much) AS (SELECT customer, total + 1 FROM money)\n"
                 "SELECT who AS a, how_much AS b FROM named") == "a<s.customer b<s.amount");
  CHECK(lineage_of("SELECT x.k AS a, y.v AS b FROM (SELECT id AS k FROM stg_orders) AS x JOIN "
                   "(SELECT order_id, cents AS v FROM orders) y ON y.order_id = x.k") ==
        "a<s.id b<orders.cents");
  CHECK(lineage_of("SELECT * FROM (SELECT id AS a, day AS b FROM stg_orders)") == "a<s.id b<s.day");
  CHECK(lineage_of("SELECT id AS a, day AS b FROM stg_orders UNION ALL SELECT order_id, "
                   "cents FROM orders ORDER BY a LIMIT 3") ==
        "a<orders.order_id a<s.id b<orders.cents b<s.day");
  CHECK(lineage_of("SELECT t.customer AS a, o.cents AS b FROM stg_orders t JOIN orders o USING "
                   "(day)") == "a<s.customer b<orders.cents");
  // Words in strings, comments and names cut nothing.
  CHECK(lineage_of("SELECT id AS a, -- FROM nowhere, (\n 'UNION' || \"day\" AS b /* , */ FROM "
                   "stg_orders;") == "a<s.id b<s.day");
}

TEST_CASE("lineage: what is not understood is taken to read everything, and said so") {
  CHECK(lineage_of("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) "
                   "SELECT i AS a, day AS b FROM n JOIN stg_orders ON id = i") ==
        "a<s.day a<s.id b<s.day b<s.id (inexact)");
}

TEST_CASE("lineage: text that is no SELECT has no shape") {
  for (const char* text : {"", ";", "SELECT 'x", "SELECT (1", "SELECT 1)", "DELETE FROM x", "WITH",
                           "WITH x AS", "WITH x AS (SELECT 1", "SELECT", "/* SELECT 1", "UNION"}) {
    CAPTURE(text);
    CHECK_FALSE(shape_of(text));
  }
}

TEST_CASE("lineage: events have the shape that OpenLineage 2-0-2 demands") {
  Shop shop;
  shop.mart("orders").sql =
      "SELECT order_id, customer_id, cents, day FROM stg_orders_typed WHERE "
      "cents > 0";
  const auto plan = plan_models(shop.project, Detail::Columns);
  REQUIRE(plan);
  engine::SnapshotFacts facts;
  facts.models = {{"orders", "marts", "", 7}};
  SeededIds ids(1);
  const auto events = open_lineage_events(shop.project, *plan, &facts, shop.clock.now(), ids);
  REQUIRE(events.size() == 8);
  const std::regex uuid("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
  for (std::size_t i = 0; i < events.size(); ++i) {
    const json event = json::parse(events[i]);
    for (const char* key : {"eventTime", "producer", "schemaURL", "run", "job"})
      CHECK(event.contains(key));
    CHECK(event.at("eventType") == (i % 2 == 0 ? "START" : "COMPLETE"));
    CHECK(event.at("schemaURL") == kOpenLineageSchema);
    CHECK(std::regex_match(event.at("run").at("runId").get<std::string>(), uuid));
    CHECK(event.at("run") == json::parse(events[i - i % 2]).at("run"));
    CHECK(event.at("job").at("namespace") == "martgate://shop");
    CHECK(parse_rfc3339(event.at("eventTime").get<std::string>()));
    for (const char* side : {"inputs", "outputs"}) {
      for (const json& dataset : event.at(side)) {
        CHECK(dataset.at("namespace").is_string());
        CHECK(dataset.at("name").is_string());
        for (const auto& [name, facet] : dataset.at("facets").items()) {
          CHECK(facet.at("_producer").is_string());
          CHECK(facet.at("_schemaURL")
                    .get<std::string>()
                    .starts_with("https://openlineage.io/spec/facets/"));
        }
        for (const json& field : dataset.at("facets").at("schema").at("fields"))
          CHECK(field.at("name").is_string());
      }
    }
  }
  const auto orders = std::ranges::find_if(events, [](const std::string& text) {
    return text.find("\"eventType\":\"COMPLETE\"") != std::string::npos &&
           text.find("\"name\":\"marts.orders\"") != std::string::npos;
  });
  REQUIRE(orders != events.end());
  const json event = json::parse(*orders);
  CHECK(event.at("inputs").at(0).at("name") == "staging.stg_orders_typed");
  const json& output = event.at("outputs").at(0);
  CHECK(output.at("outputFacets").at("outputStatistics").at("rowCount") == 7);
  const json& lineage = output.at("facets").at("columnLineage");
  const json& from = lineage.at("fields").at("order_id").at("inputFields").at(0);
  CHECK(from.at("namespace") == "martgate://shop");
  CHECK(from.at("name") == "staging.stg_orders_typed");
  CHECK(from.at("field") == "order_id");
  CHECK(from.at("transformations").at(0).at("type") == "DIRECT");
}
