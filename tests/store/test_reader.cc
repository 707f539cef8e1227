#include <doctest/doctest.h>

#include <stop_token>

#include "base/clock.h"
#include "store/connection.h"
#include "store/reader.h"
#include "temp_folder.h"

using namespace martgate;
using namespace martgate::store;

namespace {

// A mart of 1,000 sales in two regions, and a table no reader may see.
struct Mart {
  TempFolder folder;
  std::filesystem::path path = folder.path() / "mart.db";
  SystemClock clock;

  Mart() {
    auto writer = Connection::open_writable(path, Durability::Build);
    REQUIRE(writer);
    REQUIRE(writer->execute(
        "CREATE TABLE sales(id INTEGER, region TEXT, amount INTEGER) STRICT;"
        "CREATE TABLE _martgate_secret(x TEXT);"
        "INSERT INTO _martgate_secret VALUES('s');"
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)"
        " INSERT INTO sales SELECT i, CASE i % 2 WHEN 0 THEN 'EU' ELSE 'US' END, i FROM n;"));
  }
  Reader open() const {
    auto reader = Reader::open(path, clock);
    REQUIRE(reader);
    return std::move(*reader);
  }
};

}  // namespace

TEST_CASE("reader: nothing but a plain SELECT over marts is accepted") {
  const Mart mart;
  Reader reader = mart.open();
  const std::vector<std::string> refused{
      "DELETE FROM sales",
      "INSERT INTO sales VALUES(1, 'x', 1)",
      "DROP TABLE sales",
      "CREATE TEMP TABLE t(x)",
      "ATTACH 'other.db' AS o",
      "VACUUM INTO 'copy.db'",
      "PRAGMA query_only=OFF",
      "SELECT * FROM pragma_table_info('sales')",
      "SELECT * FROM sqlite_master",
      "SELECT * FROM _martgate_secret",
      "WITH sales AS (SELECT * FROM _martgate_secret) SELECT * FROM sales",
      "SELECT load_extension('x')",
      "SELECT hex(zeroblob(1000))",
      "SELECT printf('%.*c', 2000000000, 'x')",
      "SELECT randomblob(10)",
      "SELECT 1; SELECT 2",
      "",
  };
  for (const std::string& sql : refused) {
    CAPTURE(sql);
    CHECK_FALSE(reader.run(Sql::rendered(sql), {}, {}));
  }
  CHECK(reader.run("SELECT count(*) FROM sales", {}, {}));
}

TEST_CASE("reader: the columns that are read are reported, through aliases, CTEs and subqueries") {
  const Mart mart;
  Reader reader = mart.open();
  const ReadSet region_and_amount{{{"main", "sales"}, {"amount", "region"}}};
  for (const std::string_view sql :
       {"SELECT region, sum(amount) FROM sales GROUP BY 1",
        "WITH s AS (SELECT * FROM sales) SELECT region AS r, amount FROM s",
        "SELECT x.region FROM (SELECT * FROM sales) AS x WHERE x.amount > 3"}) {
    CAPTURE(sql);
    const auto reads = reader.reads(Sql::rendered(sql));
    REQUIRE(reads);
    for (const auto& column : region_and_amount.begin()->second)
      CHECK(reads->at({"main", "sales"}).contains(column));
  }
  const auto counted = reader.reads("SELECT count(*) FROM sales");
  REQUIRE(counted);
  CHECK(counted->at({"main", "sales"}).empty());
}

namespace {

// Time in which somebody takes a request back: when the reader looks at the clock for the last of
// `looks` times.
class StoppingClock final : public Clock {
 public:
  explicit StoppingClock(int looks) : looks_(looks) {}
  [[nodiscard]] WallTime now() const override { return {}; }
  [[nodiscard]] std::int64_t monotonic_ns() const override {
    if (--looks_ == 0) stop.request_stop();
    return 0;
  }

  mutable std::stop_source stop;

 private:
  mutable int looks_;
};

}  // namespace

TEST_CASE("reader: a query that is taken back stops where it is, and the next one runs") {
  const Mart mart;
  const StoppingClock clock(5);
  auto reader = Reader::open(mart.path, clock);
  REQUIRE(reader);
  RunLimits limits;
  limits.vm_steps_max = 1'000'000'000'000;
  limits.cancel = clock.stop.get_token();
  const auto stopped = reader->run(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n", {},
      limits);
  REQUIRE_FALSE(stopped);
  CHECK(stopped.error().code == Code::Unavailable);
  CHECK(stopped.error().reason == "cancelled");
  // One that was taken back before it began does not begin.
  CHECK(reader->run("SELECT 1", {}, limits).error().reason == "cancelled");
  CHECK(reader->run("SELECT 1", {}, {}));
}

TEST_CASE(
    "reader: a query that does not end stops at its steps, and one more row than asked is "
    "noticed") {
  const Mart mart;
  Reader reader = mart.open();
  RunLimits limits;
  limits.vm_steps_max = 100'000;
  const auto endless = reader.run(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n", {},
      limits);
  REQUIRE_FALSE(endless);
  CHECK(endless.error().code == Code::ResourceExhausted);
  CHECK(endless.error().reason == "vm_steps_max");

  limits = {};
  limits.rows_max = 10;
  const auto cut = reader.run("SELECT id FROM sales ORDER BY id", {}, limits);
  REQUIRE(cut);
  CHECK(cut->rows.row_count() == 10);
  CHECK(cut->more_rows);
  limits.rows_max = 1'000;
  const auto whole = reader.run("SELECT id FROM sales ORDER BY id", {}, limits);
  REQUIRE(whole);
  CHECK(whole->rows.row_count() == 1'000);
  CHECK_FALSE(whole->more_rows);
}

TEST_CASE("reader: a wall clock limit stops a query by its own name") {
  class Ticking final : public Clock {
   public:
    [[nodiscard]] WallTime now() const override { return {}; }
    [[nodiscard]] std::int64_t monotonic_ns() const override { return at_ += 1'000'000; }

   private:
    mutable std::int64_t at_ = 0;
  };
  const Mart mart;
  const Ticking clock;
  auto reader = Reader::open(mart.path, clock);
  REQUIRE(reader);
  RunLimits limits;
  limits.wall_ms_max = 5;
  const auto slow = reader->run(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) SELECT "
      "max(i) FROM n",
      {}, limits);
  REQUIRE_FALSE(slow);
  CHECK(slow.error().reason == "wall_ms_max");
}

TEST_CASE("reader: values are bound, never spliced") {
  const Mart mart;
  Reader reader = mart.open();
  const std::vector<Value> values{std::string("EU' OR '1'='1")};
  const auto none = reader.run("SELECT count(*) FROM sales WHERE region = ?", values, {});
  REQUIRE(none);
  CHECK(std::get<std::int64_t>(none->rows.at(0, 0)) == 0);
  CHECK_FALSE(reader.run("SELECT count(*) FROM sales WHERE region = ?", {}, {}));
}

TEST_CASE("reader: median is the middle value, or the mean of the middle two, and ignores NULL") {
  const Mart mart;
  Reader reader = mart.open();
  const auto result = reader.run(
      "SELECT (SELECT median(amount) FROM sales WHERE id <= 5), (SELECT median(amount) FROM sales "
      "WHERE id <= 4),"
      " (SELECT median(amount) FROM sales WHERE id < 0), (SELECT median(CASE WHEN id > 2 THEN "
      "amount END) FROM sales WHERE id <= 5)",
      {}, {});
  REQUIRE(result);
  CHECK(std::get<double>(result->rows.at(0, 0)) == 3.0);
  CHECK(std::get<double>(result->rows.at(0, 1)) == 2.5);
  CHECK(is_null(result->rows.at(0, 2)));
  CHECK(std::get<double>(result->rows.at(0, 3)) == 4.0);
}

TEST_CASE("reader: a missing file and a file that is no database are refused") {
  const TempFolder folder;
  const SystemClock clock;
  CHECK_FALSE(Reader::open(folder.path() / "absent.db", clock));
  CHECK_FALSE(std::filesystem::exists(folder.path() / "absent.db"));
}

TEST_CASE("connection: a transaction that is not committed leaves nothing") {
  auto connection = Connection::open_memory();
  REQUIRE(connection);
  REQUIRE(connection->execute("CREATE TABLE t(x INTEGER)"));
  {
    auto transaction = Transaction::begin(*connection);
    REQUIRE(transaction);
    REQUIRE(connection->execute("INSERT INTO t VALUES(1)"));
  }
  CHECK(std::get<std::int64_t>(*connection->query_value("SELECT count(*) FROM t")) == 0);
  {
    auto transaction = Transaction::begin(*connection);
    REQUIRE(transaction);
    REQUIRE(connection->execute("INSERT INTO t VALUES(1)"));
    REQUIRE(transaction->commit());
  }
  CHECK(std::get<std::int64_t>(*connection->query_value("SELECT count(*) FROM t")) == 1);
}

TEST_CASE("connection: prepare_select refuses what is not a SELECT and reports reads by schema") {
  auto connection = Connection::open_memory();
  REQUIRE(connection);
  REQUIRE(
      connection->execute("CREATE TABLE t(x, y); ATTACH ':memory:' AS raw; CREATE TABLE raw.r(z)"));
  CHECK_FALSE(connection->prepare_select("DELETE FROM t"));
  CHECK_FALSE(connection->prepare_select("PRAGMA user_version"));
  CHECK_FALSE(connection->prepare_select("ATTACH 'x.db' AS y"));
  const auto prepared = connection->prepare_select("SELECT x FROM t, raw.r WHERE z = 1");
  REQUIRE(prepared);
  CHECK(prepared->reads == ReadSet{{{"main", "t"}, {"x"}}, {{"raw", "r"}, {"z"}}});
}
