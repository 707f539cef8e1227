#include <doctest/doctest.h>

#include <algorithm>

#include "build/fixture.h"

using namespace martgate;
using namespace martgate::build;
using catalog::Layer;

TEST_CASE("plan: an unknown table is reported with its place and the names that are near") {
  Shop shop;
  shop.mart("orders").sql = "SELECT order_id, customer_id, cents, day\nFROM stg_orders_typd";
  CHECK(shop.diagnostics().starts_with("orders.sql"));
  CHECK(shop.diagnostics().find("no such table: stg_orders_typd") != std::string::npos);
  CHECK(shop.diagnostics().find("did you mean") != std::string::npos);
  CHECK(shop.diagnostics().find("stg_orders_typed") != std::string::npos);
  shop.mart("orders").sql = "SELECT order_id, customer_id,\n  centz, day\nFROM stg_orders_typed";
  CHECK(shop.diagnostics() == "orders.sql:2:3: no such column: centz; near it: cents\n");
}

TEST_CASE("plan: models that read each other are reported as a circle") {
  Shop shop;
  shop.mart("customers").sql = "SELECT customer_id FROM orders";
  shop.mart("orders").sql =
      "SELECT order_id, t.customer_id, cents, day FROM stg_orders_typed t JOIN customers USING "
      "(customer_id)";
  CHECK(shop.diagnostics() ==
        "customers.sql: models read each other in a circle; customers reads orders reads "
        "customers\n");
  shop.mart("customers").sql = "SELECT customer_id FROM customers";
  CHECK(shop.diagnostics().find("customers reads customers") != std::string::npos);
}

TEST_CASE("plan: a mart that reads raw and a staging model that reads a mart are refused") {
  Shop shop;
  shop.mart("customers").sql = "SELECT customer AS customer_id FROM raw.shop_orders";
  CHECK(shop.diagnostics() ==
        "customers.sql: a mart reads raw.shop_orders; marts read staging models and marts\n");
  shop.mart("customers").sql = "SELECT count(*) AS customer_id FROM shop_orders";
  CHECK(shop.diagnostics().find("a mart reads raw.shop_orders") != std::string::npos);
  Shop other;
  other.mart("stg_orders").sql =
      "SELECT customer_id AS id, customer_id AS customer, 1 AS amount, 2 AS day FROM customers";
  CHECK(other.diagnostics().find("a staging model reads the mart customers") != std::string::npos);
}

TEST_CASE("plan: raw tables are read through their views, bookkeeping not at all") {
  Shop shop;
  for (const std::string table :
       {"raw.shop_orders__rows", "raw._martgate_loads", "_martgate_snapshot", "sqlite_schema",
        "raw.sqlite_schema", "pragma_table_info('x')"}) {
    CAPTURE(table);
    shop.mart("stg_orders").sql =
        "SELECT 1 AS id, 2 AS customer, 3 AS amount, 4 AS day FROM " + table;
    CHECK(shop.diagnostics() != "");
  }
}

TEST_CASE("plan: SQL that is no single SELECT is refused") {
  Shop shop;
  for (const std::string sql :
       {"DELETE FROM stg_orders", "SELECT 1; SELECT 2", "", "-- nothing", "CREATE TABLE x(a)",
        "ATTACH 'x' AS y", "PRAGMA user_version", "SELECT load_extension('x') AS customer_id",
        "WITH x AS (SELECT 1) DELETE FROM stg_orders"}) {
    CAPTURE(sql);
    shop.mart("customers").sql = sql;
    CHECK(shop.diagnostics().find("customers.sql") != std::string::npos);
  }
}

TEST_CASE(
    "plan: columns of the SELECT that are not those of the YAML are refused with both sides") {
  Shop shop;
  shop.mart("orders").sql =
      "SELECT order_id, customer_id, cents AS amount, day FROM stg_orders_typed";
  CHECK(shop.diagnostics() ==
        "orders.sql: the columns of the SELECT are not those of orders.yaml, in the same order;"
        " only in the SELECT: amount; only in the YAML: cents\n");
  shop.mart("orders").sql = "SELECT customer_id, order_id, cents, day FROM stg_orders_typed";
  CHECK(shop.diagnostics().find("the SELECT gives customer_id, order_id, cents, day") !=
        std::string::npos);
}

TEST_CASE("plan: a test whose SQL is broken is reported in its YAML line") {
  Shop shop;
  auto broken =
      data_test("orders.x", "orders", "", catalog::SqlCheck{"SELECT count(*) FROM ordrs"});
  broken.line = 7;
  shop.mart("orders").tests = {broken};
  CHECK(shop.diagnostics().starts_with("orders.yaml:7"));
  CHECK(shop.diagnostics().find("test orders.x: no such table: ordrs") != std::string::npos);
  auto where = data_test("orders.y", "orders", "day", catalog::NotNull{});
  where.where = "cents > 1) OR (1";
  shop.mart("orders").tests = {where};
  CHECK(shop.diagnostics() == "");  // it is their SQL: odd, but one SELECT
  shop.mart("orders").tests[0].where = "cents > 1; DROP TABLE orders";
  CHECK(shop.diagnostics() != "");
  shop.mart("orders").tests[0].where = "cents > 1 -- why";
  CHECK(shop.diagnostics() == "");
}

TEST_CASE("plan: order and lineage come from what the engine reads") {
  Shop shop;
  const auto plan = plan_models(shop.project);
  REQUIRE(plan);
  CHECK(plan->diagnostics.empty());
  CHECK(plan->order ==
        std::vector<std::string>{"stg_orders", "stg_orders_typed", "customers", "orders"});
  std::string lineage;
  for (const engine::LineageEdge& edge : plan->lineage) {
    lineage += edge.model + "<" + edge.reads_layer + "." + edge.reads + "(";
    for (const std::string& name : edge.columns) lineage += name + " ";
    lineage += ") ";
  }
  CHECK(lineage ==
        "customers<staging.stg_orders(customer ) "
        "orders<staging.stg_orders_typed(cents customer_id day order_id ) "
        "stg_orders<raw.shop_orders(amount customer day id ) "
        "stg_orders_typed<staging.stg_orders(amount customer day id ) ");
}

TEST_CASE("plan: columns that only USING or NATURAL compares are read") {
  Shop shop;
  for (const std::string join : {"JOIN customers USING (customer_id)", "NATURAL JOIN customers",
                                 "LEFT JOIN customers USING (customer_id)"}) {
    CAPTURE(join);
    shop.mart("orders").sql =
        "SELECT order_id, t.customer_id, cents, day FROM stg_orders_typed t " + join;
    // A join that nothing is taken from is left out by SQLite when it can change no row.
    if (join.starts_with("LEFT")) shop.mart("orders").sql += " WHERE customers.rowid IS NOT NULL";
    const auto plan = plan_models(shop.project);
    REQUIRE(plan);
    CHECK(plan->diagnostics.empty());
    const auto edge = std::ranges::find_if(plan->lineage, [](const engine::LineageEdge& e) {
      return e.model == "orders" && e.reads == "customers";
    });
    REQUIRE(edge != plan->lineage.end());
    CHECK(edge->columns == std::vector<std::string>{"customer_id"});
  }
}

TEST_CASE("plan: staging is one to one with a raw table") {
  Shop shop;
  shop.project.sources[0].tables.push_back(shop.project.sources[0].tables[0]);
  shop.project.sources[0].tables[1].raw_name = "shop_more";
  shop.mart("stg_orders").sql =
      "SELECT id, customer, amount, day FROM raw.shop_orders UNION ALL "
      "SELECT id, customer, amount, day FROM raw.shop_more";
  CHECK(shop.diagnostics() ==
        "stg_orders.sql: a staging model that reads a raw table reads nothing else; it reads 2 raw "
        "tables and 0 models; make one staging model of each raw table, and join them in another "
        "model\n");
  shop.mart("stg_orders").sql = "SELECT id, customer, amount, day FROM raw.shop_orders";
  shop.mart("stg_orders_typed").sql =
      "SELECT o.id AS order_id, o.customer AS customer_id, 1 AS cents, o.day FROM stg_orders o "
      "JOIN raw.shop_more m ON m.id = o.id";
  CHECK(shop.diagnostics().find("it reads 1 raw tables and 1 models") != std::string::npos);
}

TEST_CASE("plan: common table expressions, counts, JSON functions and like names are understood") {
  Shop shop;
  shop.mart("customers").sql =
      "WITH c AS (SELECT 1 FROM stg_orders) SELECT count(*) AS customer_id FROM c";
  CHECK(shop.diagnostics() == "");
  shop.mart("customers").sql = "SELECT count(*) AS customer_id FROM stg_orders";
  CHECK(shop.diagnostics() == "");
  const auto counted = plan_models(shop.project);
  CHECK(std::ranges::any_of(counted->lineage, [](const engine::LineageEdge& edge) {
    return edge.model == "customers" && edge.reads == "stg_orders" && edge.reads_layer == "staging";
  }));
  shop.mart("customers").sql =
      "WITH customers AS (SELECT 1) SELECT count(*) AS customer_id FROM customers";
  CHECK(shop.diagnostics() == "");
  shop.mart("customers").sql = "SELECT value AS customer_id FROM stg_orders, json_each(amount)";
  CHECK(shop.diagnostics() == "");
  // A staging model may bear the name of the raw table it reads.
  shop.add(model(Layer::Staging, "shop_orders", "SELECT id FROM raw.shop_orders", {column("id")}));
  shop.mart("customers").sql = "SELECT id AS customer_id FROM shop_orders";
  CHECK(shop.diagnostics() == "");
  CHECK(plan_models(shop.project)->order.back() == "orders");
}
