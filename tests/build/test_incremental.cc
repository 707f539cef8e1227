#include <doctest/doctest.h>

#include "base/random.h"
#include "build/fixture.h"

using namespace martgate;
using namespace martgate::build;
using catalog::DataType;
using catalog::Layer;

namespace {

void make_incremental(Shop& shop, int late_days, std::vector<std::string> key) {
  shop.mart("orders").incremental = catalog::Incremental{"day", late_days, std::move(key)};
  shop.mart("orders").sql =
      "SELECT order_id, customer_id, cents, day FROM stg_orders_typed -- all of it\n;";
  shop.mart("orders").relationships.clear();
  shop.add(model(Layer::Marts, "orders_whole", "SELECT * FROM stg_orders_typed",
                 {column("order_id", DataType::Integer), column("customer_id"),
                  column("cents", DataType::Integer), column("day", DataType::Date)}));
}

constexpr std::string_view kOrders =
    "SELECT order_id || ':' || coalesce(day, '-') || ':' || cents FROM orders ORDER BY 1";

}  // namespace

TEST_CASE("incremental: rows older than the window stay as they were, later ones are seen") {
  Shop shop;
  make_incremental(shop, 2, {});
  shop.ingest_csv("1,anna,1,2026-01-01\n2,bert,2,2026-01-10\n");
  shop.build_all();
  // 3 comes within two days of the newest, 4 is older than that, 1 has changed.
  shop.ingest_csv(
      "1,anna,9,2026-01-01\n2,bert,5,2026-01-10\n3,carl,3,2026-01-08\n4,dora,4,2026-01-07\n"
      "5,emil,5,2026-01-11\n6,emil,6,\n");
  const BuildReport report = shop.build_all();
  CHECK(report.changed == std::vector<std::string>{"customers", "orders", "orders_whole"});
  CHECK(shop.values(kOrders) ==
        "1:2026-01-01:100 2:2026-01-10:500 3:2026-01-08:300 5:2026-01-11:500 6:-:600");
  // Computed from a day on, and whole.
  shop.build_all({.since = "2026-01-05"});
  CHECK(shop.values(kOrders).find("4:2026-01-07:400") != std::string::npos);
  CHECK(shop.values(kOrders).find("1:2026-01-01:100") != std::string::npos);
  shop.build_all({.force = true});
  CHECK(shop.values(kOrders).find("1:2026-01-01:900") != std::string::npos);
}

TEST_CASE("incremental: a changed definition computes the table whole") {
  Shop shop;
  make_incremental(shop, 0, {});
  shop.ingest_csv("1,anna,1,2026-01-01\n2,bert,2,2026-01-10\n");
  shop.build_all();
  shop.ingest_csv("1,anna,9,2026-01-01\n2,bert,2,2026-01-10\n");
  shop.mart("orders").sql = "SELECT order_id, customer_id, cents, day FROM stg_orders_typed";
  shop.touch();
  shop.build_all();
  CHECK(shop.values(kOrders) == "1:2026-01-01:900 2:2026-01-10:200");
}

TEST_CASE("incremental: by key a new row replaces the one of the same key, wherever it lies") {
  Shop shop;
  make_incremental(shop, 1, {"order_id"});
  shop.ingest_csv("1,anna,1,2026-01-01\n2,bert,2,2026-01-10\n");
  shop.build_all();
  shop.ingest_csv("1,anna,7,2026-01-10\n3,carl,3,2026-01-11\n");
  shop.build_all();
  // 2 is gone from the source and stays: by key nothing says that it went.
  CHECK(shop.values(kOrders) == "1:2026-01-10:700 2:2026-01-10:200 3:2026-01-11:300");
  shop.ingest_csv("4,anna,7,2026-01-12\n4,carl,3,2026-01-12\n");
  const auto twice = shop.try_build();
  REQUIRE_FALSE(twice);
  CHECK(twice.error().reason == "duplicate_key");
  CHECK(to_text(twice.error()).find("order_id = 4") != std::string::npos);
}

TEST_CASE(
    "incremental: random steps within the window give the table that computing it whole gives") {
  constexpr std::uint64_t kSeed = 41;
  MESSAGE("seed " << kSeed);
  Random random(kSeed);
  for (const bool by_key : {false, true}) {
    Shop shop;
    make_incremental(shop, 3,
                     by_key ? std::vector<std::string>{"order_id"} : std::vector<std::string>{});
    std::string rows;
    int id = 0;
    for (int step = 0; step < 12; ++step) {
      const auto count = 1 + random.below(6);
      for (std::uint64_t i = 0; i < count; ++i) {
        const auto day = 1 + step + static_cast<int>(random.below(4));  // at most three days late
        rows += std::to_string(++id) + ",c" + std::to_string(random.below(5)) + "," +
                std::to_string(random.below(100)) + ".5,2026-01-" + (day < 10 ? "0" : "") +
                std::to_string(day) + "\n";
      }
      rows += std::to_string(++id) + ",c,1,2026-01-" + (step + 4 < 10 ? "0" : "") +
              std::to_string(step + 4) + "\n";
      shop.ingest_csv(rows);
      const BuildReport grown = shop.build_all();
      CHECK(shop.values("SELECT count(*) FROM (SELECT * FROM orders EXCEPT SELECT * FROM "
                        "orders_whole)") == "0");
      CHECK(shop.values("SELECT count(*) FROM orders") ==
            shop.values("SELECT count(*) FROM orders_whole"));
      // To the byte: the same snapshot.
      CHECK(shop.build_all({.force = true}).facts.id == grown.facts.id);
    }
  }
}
