#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>

#include "base/files.h"
#include "build/fixture.h"
#include "build/marts_folder.h"
#include "build/snapshot_diff.h"
#include "engine/snapshot_lease.h"

using namespace martgate;
using namespace martgate::build;

namespace {

std::string next_snapshot(Shop& shop, const std::string& rows) {
  shop.ingest_csv(rows);
  const BuildReport report = shop.build_all();
  REQUIRE(report.is_published);
  return report.facts.id;
}

std::string history_text(const Shop& shop) {
  const auto lines = read_history(shop.state());
  REQUIRE(lines);
  std::string text;
  for (const HistoryLine& line : *lines) text += std::string(name_of(line.change)) + " ";
  return text;
}

}  // namespace

TEST_CASE("snapshots: an id names everything in it, and nothing of when or where it was built") {
  Shop shop;
  shop.ingest_csv("1,anna,12.50,2026-01-31\n");
  shop.mart("orders").tests = {data_test("orders.rows", "orders", "", catalog::RowCount{1, {}})};
  const engine::SnapshotFacts facts = shop.build_all().facts;
  engine::SnapshotFacts other = facts;
  other.built_at += std::chrono::hours(1);
  other.commit = "elsewhere";
  CHECK(engine::snapshot_id(other) == facts.id);
  const auto differs = [&](auto change) {
    engine::SnapshotFacts changed = facts;
    change(changed);
    return engine::snapshot_id(changed) != facts.id;
  };
  CHECK(differs([](auto& f) { f.project_digest += "x"; }));
  CHECK(differs([](auto& f) { f.models[0].content += "x"; }));
  CHECK(differs([](auto& f) { f.models[0].digest += "x"; }));
  CHECK(differs([](auto& f) { f.lineage[0].columns.emplace_back("x"); }));
  CHECK(differs([](auto& f) { f.loaded[0].quarantined += 1; }));
  CHECK(differs([](auto& f) { f.loaded[0].last_loaded_at.reset(); }));
  CHECK(differs([](auto& f) { f.tests[0].verdict = engine::Verdict::Warn; }));
}

TEST_CASE("snapshots: unknown and damaged ones are not rolled back to") {
  Shop shop;
  const std::string first = next_snapshot(shop, "1,anna,1,2026-01-31\n");
  const std::string second = next_snapshot(shop, "2,anna,1,2026-01-31\n");
  const auto lock = MartsLock::take(shop.state());
  REQUIRE(lock);
  const auto unknown = roll_back(*lock, "snap_0000000000000000", shop.clock.now());
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().reason == "unknown_snapshot");
  REQUIRE(replace_file(engine::snapshot_path(shop.state(), first), "no database"));
  CHECK_FALSE(roll_back(*lock, first, shop.clock.now()));
  CHECK(*engine::current_snapshot(shop.state()) == second);
}

TEST_CASE("snapshots: a rollback switches, is written down, and building again comes back") {
  Shop shop;
  const std::string first = next_snapshot(shop, "1,anna,1,2026-01-31\n");
  const std::string second = next_snapshot(shop, "2,anna,1,2026-01-31\n");
  {
    const auto lock = MartsLock::take(shop.state());
    REQUIRE(lock);
    REQUIRE(roll_back(*lock, first, shop.clock.now()));
    // Nobody builds meanwhile.
    CHECK_FALSE(MartsLock::take(shop.state()));
  }
  CHECK(*engine::current_snapshot(shop.state()) == first);
  CHECK(shop.values("SELECT order_id FROM orders") == "1");
  const BuildReport again = shop.build_all();
  CHECK(again.is_published);
  CHECK(again.facts.id == second);
  CHECK(history_text(shop) == "publish publish rollback publish ");
  const auto lines = *read_history(shop.state());
  CHECK(lines[2].id == first);
  CHECK(lines[2].from == second);
  CHECK(published_ids(shop.state()) == std::vector<std::string>{second, first});
}

TEST_CASE("snapshots: a torn line of the history is left out and spoils no other") {
  Shop shop;
  next_snapshot(shop, "1,anna,1,2026-01-31\n");
  std::ofstream(shop.state() / "marts" / "history.jsonl", std::ios::app) << "{\"at\":\"2026-";
  next_snapshot(shop, "2,anna,1,2026-01-31\n");
  CHECK(history_text(shop) == "publish publish ");
}

TEST_CASE("snapshots: pruning leaves the current one and every one that is read") {
  Shop shop;
  std::vector<std::string> ids;
  for (int i = 0; i < 4; ++i) {
    ids.push_back(next_snapshot(shop, std::to_string(i) + ",anna,1,2026-01-31\n"));
  }
  auto reader =
      std::make_optional(engine::SnapshotLease::share(engine::snapshot_path(shop.state(), ids[1])));
  REQUIRE(reader->has_value());
  const auto lock = MartsLock::take(shop.state());
  REQUIRE(lock);
  CHECK(*prune(*lock, 1, shop.clock.now()) == std::vector<std::string>{ids[2], ids[0]});
  CHECK(published_ids(shop.state()) == std::vector<std::string>{ids[3], ids[1]});
  reader.reset();
  CHECK(*prune(*lock, 1, shop.clock.now()) == std::vector<std::string>{ids[1]});
  CHECK(shop.snapshot_files() == std::vector<std::string>{ids[3] + ".db"});
  CHECK(history_text(shop) == "publish publish publish publish prune prune prune ");
  // What is gone is not leased.
  CHECK_FALSE(engine::SnapshotLease::share(engine::snapshot_path(shop.state(), ids[1])));
}

TEST_CASE("snapshots: what differs is named, table by table") {
  Shop shop;
  const std::string first = next_snapshot(shop, "1,anna,1,2026-01-31\n2,bert,1,2026-01-31\n");
  shop.mart("orders").tests = {data_test("orders.rows", "orders", "", catalog::RowCount{1, {}})};
  shop.mart("orders").columns.push_back(column("note"));
  shop.mart("orders").sql =
      "SELECT order_id, customer_id, cents, day, 'x' AS note FROM "
      "stg_orders_typed";
  shop.touch();
  const std::string second =
      next_snapshot(shop, "1,anna,1,2026-01-31\n2,bert,1,2026-01-31\n3,anna,1,2026-01-31\n");
  const auto path = [&](const std::string& id) { return engine::snapshot_path(shop.state(), id); };
  const auto diff = diff_snapshots(path(first), path(second));
  REQUIRE(diff);
  REQUIRE(diff->tables.size() == 2);
  CHECK(diff->tables[0].name == "customers");
  CHECK(diff->tables[0].movement == Movement::Same);
  CHECK(diff->tables[1].movement == Movement::Changed);
  CHECK(diff->tables[1].rows_before == 2);
  CHECK(diff->tables[1].rows_after == 3);
  CHECK(diff->tables[1].schema == std::vector<std::string>{"+ note TEXT"});
  REQUIRE(diff->loads.size() == 1);
  CHECK(diff->loads[0].rows_after == 3);
  REQUIRE(diff->tests.size() == 1);
  CHECK(diff->tests[0].before.empty());
  CHECK(diff->tests[0].after == "pass");
  CHECK_FALSE(diff->is_empty());
  const auto same = diff_snapshots(path(second), path(second));
  REQUIRE(same);
  CHECK(same->is_empty());
}
