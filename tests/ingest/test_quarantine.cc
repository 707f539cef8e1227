#include <doctest/doctest.h>

#include "ingest/fixture.h"
#include "ingest/load_history.h"
#include "ingest/quarantine.h"

using namespace martgate;
using namespace martgate::ingest;

namespace {

ReplayReport::Table replay(Shop& shop) {
  const auto report =
      replay_quarantine(shop.project, shop.project.settings.state_folder, shop.clock);
  REQUIRE_MESSAGE(report.has_value(), (report ? "" : to_text(report.error())));
  return report->tables.empty() ? ReplayReport::Table() : report->tables[0];
}

// Three rows whose amounts the contract does not read yet, among good ones.
struct Waiting : Shop {
  Waiting() {
    column("amount").data_type = "decimal";
    column("amount").contract.scale = 2;
    write("orders-1.csv",
          "amount,email,id\n5.00,a,1\n\"1,234.50\",\"b\nb\",2\n$7,c,3\n\"1,2\",d,4\n9,e\n");
    ingest_all();
  }
  void read_separators() {
    column("amount").contract.number.group = ',';
    column("amount").contract.number.prefix = "$";
  }
};

}  // namespace

TEST_CASE("quarantine: nothing is replayed while the contract is what it was") {
  Waiting shop;
  CHECK(shop.quarantined() ==
        "3 not_decimal amount, 5 not_decimal amount, 6 not_decimal amount, 7 field_count ");
  const auto report = replay(shop);
  CHECK(report.tried == 4);
  CHECK(report.loaded == 0);
  CHECK(report.kept == 4);
  CHECK(shop.values("SELECT count(*) FROM _martgate_loads") == "1");
}

TEST_CASE("quarantine: after the contract was mended, replay moves rows into raw once") {
  Waiting shop;
  shop.read_separators();
  auto report = replay(shop);
  CHECK(report.loaded == 2);
  CHECK(report.kept == 2);
  CHECK(shop.values("SELECT id || ':' || amount || ':' || _row FROM shop_orders ORDER BY id") ==
        "1:500:1 2:123450:2 3:700:3");
  CHECK(shop.values("SELECT email FROM shop_orders WHERE id = '2'") == "b\nb");
  CHECK(shop.quarantined() == "6 not_decimal amount, 7 field_count ");
  report = replay(shop);
  CHECK(report.loaded == 0);
  CHECK(shop.values("SELECT count(*) FROM shop_orders") == "3");
  CHECK(shop.values("SELECT count(*) FROM _martgate_loads") == "2");
  CHECK(shop.ingest_all().skipped == 1);
}

TEST_CASE("quarantine: replayed rows go with the load they came with") {
  Waiting shop;
  shop.read_separators();
  replay(shop);
  shop.write("orders-1.csv", "id,email,amount\n3,c,$7\n");
  shop.ingest_all();
  CHECK(shop.values("SELECT id FROM shop_orders") == "3");
  CHECK(shop.quarantined().find("not_decimal") != std::string::npos);  // of the replaced load
  CHECK(replay(shop).tried == 0);
}

TEST_CASE("quarantine: a replay obeys unique keys and rows that are there already") {
  Shop shop;
  shop.column("id").unique = true;
  shop.column("amount").data_type = "integer";
  shop.write("orders-1.csv", "id,email,amount\n1,a,5\n2,b,x6\n1,c,x7\n");
  shop.ingest_all();
  CHECK(shop.quarantined() == "3 not_integer amount, 4 not_integer amount");
  shop.column("amount").contract.number.prefix = "x";
  const auto report = replay(shop);
  CHECK(report.loaded == 1);
  CHECK(report.kept == 1);
  CHECK(shop.quarantined() == "4 duplicate_key id");
}

TEST_CASE("quarantine: JSON lines are replayed too, and cut rows never") {
  Shop shop;
  shop.table().format = catalog::FileFormat::Jsonl;
  shop.column("amount").data_type = "integer";
  shop.write("orders-1.csv", "{\"id\":\"1\",\"amount\":\"x\"}\n{\"id\":\"2\",\"email\":\"" +
                                 std::string(70'000, 'e') + "\",\"amount\":\"x\"}\n");
  shop.ingest_all();
  shop.column("amount").contract.null_values = {"x"};
  const auto report = replay(shop);
  CHECK(report.loaded == 1);
  CHECK(report.cut == 1);
  CHECK(report.kept == 1);
}

TEST_CASE("quarantine: rows are counted by reason and shown with their bytes") {
  Waiting shop;
  const auto store = raw_store_path(shop.project.settings.state_folder);
  const auto counts = quarantine_counts(store, {});
  REQUIRE(counts);
  REQUIRE(counts->size() == 2);
  CHECK((*counts)[0].slug == "not_decimal");
  CHECK((*counts)[0].rows == 3);
  const auto rows = quarantined_rows(store, {"shop", "field_count", 10, false});
  REQUIRE(rows);
  REQUIRE(rows->size() == 1);
  CHECK((*rows)[0].raw == "9,e");
  CHECK(quarantined_row(store, (*rows)[0].id)->line == 7);
  CHECK(quarantined_row(store, 99).error().reason == "unknown_row");
  const auto history = load_history(store, shop.project);
  REQUIRE(history);
  CHECK((*history)[0].quarantined == 4);
}

TEST_CASE("ingest: a column whose declared type changed is read again from its files") {
  Shop shop;
  shop.write("orders-1.csv", "id,email,amount\n1,a,5.50\n");
  shop.ingest_all();
  CHECK(shop.values("SELECT typeof(amount) FROM shop_orders") == "text");
  shop.column("amount").data_type = "decimal";
  shop.column("amount").contract.scale = 2;
  CHECK(shop.ingest_all().loaded == 1);
  CHECK(shop.values("SELECT typeof(amount) || amount FROM shop_orders") == "integer550");
  CHECK(shop.ingest_all().skipped == 1);
}

TEST_CASE("ingest: --since leaves older files alone") {
  Shop shop;
  shop.write("orders-1.csv", "id,email,amount\n1,a,5\n");
  shop.write("orders-2.csv", "id,email,amount\n2,b,6\n");
  const auto old = std::filesystem::file_time_type::clock::now() - std::chrono::hours(48);
  std::filesystem::last_write_time(shop.project.settings.data_folder / "orders-1.csv", old);
  IngestOptions options;
  options.since = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()) -
                  std::chrono::hours(24);
  CHECK(shop.ingest_all(options).loaded == 1);
  CHECK(shop.values("SELECT id FROM shop_orders") == "2");
  CHECK(shop.ingest_all().loaded == 1);
}

TEST_CASE("ingest: a store of another format is refused with what to do") {
  Shop shop;
  std::filesystem::create_directories(shop.project.settings.state_folder);
  {
    auto old = store::Connection::open_writable(raw_store_path(shop.project.settings.state_folder),
                                                store::Durability::Full);
    REQUIRE(old);
    REQUIRE(old->execute("CREATE TABLE _martgate_loads(load_id INTEGER)"));
  }
  const auto refused = ingest::ingest(shop.project, shop.project.settings.state_folder, shop.clock);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().reason == "raw_store_format");
}
