#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include "connect/fixture.h"

using namespace martgate;
using namespace martgate::ingest;

namespace {

// A database of somebody else, written through plain SQLite.
class Database {
 public:
  explicit Database(const std::filesystem::path& path) {
    REQUIRE(sqlite3_open(path.c_str(), &handle_) == SQLITE_OK);
  }
  ~Database() { sqlite3_close(handle_); }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void run(const std::string& sql) const {
    char* message = nullptr;
    const int rc = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, &message);
    REQUIRE_MESSAGE(rc == SQLITE_OK, (message == nullptr ? "" : message));
  }

 private:
  sqlite3* handle_ = nullptr;
};

struct SqliteShop : Polled {
  Database database{project.settings.data_folder / "shop.db"};

  SqliteShop() {
    catalog::SqliteAccess access;
    access.database = "shop.db";
    access.busy_ms_max = 0;
    source().connector->access = access;
    catalog::DatabaseRead read;
    read.table = "orders";
    read.cursor = catalog::CursorColumn{"id", catalog::CursorType::Integer, 0};
    table().extract->read = read;
    database.run(
        "CREATE TABLE orders(id INTEGER, amount, updated_at TEXT, note TEXT);"
        "INSERT INTO orders VALUES (1, 5, '2026-11-01 10:00:00', 'x'),"
        " (2, 7.25, '2026-11-02 10:00:00', 'x')");
  }

  catalog::SqliteAccess& access() {
    return std::get<catalog::SqliteAccess>(source().connector->access);
  }
  catalog::DatabaseRead& read() { return std::get<catalog::DatabaseRead>(table().extract->read); }
  void by_time(std::int64_t overlap) {
    read().cursor = catalog::CursorColumn{"updated_at", catalog::CursorType::Timestamp, overlap};
  }
};

}  // namespace

TEST_CASE("sqlite: a query that writes, attaches or is two statements is refused") {
  SqliteShop shop;
  shop.read().table.clear();
  for (const char* query : {"DELETE FROM orders", "SELECT * FROM orders; DROP TABLE orders",
                            "SELECT load_extension('x') AS id, 1 AS amount, 2 AS updated_at",
                            "SELECT * FROM orders) UNION SELECT 1, 2, 3, 4 FROM (SELECT 1",
                            "SELECT id, amount, \"updatedat\" AS updated_at FROM orders"}) {
    INFO(query);
    shop.read().query = query;
    const PullReport report = shop.pulled();
    // Brackets that close and open again still leave one SELECT, which can do nothing but read.
    if (std::string_view(query).find("UNION") != std::string_view::npos) continue;
    REQUIRE(report.error);
    CHECK(report.run.rows == 0);
    CHECK(report.run.attempts == 1);
  }
  shop.database.run("SELECT count(*) FROM orders");
}

TEST_CASE("sqlite: a missing file, a file that is none and a link are refused without a retry") {
  SqliteShop shop;
  const auto data = shop.project.settings.data_folder;
  std::filesystem::create_symlink(data / "shop.db", data / "link.db");
  std::ofstream(data / "text.db") << "this is not a database, whatever its name says, not at all";
  for (const char* name : {"nowhere.db", "text.db", "link.db"}) {
    INFO(name);
    shop.access().database = name;
    const PullReport report = shop.pulled();
    REQUIRE(report.error);
    CHECK(report.run.attempts == 1);
    CHECK(shop.waits.empty());
  }
}

TEST_CASE("sqlite: an unknown table or column is answered with the nearest name") {
  SqliteShop shop;
  shop.read().table = "ordes";
  CHECK(to_text(*shop.pulled().error) ==
        "the database has no table \"ordes\"; did you mean orders; accepted: orders");
  shop.read().table = "orders";
  shop.table().columns[1].name = "amuont";
  const PullReport report = shop.pulled();
  REQUIRE(report.error);
  CHECK(report.error->reason == "schema_drift");
  CHECK(to_text(*report.error) ==
        "the source has no column \"amuont\"; the source has \"amount\";"
        " its columns: id, amount, updated_at, note");
}

TEST_CASE("sqlite: the same table twice brings nothing, new rows come once") {
  SqliteShop shop;
  CHECK(shop.pulled_well().rows == 2);
  CHECK(shop.values("SELECT amount FROM shop_orders ORDER BY id") == "5 7.25");
  const PullRun again = shop.pulled_well();
  CHECK(again.rows == 0);
  CHECK(again.pages == 0);
  shop.database.run("INSERT INTO orders VALUES (3, 9, '2026-11-03', 'x')");
  CHECK(shop.pulled_well().rows == 1);
  CHECK(shop.ids() == "1 2 3");
  CHECK(shop.values("SELECT path FROM _martgate_loads") == "page-000000000001 page-000000000002");
}

TEST_CASE("sqlite: a full run brings what a cursor missed and doubles nothing") {
  SqliteShop shop;
  CHECK(shop.pulled_well().rows == 2);
  shop.database.run("INSERT INTO orders VALUES (0, 1, '2026-10-01', 'x')");  // behind the cursor
  CHECK(shop.pulled_well().rows == 0);
  const PullRun full = shop.pulled_well({.full = true});
  CHECK(full.rows == 1);
  CHECK(full.known == 2);
  CHECK(shop.ids() == "0 1 2");
}

TEST_CASE("sqlite: a run since a value reads from there, this value included") {
  SqliteShop shop;
  IngestOptions options;
  options.connect.since = "2";
  CHECK(shop.pulled_well(options).rows == 1);
  CHECK(shop.ids() == "2");
  options.connect.since = "x";
  const PullReport wrong = shop.pulled(options);
  REQUIRE(wrong.error);
  CHECK(wrong.error->reason == "bad_since");
}

TEST_CASE("sqlite: late rows within the overlap come, changed rows are new versions") {
  SqliteShop shop;
  shop.by_time(2 * 24 * 3600);
  CHECK(shop.pulled_well().rows == 2);
  shop.database.run(
      "INSERT INTO orders VALUES (3, 9, '2026-11-01 12:00:00', 'late');"
      "INSERT INTO orders VALUES (4, 9, '2026-10-30 12:00:00', 'too late');"
      "UPDATE orders SET amount = 6, updated_at = '2026-11-04 10:00:00' WHERE id = 1");
  const PullRun run = shop.pulled_well();
  CHECK(run.rows == 2);
  CHECK(run.known == 1);
  CHECK(shop.values("SELECT id || ':' || amount FROM shop_orders ORDER BY id, amount") ==
        "1:5 1:6 2:7.25 3:9");
}

TEST_CASE("sqlite: a row from the future does not hide the rows behind it") {
  SqliteShop shop;
  shop.by_time(0);
  shop.database.run("INSERT INTO orders VALUES (3, 9, '2099-01-01 00:00:00', 'x')");
  CHECK(shop.pulled_well().rows == 3);
  CHECK(shop.values("SELECT cursor FROM _martgate_pulls") ==
        R"({"column":"updated_at","last":"2026-11-21 10:00:00"})");
  shop.clock.at += std::chrono::hours(1);
  shop.database.run("INSERT INTO orders VALUES (4, 9, '2026-11-21 10:30:00', 'x')");
  const PullRun run = shop.pulled_well();
  CHECK(run.rows == 1);
  CHECK(run.known == 1);
}

TEST_CASE("sqlite: rows without a cursor value are loaded once too") {
  SqliteShop shop;
  shop.database.run("INSERT INTO orders VALUES (NULL, 1, 'a', 'x'), (NULL, 2, 'b', 'x')");
  shop.table().columns[0].required = false;
  CHECK(shop.pulled_well().rows == 4);
  CHECK(shop.pulled_well().rows == 0);
}

TEST_CASE("sqlite: a column that changes is seen by comparing content, not by its cursor alone") {
  SqliteShop shop;
  shop.read().cursor.reset();
  CHECK(shop.pulled_well().rows == 2);
  shop.database.run("UPDATE orders SET amount = 8 WHERE id = 2");
  const PullRun run = shop.pulled_well();
  CHECK(run.rows == 1);
  CHECK(run.known == 1);
}

TEST_CASE("sqlite: a whole table replaces the last one only when a row differs") {
  SqliteShop shop;
  shop.read().cursor.reset();
  shop.table().load = catalog::LoadMode::Snapshot;
  CHECK(shop.pulled_well().rows == 2);
  CHECK(shop.pulled_well().rows == 0);
  shop.database.run("DELETE FROM orders WHERE id = 1; VACUUM");
  CHECK(shop.pulled_well().rows == 1);
  CHECK(shop.ids() == "2");
  CHECK(shop.row_count() == "3");
  shop.database.run("DELETE FROM orders");
  CHECK(shop.pulled_well().pages == 1);
  CHECK(shop.ids().empty());
  CHECK(shop.pulled_well().pages == 0);
}

TEST_CASE("sqlite: bytes, broken text and NUL are kept or quarantined, never guessed") {
  SqliteShop shop;
  shop.database.run(
      "INSERT INTO orders VALUES (3, x'00ff', 'a', ''), (4, CAST(x'41ff' AS TEXT), 'a', ''),"
      " (5, CAST(x'410042' AS TEXT), 'a', ''), (6, 9007199254740993, 'a', ''), (7, 0.1, 'a', ''),"
      " (8, 9e999, 'a', '')");
  const PullRun run = shop.pulled_well();
  CHECK(run.rows == 6);
  CHECK(run.quarantined == 2);
  CHECK(shop.values("SELECT amount FROM shop_orders ORDER BY id") ==
        "5 7.25 \\x00ff 9007199254740993 0.1 Infinity");
  CHECK(shop.values("SELECT reason FROM _martgate_quarantine ORDER BY line") ==
        "holds bytes that are not UTF-8 in amount holds a NUL character in amount");
  CHECK(shop.values("SELECT CAST(raw AS TEXT) FROM _martgate_quarantine ORDER BY line LIMIT 1") ==
        R"({"id":"4","amount":"\\x41ff","updated_at":"a"})");
  CHECK(shop.pulled_well({.full = true}).quarantined == 0);
}

TEST_CASE("sqlite: a locked database is tried again with growing pauses, then given up") {
  SqliteShop shop;
  shop.source().connector->retry = {.attempts_max = 4, .base_ms = 100, .delay_ms_max = 150};
  shop.database.run("BEGIN EXCLUSIVE");
  const PullReport report = shop.pulled();
  REQUIRE(report.error);
  CHECK(report.error->reason == "source_locked");
  CHECK(report.run.attempts == 4);
  REQUIRE(shop.waits.size() == 3);
  CHECK(shop.waits[0] <= 100);
  CHECK(shop.waits[2] <= 150);
  shop.database.run("COMMIT");
  CHECK(shop.pulled_well().rows == 2);
  const auto health = pull_health(raw_store_path(shop.project.settings.state_folder));
  REQUIRE(health);
  REQUIRE(health->size() == 1);
  CHECK((*health)[0].last.rows == 2);
  CHECK((*health)[0].runs == 2);
  CHECK((*health)[0].failures_in_row == 0);
}

TEST_CASE("sqlite: a read that takes longer than its limit is given up") {
  SqliteShop shop;
  shop.access().read_ms_max = 1;
  shop.read().table.clear();
  shop.read().cursor.reset();
  shop.read().query =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000000)"
      " SELECT max(i) AS id, 1 AS amount, 2 AS updated_at FROM n";
  const PullReport report = shop.pulled();
  REQUIRE(report.error);
  CHECK(report.error->reason == "read_ms_max");
}

TEST_CASE("sqlite: rows that share a cursor value are not torn apart by the end of a page") {
  for (const int killed_at : {1, 2, 3, 4}) {
    INFO("killed at call ", killed_at);
    SqliteShop shop;
    shop.read().cursor = catalog::CursorColumn{"updated_at", catalog::CursorType::Text, 0};
    // Thirty rows, ten to a value; a page would like to end after four.
    shop.database.run(
        "DELETE FROM orders;"
        "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 29)"
        " INSERT INTO orders SELECT i, i, 'batch ' || (i / 10), '' FROM n");
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      IngestOptions options;
      options.connect.page_rows = 4;
      int calls = 0;
      options.connect.progress = [&](std::int64_t /*rows*/) {
        if (++calls == killed_at) ::kill(::getpid(), SIGKILL);
      };
      static_cast<void>(shop.try_ingest(options));
      ::_exit(0);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));
    CHECK(shop.pulled_well().rows == 30 - killed_at / 2 * 10);
    CHECK(shop.values("SELECT count(*) || '/' || count(DISTINCT id) FROM shop_orders") == "30/30");
  }
}

TEST_CASE("sqlite: a run that is killed before a commit or behind it loses and doubles nothing") {
  for (const int killed_at : {1, 2, 3, 4, 5}) {
    INFO("killed at call ", killed_at);
    SqliteShop shop;
    // 2,500 rows are three pages; the progress is told before and behind each commit.
    shop.database.run(
        "DELETE FROM orders;"
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)"
        " INSERT INTO orders SELECT i, i % 7, 'u', '' FROM n");
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      IngestOptions options;
      options.connect.page_rows = 1'000;
      int calls = 0;
      options.connect.progress = [&](std::int64_t /*rows*/) {
        if (++calls == killed_at) ::kill(::getpid(), SIGKILL);
      };
      static_cast<void>(shop.try_ingest(options));
      ::_exit(0);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));
    const std::string before = shop.row_count();
    CHECK(std::stoi(before) == killed_at / 2 * 1'000);
    CHECK(shop.pulled_well().rows == 2'500 - std::stoi(before));
    CHECK(shop.values("SELECT count(*) || '/' || count(DISTINCT id) FROM shop_orders") ==
          "2500/2500");
    CHECK(shop.pulled_well().rows == 0);
  }
}
