#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "connect/fixture.h"
#include "connect/postgres_server.h"
#include "ingest/connect/postgres_query.h"

using namespace martgate;
using namespace martgate::ingest;

namespace {

struct PostgresShop : Polled {
  const PostgresServer& server;
  std::string password = PostgresServer::kPassword;

  explicit PostgresShop(const PostgresServer& server_in) : server(server_in) {
    catalog::PostgresAccess access;
    access.host = server.host();
    access.database = "postgres";
    access.user = PostgresServer::kOwner;
    access.password_env = "SHOP_PASSWORD";
    access.tls = catalog::Tls::Disable;
    source().connector->access = access;
    catalog::DatabaseRead read;
    read.table = "orders";
    read.cursor = catalog::CursorColumn{"id", catalog::CursorType::Integer, 0};
    table().extract->read = read;
    server.run(
        "DROP TABLE IF EXISTS orders;"
        "CREATE TABLE orders(id bigint, amount numeric, updated_at timestamptz, tags text[]);"
        "INSERT INTO orders VALUES (1, 5, '2026-11-01 12:00:00+02', '{a}'),"
        " (2, 7.250, '2026-11-02 10:00:00+00', '{}')");
  }

  catalog::PostgresAccess& access() {
    return std::get<catalog::PostgresAccess>(source().connector->access);
  }
  catalog::DatabaseRead& read() { return std::get<catalog::DatabaseRead>(table().extract->read); }

  [[nodiscard]] IngestOptions with_password(IngestOptions options = {}) const {
    options.connect.secret = [word = password](const std::string&) {
      return std::optional<std::string>(word);
    };
    return options;
  }
  PullReport read_again(IngestOptions options = {}) { return pulled(with_password(options)); }
  PullRun read_well(IngestOptions options = {}) { return pulled_well(with_password(options)); }
};

}  // namespace

TEST_CASE("postgres: what another attempt can mend is told by its SQLSTATE") {
  for (const char* state : {"08006", "40001", "40P01", "53300", "57P01", "57P03", "58030"})
    CHECK(is_transient_sqlstate(state));
  for (const char* state : {"28P01", "42P01", "42703", "22P02", "57014", "25006", ""})
    CHECK_FALSE(is_transient_sqlstate(state));
}

TEST_CASE("postgres: times with a zone are written in UTC as RFC 3339, others as they come") {
  CHECK(utc_text("2026-01-31 23:59:59+00") == "2026-01-31T23:59:59Z");
  CHECK(utc_text("2026-01-31 23:59:59.123456+00") == "2026-01-31T23:59:59.123456Z");
  for (const char* text : {"infinity", "-infinity", "0044-03-15 12:00:00+00 BC"})
    CHECK(utc_text(text) == text);
}

TEST_CASE("postgres: a wrong password is refused once, and nobody reads it afterwards") {
  const PostgresServer* server = PostgresServer::shared();
  if (server == nullptr) return;
  PostgresShop shop(*server);
  shop.password = "hunter2-secret";
  const PullReport report = shop.read_again();
  REQUIRE(report.error);
  CHECK(report.error->reason == "connection_refused");
  CHECK(report.run.attempts == 1);
  CHECK(to_text(*report.error).find("hunter2") == std::string::npos);
  CHECK(shop.values("SELECT count(*) FROM _martgate_pull_runs WHERE error LIKE '%hunter2%'") ==
        "0");
  IngestOptions none;
  none.connect.secret = [](const std::string&) { return std::nullopt; };
  CHECK(shop.pulled(none).error->reason == "no_secret");
}

TEST_CASE("postgres: a server that is not there is tried again") {
  const PostgresServer* server = PostgresServer::shared();
  if (server == nullptr) return;
  PostgresShop shop(*server);
  shop.access().host = shop.folder.path().string();
  shop.source().connector->retry.attempts_max = 2;
  const PullReport report = shop.read_again();
  REQUIRE(report.error);
  CHECK(report.error->reason == "unreachable");
  CHECK(report.run.attempts == 2);
}

TEST_CASE("postgres: writing, several statements and arrays are refused without a trace") {
  const PostgresServer* server = PostgresServer::shared();
  if (server == nullptr) return;
  PostgresShop shop(*server);
  shop.read().table.clear();
  shop.read().cursor.reset();
  server->run("CREATE SEQUENCE IF NOT EXISTS counter");
  for (const char* query :
       {"DELETE FROM orders RETURNING *", "SELECT * FROM orders; DROP TABLE orders",
        "SELECT * FROM orders) AS q; DROP TABLE orders; --",
        "SELECT nextval('counter') AS id, 1 AS amount, 1 AS updated_at",
        "WITH gone AS (DELETE FROM orders RETURNING *) SELECT * FROM gone"}) {
    INFO(query);
    shop.read().query = query;
    const PullReport report = shop.read_again();
    REQUIRE(report.error);
    CHECK(report.run.attempts == 1);
    CHECK(server->run("SELECT count(*) FROM orders") == "2");
  }
  shop.read().query = "SELECT id, amount, tags AS updated_at FROM orders";
  const PullReport report = shop.read_again();
  REQUIRE(report.error);
  CHECK(report.error->reason == "unsupported_type");
  CHECK(report.error->message == "column updated_at is of type text[], which is no single value");
}

TEST_CASE("postgres: an unknown table or column is answered with the nearest name") {
  const PostgresServer* server = PostgresServer::shared();
  if (server == nullptr) return;
  PostgresShop shop(*server);
  shop.read().table = "ordes";
  const PullReport unknown = shop.read_again();
  REQUIRE(unknown.error);
  CHECK(unknown.error->reason == "unknown_table");
  CHECK(to_text(*unknown.error).find("did you mean orders") != std::string::npos);
  shop.read().table = "public.orders";
  CHECK(shop.read_well().rows == 2);
  shop.table().columns[1].name = "amuont";
  const PullReport drifted = shop.read_again();
  REQUIRE(drifted.error);
  CHECK(drifted.error->reason == "schema_drift");
  CHECK(to_text(*drifted.error).find("the source has \"amount\"") != std::string::npos);
}

TEST_CASE("postgres: every type arrives as the text that stands for its exact value") {
  const PostgresServer* server = PostgresServer::shared();
  if (server == nullptr) return;
  PostgresShop shop(*server);
  shop.read().table.clear();
  shop.read().cursor.reset();
  shop.read().query =
      "SELECT * FROM (VALUES"
      " (1, (123456789012345678901234567890.1234567890::numeric)::text, 'x'),"
      " (2, ('2026-03-29 02:30:00.000001+02'::timestamptz)::text, 'x')) AS v(id, amount, "
      "updated_at)";
  CHECK(shop.read_well().rows == 2);
  struct Case {
    const char* value;
    const char* text;
  };
  const Case cases[] = {
      {"123456789012345678901234567890.1234567890::numeric",
       "123456789012345678901234567890.1234567890"},
      {"'2026-03-29 02:30:00.000001+02'::timestamptz", "2026-03-29T00:30:00.000001Z"},
      {"'2026-03-29 02:30:00'::timestamp", "2026-03-29 02:30:00"},
      {"'infinity'::timestamptz", "infinity"},
      {"'2026-03-29'::date", "2026-03-29"},
      {"true", "true"},
      {"false", "false"},
      {"'\\x00ff'::bytea", "\\x00ff"},
      {"'{\"b\": 1.10,  \"a\":2}'::json", "{\"b\": 1.10,  \"a\":2}"},
      {"'{\"b\": 1.10, \"a\":2}'::jsonb", "{\"a\": 2, \"b\": 1.10}"},
      {"0.1::float8", "0.1"},
      {"0.1::float4", "0.1"},
      {"(2::float8)^63", "9.223372036854776e+18"},
      {"'NaN'::numeric", "NaN"},
      {"9223372036854775807::bigint", "9223372036854775807"},
      {"'1 year 2 days 3.5 seconds'::interval", "P1Y2DT3.5S"},
      {"'Zoë €'::text", "Zoë €"},
      {"''::text", ""},
      {"'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}};
  int id = 9;
  for (const Case& one : cases) {
    INFO(one.value);
    shop.read().query = "SELECT " + std::to_string(++id) + " AS id, " + one.value +
                        " AS amount, NULL AS updated_at";
    const PullRun run = shop.read_well();
    CHECK(run.rows == 1);
    CHECK(
        shop.values("SELECT amount FROM shop_orders__rows ORDER BY _load_id DESC, _row LIMIT 1") ==
        one.text);
  }
  CHECK(shop.values("SELECT count(*) FROM shop_orders WHERE updated_at IS NULL") == "19");
}

TEST_CASE("postgres: the same table twice brings nothing, new rows come once") {
  const PostgresServer* server = PostgresServer::shared();
  if (server == nullptr) return;
  PostgresShop shop(*server);
  CHECK(shop.read_well().rows == 2);
  CHECK(shop.values("SELECT amount || '@' || updated_at FROM shop_orders ORDER BY id") ==
        "5@2026-11-01T10:00:00Z 7.250@2026-11-02T10:00:00Z");
  const PullRun again = shop.read_well();
  CHECK(again.rows == 0);
  CHECK(again.pages == 0);
  server->run("INSERT INTO orders VALUES (3, 9, now(), '{}'), (NULL, 1, now(), '{}')");
  const PullRun more = shop.read_well();
  CHECK(more.rows == 1);
  CHECK(more.quarantined == 1);  // id is required
  CHECK(shop.ids() == "1 2 3");
  CHECK(shop.read_well().quarantined == 0);
}

TEST_CASE("postgres: by time, rows that share it and late ones within the overlap all come") {
  const PostgresServer* server = PostgresServer::shared();
  if (server == nullptr) return;
  PostgresShop shop(*server);
  shop.read().cursor = catalog::CursorColumn{"updated_at", catalog::CursorType::Timestamp, 3'600};
  CHECK(shop.read_well().rows == 2);
  server->run(
      "INSERT INTO orders VALUES (3, 9, '2026-11-02 10:00:00+00', '{}'),"
      " (4, 9, '2026-11-02 09:30:00+00', '{}'), (5, 9, '2026-11-02 08:00:00+00', '{}')");
  const PullRun run = shop.read_well();
  CHECK(run.rows == 2);
  CHECK(shop.ids() == "1 2 3 4");
  IngestOptions since;
  since.connect.since = "2026-11-02";
  CHECK(shop.read_well(since).rows == 1);
  CHECK(shop.ids() == "1 2 3 4 5");
}

TEST_CASE("postgres: a whole table replaces the last one only when a row differs") {
  const PostgresServer* server = PostgresServer::shared();
  if (server == nullptr) return;
  PostgresShop shop(*server);
  shop.read().cursor.reset();
  shop.table().load = catalog::LoadMode::Snapshot;
  CHECK(shop.read_well().rows == 2);
  CHECK(shop.read_well().pages == 0);
  server->run("UPDATE orders SET amount = 6 WHERE id = 1");
  CHECK(shop.read_well().rows == 2);
  CHECK(shop.values("SELECT amount FROM shop_orders ORDER BY id") == "6 7.250");
}

TEST_CASE("postgres: a statement that takes too long is ended by the server and not repeated") {
  const PostgresServer* server = PostgresServer::shared();
  if (server == nullptr) return;
  PostgresShop shop(*server);
  shop.access().statement_ms_max = 100;
  shop.read().table.clear();
  shop.read().cursor.reset();
  shop.read().query = "SELECT id, amount, (SELECT pg_sleep(60))::text AS updated_at FROM orders";
  const PullReport report = shop.read_again();
  REQUIRE(report.error);
  CHECK(report.error->reason == "statement_ms_max");
  CHECK(report.run.attempts == 1);
}

TEST_CASE("postgres: one run sees one state, however many pages it takes") {
  const PostgresServer* server = PostgresServer::shared();
  if (server == nullptr) return;
  PostgresShop shop(*server);
  server->run("INSERT INTO orders SELECT i, i, now(), '{}' FROM generate_series(3, 50) AS i");
  IngestOptions options;
  options.connect.page_rows = 10;
  bool is_changed = false;
  options.connect.progress = [&](std::int64_t) {
    if (std::exchange(is_changed, true)) return;
    server->run(
        "UPDATE orders SET amount = -1 WHERE id > 10; DELETE FROM orders WHERE id = 40;"
        "INSERT INTO orders VALUES (51, 1, now(), '{}')");
  };
  const PullRun run = shop.read_well(options);
  CHECK(run.rows == 50);
  CHECK(run.pages == 5);
  CHECK(shop.values("SELECT count(*) FROM shop_orders WHERE amount = '-1'") == "0");
  CHECK(shop.read_well().rows == 1);
}

TEST_CASE("postgres: a connection that is lost between pages goes on behind the last commit") {
  const PostgresServer* server = PostgresServer::shared();
  if (server == nullptr) return;
  PostgresShop shop(*server);
  // Wide rows, so that the rest of the table cannot wait in a socket's buffer.
  server->run(
      "INSERT INTO orders SELECT i, i, now(), ARRAY[]::text[] FROM generate_series(3, 5000) AS i");
  shop.read().table.clear();
  shop.read().query = "SELECT id, amount, repeat('x', 4000) || id AS updated_at FROM orders";
  IngestOptions options;
  options.connect.page_rows = 100;
  int calls = 0;
  options.connect.progress = [&](std::int64_t) {
    if (++calls != 4) return;
    server->run(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE application_name = 'martgate'");
  };
  const PullRun run = shop.read_well(options);
  CHECK(run.rows == 5'000);
  CHECK(shop.waits.size() >= 1);
  CHECK(shop.values("SELECT count(*) || '/' || count(DISTINCT id) FROM shop_orders") ==
        "5000/5000");
}

TEST_CASE("postgres: a run that is killed before a commit or behind it loses and doubles nothing") {
  const PostgresServer* server = PostgresServer::shared();
  if (server == nullptr) return;
  for (const int killed_at : {1, 2, 3, 4}) {
    INFO("killed at call ", killed_at);
    PostgresShop shop(*server);
    server->run("INSERT INTO orders SELECT i, i, now(), '{}' FROM generate_series(3, 250) AS i");
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      IngestOptions options = shop.with_password();
      options.connect.page_rows = 100;
      int calls = 0;
      options.connect.progress = [&](std::int64_t) {
        if (++calls == killed_at) ::kill(::getpid(), SIGKILL);
      };
      static_cast<void>(shop.try_ingest(options));
      ::_exit(0);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));
    const int before = killed_at / 2 * 100;
    CHECK(shop.row_count() == std::to_string(before));
    CHECK(shop.read_well().rows == 250 - before);
    CHECK(shop.values("SELECT count(*) || '/' || count(DISTINCT id) FROM shop_orders") ==
          "250/250");
    CHECK(shop.read_well().rows == 0);
  }
}
