#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>

#include "base/files.h"
#include "build/fixture.h"

using namespace martgate;
using namespace martgate::build;
using catalog::DataType;
using catalog::Layer;

namespace {

constexpr std::string_view kGoodRows =
    "1,anna,12.50,2026-01-31\n"
    "2,bert,3.05,2026-02-28\n"
    "3,anna,0.10,2026-02-28\n"
    "4,,7,\n";

}  // namespace

TEST_CASE("build: without an ingest nothing is built and the command is named") {
  Shop shop;
  CHECK(shop.error_text().find("run: martgate ingest") != std::string::npos);
  CHECK(shop.files().empty());
}

TEST_CASE("build: a value that does not fit its type is named with model, column, value and key") {
  Shop shop;
  shop.ingest_csv("1,anna,5,2026-01-31\nseven,bert,5,2026-01-31\n");
  CHECK(shop.error_text() ==
        "stg_orders_typed.sql: column order_id (integer) cannot hold text \"seven\"");
  shop.mart("stg_orders_typed").primary_key = {"customer_id"};
  CHECK(shop.error_text().find("in the row with customer_id = text \"bert\"") != std::string::npos);
  shop.mart("stg_orders_typed").columns[0].classification = catalog::Classification::Restricted;
  CHECK(shop.error_text().find("seven") == std::string::npos);
  CHECK(shop.files().empty());
}

TEST_CASE("build: days that do not exist, odd timestamps and booleans are refused") {
  struct Case {
    DataType type;
    std::string sql;
    bool is_good;
  };
  const std::vector<Case> cases{
      {DataType::Date, "'2026-02-29'", false},
      {DataType::Date, "'2026-2-01'", false},
      {DataType::Date, "'2026-01-01 '", false},
      {DataType::Date, "'2026-01-01 00:00:00'", false},
      {DataType::Date, "'0000-01-01'", false},
      {DataType::Date, "'now'", false},
      {DataType::Date, "''", false},
      {DataType::Date, "20260101", false},
      {DataType::Date, "'2024-02-29'", true},
      {DataType::Date, "NULL", true},
      {DataType::Timestamp, "'2026-01-01'", false},
      {DataType::Timestamp, "'2026-01-01T00:00:00'", false},
      {DataType::Timestamp, "'2026-01-01 24:00:00'", false},
      {DataType::Timestamp, "'2026-01-01 23:59:59.5'", false},
      {DataType::Timestamp, "'2026-01-01 23:59:59'", true},
      {DataType::Boolean, "2", false},
      {DataType::Boolean, "'true'", false},
      {DataType::Boolean, "true", true},
      {DataType::Boolean, "NULL", true},
      {DataType::Integer, "1.5", false},
      {DataType::Integer, "'12'", true},
      {DataType::Decimal, "1.5", false},
      {DataType::Decimal, "150.0", true},
      {DataType::Real, "'x'", false},
      {DataType::Real, "'1e3'", true},
      {DataType::Text, "7", true},
      {DataType::Text, "x'00'", false},
  };
  Shop shop;
  shop.ingest_csv(kGoodRows);
  for (const Case& c : cases) {
    CAPTURE(c.sql);
    shop.mart("customers").columns[0].type = c.type;
    shop.mart("customers").sql = "SELECT " + c.sql + " AS customer_id";
    shop.mart("orders").relationships.clear();
    shop.touch();
    const auto report = shop.try_build();
    CHECK(report.has_value() == c.is_good);
    if (!report) CHECK(report.error().reason == "model_failed");
  }
}

TEST_CASE("build: a key that occurs twice is named") {
  Shop shop;
  shop.ingest_csv("1,anna,5,2026-01-31\n2,bert,5,2026-01-31\n2,carl,5,2026-01-31\n");
  CHECK(shop.error_text() ==
        "orders.yaml: (order_id) of orders is not unique, as primary_key says;"
        " for example order_id = 2 (2 rows)");
  shop.mart("orders").primary_key = {"order_id", "customer_id"};
  shop.mart("customers").primary_key.clear();
  shop.mart("customers").sql = "SELECT 'anna' AS customer_id FROM stg_orders";
  CHECK(shop.error_text() ==
        "customers.yaml: (customer_id) of customers is not unique, as relationship orders.customer "
        "says;"
        " for example customer_id = text \"anna\" (3 rows)");
}

TEST_CASE("build: models become strict tables with indexes, staging is left out") {
  Shop shop;
  shop.ingest_csv(kGoodRows);
  const BuildReport report = shop.build_all();
  CHECK(report.is_published);
  CHECK(report.facts.id.starts_with("snap_"));
  CHECK(report.facts.id.size() == std::string_view("snap_3f9a1c20b7e4d581").size());
  CHECK(report.facts.id == engine::snapshot_id(report.facts));
  CHECK(shop.values("SELECT order_id || ':' || coalesce(customer_id, '') || ':' || cents FROM "
                    "orders ORDER BY 1") == "1:anna:1250 2:bert:305 3:anna:10 4::700");
  CHECK(shop.values("SELECT name FROM sqlite_schema WHERE type = 'index' AND name NOT LIKE "
                    "'sqlite_%' ORDER BY 1") ==
        "customers__customer_id orders__customer_id orders__order_id");
  CHECK(shop.values("SELECT count(*) FROM sqlite_schema WHERE name LIKE 'stg_%'") == "0");
  CHECK(shop.values("SELECT count(*) FROM sqlite_stat1 WHERE tbl = 'orders'") == "2");
  CHECK(shop.snapshot_files() == std::vector<std::string>{report.facts.id + ".db"});
}

TEST_CASE("build: the facts in the file are those of the report") {
  Shop shop;
  shop.ingest_csv(kGoodRows);
  shop.mart("orders").tests = {
      data_test("orders.day.not_null", "orders", "day", catalog::NotNull{})};
  shop.mart("orders").tests[0].severity = catalog::Severity::Warn;
  const BuildReport report = shop.build_all();
  const auto facts = engine::read_facts(engine::snapshot_path(shop.state(), report.facts.id));
  REQUIRE(facts);
  CHECK(facts->id == report.facts.id);
  CHECK(facts->project == "shop");
  CHECK(facts->project_digest == shop.project.digest);
  CHECK(facts->commit == "abc");
  REQUIRE(facts->loaded.size() == 1);
  CHECK(facts->loaded[0].rows == 4);
  REQUIRE(facts->models.size() == 4);
  CHECK(facts->models[0].name == "stg_orders");
  CHECK(facts->model("orders")->rows == 4);
  CHECK(facts->model("customers")->rows == 2);
  CHECK(facts->model("customers")->layer == "marts");
  CHECK(facts->raw_tables_behind("orders") == std::vector<std::string>{"shop_orders"});
  REQUIRE(facts->tests.size() == 1);
  CHECK(facts->tests[0].verdict == engine::Verdict::Warn);
  CHECK(facts->tests[0].observed == "1 rows without a value");
}

TEST_CASE("build: a failing test of severity error keeps the old snapshot, a warning publishes") {
  Shop shop;
  shop.ingest_csv(kGoodRows);
  const std::string first = shop.build_all().facts.id;
  shop.mart("orders").tests = {
      data_test("orders.day.not_null", "orders", "day", catalog::NotNull{})};
  shop.touch();
  const BuildReport refused = shop.build_all();
  CHECK_FALSE(refused.is_published);
  CHECK_FALSE(refused.is_up_to_date);
  REQUIRE(refused.tests_with(engine::Verdict::Fail).size() == 1);
  CHECK(refused.tests_with(engine::Verdict::Fail)[0]->name == "orders.day.not_null");
  CHECK(*engine::current_snapshot(shop.state()) == first);
  CHECK(shop.snapshot_files() == std::vector<std::string>{first + ".db"});
  shop.mart("orders").tests[0].severity = catalog::Severity::Warn;
  shop.touch();
  const BuildReport warned = shop.build_all();
  CHECK(warned.is_published);
  CHECK(warned.tests_with(engine::Verdict::Warn).size() == 1);
  CHECK(*engine::current_snapshot(shop.state()) == warned.facts.id);
}

TEST_CASE("build: every kind of test passes and fails, and NULL passes all but not_null") {
  using namespace catalog;
  struct Case {
    std::string what;
    std::string column;
    Check check;
    std::string where;
    bool is_good;
    std::string observed;
    std::string expected;
  };
  const std::vector<Case> cases{
      {"not_null", "customer_id", NotNull{}, "", false, "1 rows without a value",
       "a value in every row"},
      {"not_null where", "customer_id", NotNull{}, "order_id < 4", true, "0 rows without a value",
       "a value in every row"},
      {"unique", "customer_id", Unique{}, "", false,
       "1 values that occur more than once, such as \"anna\"", "every value once"},
      {"unique two", "", Unique{{"customer_id", "day"}}, "", true,
       "0 keys that occur more than once", "every value once"},
      {"unique NULL", "day", Unique{}, "order_id <> 2", true, "0 values that occur more than once",
       "every value once"},
      {"values", "customer_id", AcceptedValues{{std::string("anna"), std::string("bert")}}, "",
       true, "0 rows with another value", "one of anna, bert"},
      {"values", "customer_id", AcceptedValues{{std::string("anna")}}, "", false,
       "1 rows with another value, such as \"bert\"", "one of anna"},
      {"values of a decimal", "cents", AcceptedValues{{12.5, 3.05, 0.1, std::int64_t{7}}}, "", true,
       "0 rows with another value", "one of 12.5, 3.05, 0.1, 7"},
      {"relationship", "customer_id", References{"customers", "customer_id"}, "", true,
       "0 rows without a match", "a value of customers.customer_id"},
      {"relationship", "order_id", References{"customers", "customer_id"}, "", false,
       "4 rows without a match, such as 1", "a value of customers.customer_id"},
      {"matches", "customer_id", Matches{"^[a-z]{4}$"}, "", true, "0 rows that do not match",
       "matches ^[a-z]{4}$"},
      {"matches", "customer_id", Matches{"nna"}, "", false,
       "1 rows that do not match, such as \"bert\"", "matches nna"},
      {"row_count", "", RowCount{1, 4}, "", true, "4 rows", "between 1 and 4 rows"},
      {"row_count", "", RowCount{5, {}}, "", false, "4 rows", "at least 5 rows"},
      {"row_count where", "", RowCount{{}, 1}, "cents > 100", false, "3 rows", "at most 1 rows"},
      {"sql", "", SqlCheck{"SELECT count(*) FROM orders", Comparison::MustBe, 4, 0}, "", true, "4",
       "4"},
      {"sql", "", SqlCheck{"SELECT count(*) FROM orders", Comparison::MustNotBe, 4, 0}, "", false,
       "4", "anything but 4"},
      {"sql", "", SqlCheck{"SELECT 1.5", Comparison::MustBeLessThan, 1.5, 0}, "", false, "1.5",
       "less than 1.5"},
      {"sql", "", SqlCheck{"SELECT 1.5", Comparison::MustBeGreaterThan, 1, 0}, "", true, "1.5",
       "more than 1"},
      {"sql", "", SqlCheck{"SELECT '2'", Comparison::MustBeBetween, 1, 2}, "", true, "\"2\"",
       "between 1 and 2"},
      {"sql over staging", "",
       SqlCheck{"SELECT count(*) FROM stg_orders", Comparison::MustBe, 4, 0}, "", true, "4", "4"},
      {"sql without a value", "", SqlCheck{"SELECT NULL", Comparison::MustNotBe, 0, 0}, "", false,
       "NULL", "anything but 0"},
  };
  Shop shop;
  shop.mart("orders").columns[2].scale = 2;
  shop.ingest_csv(kGoodRows);
  for (const Case& c : cases) {
    CAPTURE(c.what);
    CAPTURE(c.column);
    auto test = data_test("orders.t", "orders", c.column, c.check);
    test.where = c.where;
    test.severity = Severity::Warn;
    shop.mart("orders").tests = {test};
    shop.touch();
    const BuildReport report = shop.build_all();
    REQUIRE(report.facts.tests.size() == 1);
    const engine::TestResult& result = report.facts.tests[0];
    CHECK(result.verdict == (c.is_good ? engine::Verdict::Pass : engine::Verdict::Warn));
    CHECK(result.observed == c.observed);
    CHECK(result.expected == c.expected);
  }
}

TEST_CASE("build: values of a restricted column are not repeated in test results") {
  Shop shop;
  shop.ingest_csv(kGoodRows);
  shop.mart("orders").columns[1].classification = catalog::Classification::Restricted;
  shop.mart("orders").tests = {
      data_test("orders.a", "orders", "customer_id", catalog::Matches{"nna"}),
      data_test("orders.b", "orders", "customer_id", catalog::Unique{}),
      data_test("orders.c", "orders", "", catalog::Unique{{"customer_id"}}),
  };
  const BuildReport report = shop.build_all();
  for (const engine::TestResult& test : report.facts.tests) {
    CHECK(test.verdict == engine::Verdict::Fail);
    CHECK(test.observed.find("anna") == std::string::npos);
    CHECK(test.observed.find("bert") == std::string::npos);
  }
}

TEST_CASE("build: a test that cannot be run is an error, not a verdict") {
  Shop shop;
  shop.ingest_csv(kGoodRows);
  shop.mart("orders").tests = {
      data_test("orders.two", "orders", "", catalog::SqlCheck{"SELECT order_id FROM orders"})};
  CHECK(shop.error_text() ==
        "orders.yaml: test orders.two: the query gives 4 rows of 1 columns instead of one value");
  CHECK(shop.files().empty());
}

TEST_CASE("build: the same project and loads are the same snapshot, and nothing is computed") {
  Shop shop;
  shop.ingest_csv(kGoodRows);
  const BuildReport first = shop.build_all();
  const BuildReport second = shop.build_all();
  CHECK(second.is_up_to_date);
  CHECK_FALSE(second.is_published);
  CHECK(second.computed.empty());
  CHECK(second.facts.id == first.facts.id);
  // By force everything is computed, and found to be the same.
  const BuildReport forced = shop.build_all({.force = true});
  CHECK(forced.is_up_to_date);
  CHECK(forced.computed.size() == 4);
  CHECK(forced.changed.empty());
  CHECK(forced.facts.id == first.facts.id);
  CHECK(forced.facts.built_at == first.facts.built_at);
}

TEST_CASE(
    "build: loads that change no row change no mart, other rows change the marts that see them") {
  Shop shop;
  shop.ingest_csv(kGoodRows);
  const BuildReport first = shop.build_all();
  // Another file, the same rows: the loads are other ones, the marts are not.
  shop.ingest_csv(std::string(kGoodRows) + "\n");
  const BuildReport reloaded = shop.build_all();
  CHECK(reloaded.is_published);
  CHECK(reloaded.facts.id != first.facts.id);
  CHECK(reloaded.computed == std::vector<std::string>{"stg_orders"});
  CHECK(reloaded.changed.empty());
  CHECK(shop.values("SELECT count(*) FROM orders") == "4");
  // A row that only orders shows; customers are computed again and found the same.
  shop.ingest_csv(std::string(kGoodRows) + "5,anna,1,2026-03-01\n");
  const BuildReport grown = shop.build_all();
  CHECK(grown.computed.size() == 4);
  CHECK(grown.changed == std::vector<std::string>{"orders"});
  CHECK(grown.facts.model("customers")->content == first.facts.model("customers")->content);
}

TEST_CASE("build: a changed model is computed again with the staging it needs, and no other") {
  Shop shop;
  shop.ingest_csv(kGoodRows);
  const BuildReport first = shop.build_all();
  shop.mart("customers").sql += " ORDER BY 1";
  shop.touch();
  const BuildReport second = shop.build_all();
  CHECK(second.is_published);
  CHECK(second.computed == std::vector<std::string>{"customers"});
  CHECK(second.changed.empty());
  CHECK(shop.values("SELECT order_id FROM orders ORDER BY 1") == "1 2 3 4");
  CHECK(shop.values("SELECT name FROM sqlite_schema WHERE type = 'index' AND name NOT LIKE "
                    "'sqlite_%' ORDER BY 1") ==
        "customers__customer_id orders__customer_id orders__order_id");
  CHECK(second.facts.model("orders")->content == first.facts.model("orders")->content);
}

TEST_CASE("build: a model that reads the clock or random numbers is noticed") {
  Shop shop;
  shop.ingest_csv(kGoodRows);
  shop.mart("stg_orders").sql = "SELECT id, customer, amount, day FROM raw.shop_orders";
  shop.mart("stg_orders_typed").sql =
      "SELECT id AS order_id, customer AS customer_id, abs(random() % 1000000007) AS cents, day "
      "FROM stg_orders";
  shop.touch();
  shop.build_all();
  shop.mart("orders").sql += " WHERE true";
  shop.touch();
  const auto report = shop.try_build();
  REQUIRE_FALSE(report);
  CHECK(report.error().reason == "not_repeatable");
}

TEST_CASE("build: the same build gives the same bytes, whatever the number of workers") {
  Shop shop;
  std::string rows;
  for (int i = 0; i < 3'000; ++i)
    rows += std::to_string(i) + ",c" + std::to_string(i % 97) + ",1.5,2026-01-31\n";
  shop.ingest_csv(rows);
  for (int i = 0; i < 6; ++i) {
    const std::string name = "mart_" + std::to_string(i);
    shop.add(model(Layer::Marts, name,
                   "SELECT order_id, count(*) OVER (PARTITION BY customer_id) AS n FROM " +
                       std::string(i % 2 == 0 ? "orders" : "stg_orders_typed"),
                   {column("order_id", DataType::Integer), column("n", DataType::Integer)}));
    shop.mart(name).primary_key = {"order_id"};
  }
  const FrozenClock clock(shop.clock.now());
  std::string first;
  for (const int workers : {1, 2, 5}) {
    CAPTURE(workers);
    std::filesystem::remove_all(shop.state() / "marts");
    const auto report = build::build(shop.project, shop.loaded(), clock, {.workers = workers});
    REQUIRE(report);
    const auto bytes = read_file(engine::snapshot_path(shop.state(), report->facts.id));
    REQUIRE(bytes);
    if (first.empty()) first = *bytes;
    CHECK(*bytes == first);
  }
}

TEST_CASE("build: the first error is the same for any number of workers") {
  Shop shop;
  shop.ingest_csv(kGoodRows);
  for (const char* name : {"a_mart", "b_mart", "c_mart"}) {
    shop.add(model(Layer::Marts, name, "SELECT customer_id FROM stg_orders_typed",
                   {column("customer_id", DataType::Integer)}));
  }
  for (const int workers : {1, 2, 5}) {
    for (int round = 0; round < 10; ++round) {
      CHECK(shop.error_text({.workers = workers}).find("a_mart.sql") != std::string::npos);
    }
  }
}

TEST_CASE("build: what was not selected keeps its rows and says that it is behind") {
  Shop shop;
  shop.ingest_csv(kGoodRows);
  CHECK(shop.error_text({.chosen = {"orders"}}).find("holds no customers") != std::string::npos);
  const BuildReport first = shop.build_all();
  shop.ingest_csv("9,zoe,1,2026-03-01\n");
  shop.touch();
  const BuildReport part = shop.build_all({.chosen = {"orders"}});
  CHECK(part.is_published);
  CHECK(part.changed == std::vector<std::string>{"orders"});
  CHECK(shop.values("SELECT order_id FROM orders") == "9");
  CHECK(shop.values("SELECT customer_id FROM customers ORDER BY 1") == "anna bert");
  // Old rows are as old as the loads they came from, and the project is not built yet.
  CHECK(part.facts.project_digest == first.facts.project_digest);
  CHECK(part.facts.loaded[0].last_loaded_at == first.facts.loaded[0].last_loaded_at);
  const BuildReport whole = shop.build_all();
  CHECK(whole.changed == std::vector<std::string>{"customers"});
  CHECK(whole.facts.project_digest == shop.project.digest);
  CHECK(shop.values("SELECT customer_id FROM customers") == "zoe");
}

TEST_CASE("build: loads that are not those of the raw store any more are refused") {
  Shop shop;
  shop.ingest_csv(kGoodRows);
  const auto before = shop.loaded();
  shop.ingest_csv("9,zoe,1,2026-03-01\n");
  const auto report = build::build(shop.project, before, shop.clock);
  REQUIRE_FALSE(report);
  CHECK(report.error().reason == "raw_changed");
}

TEST_CASE("build: progress names every model and test, then the publishing") {
  Shop shop;
  shop.ingest_csv(kGoodRows);
  shop.mart("orders").tests = {data_test("orders.rows", "orders", "", catalog::RowCount{1, {}})};
  std::string told;
  BuildOptions options;
  options.progress = [&](const BuildProgress& progress) {
    told += std::string(progress.phase) + std::to_string(progress.done) + "/" +
            std::to_string(progress.total) + " ";
  };
  options.workers = 2;
  shop.build_all(options);
  CHECK(told == "models0/4 models1/4 models2/4 models3/4 tests0/1 publish0/1 publish1/1 ");
}

TEST_CASE("build: the raw store is never written") {
  Shop shop;
  shop.ingest_csv(kGoodRows);
  const auto raw = ingest::raw_store_path(shop.state());
  const auto before = read_file(raw);
  shop.build_all();
  CHECK(*before == *read_file(raw));
}

TEST_CASE("build: the last snapshots are kept and never the current one removed") {
  Shop shop;
  shop.ingest_csv(kGoodRows);
  shop.project.settings.snapshots_keep = 2;
  std::string last;
  for (int i = 0; i < 4; ++i) {
    shop.touch();
    last = shop.build_all().facts.id;
  }
  const auto files = shop.snapshot_files();
  CHECK(files.size() == 2);
  CHECK(std::ranges::find(files, last + ".db") != files.end());
  shop.project.settings.snapshots_keep = 0;
  shop.touch();
  last = shop.build_all().facts.id;
  CHECK(shop.snapshot_files() == std::vector<std::string>{last + ".db"});
}

TEST_CASE("build: a second build of the same state folder is refused while one runs") {
  Shop shop;
  shop.ingest_csv(kGoodRows);
  const auto path = shop.state() / "build.lock";
  const int held = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  REQUIRE(::flock(held, LOCK_EX) == 0);
  CHECK(shop.error_text().find("another build holds") != std::string::npos);
  ::close(held);
  CHECK(shop.build_all().is_published);
}
