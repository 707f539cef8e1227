// The blocks of a source that is not files: what they come out as, and every mistake in them.
#include <doctest/doctest.h>

#include <variant>

#include "catalog/project_folder.h"

using namespace martgate;
using namespace martgate::catalog;

namespace {

constexpr const char* kFile = "catalog/sources/erp.yaml";

// The fixture with one more source: `connector` and the table's `blocks`, each indented by two.
ProjectFolder with(const std::string& connector, const std::string& blocks) {
  ProjectFolder folder = ProjectFolder::fixture("shop");
  folder.write(kFile, "kind: source\nname: erp\nconnector:\n" + connector +
                          "tables:\n  - name: orders\n" + blocks +
                          "    columns:\n"
                          "      - {name: order_id, data_type: text}\n"
                          "      - {name: changed_at, data_type: timestamp}\n");
  return folder;
}

Source erp(const ProjectFolder& folder) {
  const Loaded loaded = folder.load();
  REQUIRE_MESSAGE(loaded.project.has_value(), to_lines(loaded.diagnostics));
  const Source* source = loaded.project->source("erp");
  REQUIRE(source != nullptr);
  return *source;
}

// Messages about the source, without their places.
std::string mistakes(const std::string& connector, const std::string& blocks) {
  const Loaded loaded = with(connector, blocks).load();
  CHECK_FALSE(loaded.project);
  return to_lines(loaded.diagnostics);
}

constexpr const char* kSqlite = "  sqlite: {database: erp/shop.db}\n";
constexpr const char* kRead = "    read: {table: orders}\n";
constexpr const char* kHttp = "  http: {base_url: https://api.example.com/v1/}\n";
constexpr const char* kWebhook =
    "  webhook:\n"
    "    signature: {header: X-Signature, secret_env: [HOOK_SECRET]}\n"
    "    delivery_id: {header: X-Delivery}\n";

}  // namespace

TEST_CASE("connector: a misspelled system, block or key is answered with the nearest") {
  CHECK(mistakes("  sqllite: {database: a.db}\n", kRead) ==
        "catalog/sources/erp.yaml:4:3: unknown key \"sqllite\"; did you mean sqlite; accepted: "
        "http, postgres, reconcile, retry, sqlite, webhook\n");
  CHECK(mistakes("  sqlite: {databse: a.db}\n", kRead).find("did you mean database") !=
        std::string::npos);
  CHECK(mistakes(kSqlite, "    read: {table: orders, cursor: {column: changd_at}}\n") ==
        "catalog/sources/erp.yaml:7:44: unknown column \"changd_at\"; did you mean changed_at; "
        "accepted: order_id, changed_at\n");
  CHECK(mistakes(kHttp, "    request: {path: /o, members: {ordr_id: /id}}\n")
            .find("did you mean order_id") != std::string::npos);
}

TEST_CASE("connector: one system, and the blocks that fit it") {
  CHECK(mistakes("  retry: {attempts_max: 2}\n", kRead).find("no system is named") !=
        std::string::npos);
  CHECK(mistakes(std::string(kSqlite) + kHttp, kRead)
            .find("sqlite and http stand beside each "
                  "other") != std::string::npos);
  CHECK(mistakes(kSqlite, "    files: a.csv\n") ==
        "catalog/sources/erp.yaml:6:5: key \"read\" is missing; the source's connector needs it\n"
        "catalog/sources/erp.yaml:7:12: files does not fit the source's connector; this source's "
        "tables take read\n");
  CHECK(mistakes(kHttp, kRead).find("this source's tables take request") != std::string::npos);
  CHECK(mistakes(kWebhook, "    event: {}\n    load: snapshot\n")
            .find("events are never a whole table") != std::string::npos);
  CHECK(mistakes(std::string(kSqlite) + "  reconcile: {http: {base_url: https://h}}\n", kRead)
            .find("only a webhook is reconciled") != std::string::npos);
  ProjectFolder files = ProjectFolder::fixture("shop");
  files.replace("catalog/sources/crm.yaml", "files: crm/*.csv", "once_by: [customer_id]");
  CHECK(to_lines(files.load().diagnostics) ==
        "catalog/sources/crm.yaml:5:5: key \"files\" is missing; or give the source a connector\n"
        "catalog/sources/crm.yaml:6:14: once_by goes with a connector; unique: true on a column is "
        "a check\n");
}

TEST_CASE("connector: what cannot work is refused where it stands") {
  CHECK(mistakes("  sqlite: {database: ../shop.db}\n", kRead)
            .find("a path that leaves the data folder") != std::string::npos);
  CHECK(mistakes("  http: {base_url: http://api.example.com}\n", "    request: {path: /o}\n")
            .find("http sends data and secrets in the clear") != std::string::npos);
  CHECK(mistakes("  http: {base_url: https://user:word@h}\n", "    request: {path: /o}\n")
            .find("is no base URL") != std::string::npos);
  CHECK(mistakes(kHttp, "    request: {path: /o, pages: {style: number}}\n")
            .find("style: number needs a size") != std::string::npos);
  CHECK(mistakes(kHttp, "    request: {path: /o, pages: {style: link, param: p}}\n")
            .find("param does not go with style: link") != std::string::npos);
  CHECK(mistakes(kSqlite,
                 "    load: snapshot\n"
                 "    read: {table: orders, cursor: {column: order_id}}\n")
            .find("a snapshot is the whole table") != std::string::npos);
  CHECK(mistakes(kSqlite, "    read: {}\n").find("rows come from one place") != std::string::npos);
  CHECK(mistakes("  postgres: {host: /run/pg, database: d, user: u, tls: require}\n", kRead)
            .find("a unix socket has no TLS") != std::string::npos);
  CHECK(mistakes("  webhook:\n"
                 "    signature: {header: S, secret_env: [A], signed: \"{timestamp}.{body}\"}\n"
                 "    delivery_id: {header: D}\n",
                 "    event: {}\n")
            .find("{timestamp} needs a timestamp_header") != std::string::npos);
  CHECK(mistakes("  webhook:\n"
                 "    signature: {header: S, secret_env: [A], signed: \"{timestamp}\"}\n"
                 "    delivery_id: {header: D, pointer: /id}\n",
                 "    event: {}\n")
            .find("delivery_id stands in one place") != std::string::npos);
  CHECK(mistakes(std::string(kWebhook) + "  reconcile: {http: {base_url: https://h}}\n",
                 "    event: {}\n    request: {path: /o}\n")
            .find("reconciliation compares keys") != std::string::npos);
}

TEST_CASE("connector: a database read comes out with its defaults") {
  const Source source =
      erp(with(kSqlite,
               "    read: {table: orders, cursor: {column: changed_at, type: timestamp, "
               "overlap: 600}}\n"));
  REQUIRE(source.connector);
  const auto& access = std::get<SqliteAccess>(source.connector->access);
  CHECK(access.database == "erp/shop.db");
  CHECK(access.busy_ms_max == 5'000);
  CHECK(source.connector->retry.attempts_max == 5);
  const SourceTable& table = source.tables[0];
  REQUIRE(table.extract);
  const auto& read = std::get<DatabaseRead>(table.extract->read);
  REQUIRE(read.cursor);
  CHECK(read.cursor->type == CursorType::Timestamp);
  CHECK(read.cursor->overlap == 600);
  const Source server =
      erp(with("  postgres: {host: db.example.com, database: d, user: u, password_env: PW}\n"
               "  retry: {attempts_max: 2, base_ms: 10}\n",
               kRead));
  CHECK(std::get<PostgresAccess>(server.connector->access).tls == Tls::VerifyFull);
  CHECK(std::get<PostgresAccess>(server.connector->access).port == 5'432);
  CHECK(server.connector->retry.base_ms == 10);
}

TEST_CASE("connector: an HTTP request and a webhook with its reconciliation come out whole") {
  const Source polled =
      erp(with(kHttp,
               "    request:\n"
               "      path: /orders\n"
               "      params: {status: paid, limit: 50, deep: true}\n"
               "      rows: /data\n"
               "      members: {order_id: /id}\n"
               "      pages: {style: cursor, next: /meta/next, keep: true}\n"
               "      since: {param: updated_since, column: changed_at, overlap: 60}\n"));
  CHECK(std::get<HttpAccess>(polled.connector->access).base_url == "https://api.example.com/v1");
  const auto& request = std::get<HttpRequest>(polled.tables[0].extract->read);
  CHECK(request.params == std::vector<std::pair<std::string, std::string>>{
                              {"deep", "true"}, {"limit", "50"}, {"status", "paid"}});
  CHECK(request.paging.param == "cursor");
  CHECK(request.paging.keeps_token);
  CHECK(request.body.members->at("order_id") == "/id");
  CHECK(request.since->overlap == 60);
  const Source hooked =
      erp(with(std::string(kWebhook) +
                   "  reconcile: {window_h: 24, postgres: {host: /run/pg, database: d, user: u}}\n",
               "    event: {rows: /order}\n"
               "    once_by: [order_id]\n"
               "    read: {table: orders, cursor: {column: changed_at, type: timestamp}}\n"));
  const auto& webhook = std::get<WebhookAccess>(hooked.connector->access);
  CHECK(webhook.signature.tolerance_s == 300);
  CHECK(webhook.body_bytes_max == 1'048'576);
  REQUIRE(hooked.connector->reconcile);
  CHECK(hooked.connector->reconcile->window_h == 24);
  CHECK(hooked.tables[0].extract->event->rows == "/order");
  CHECK(hooked.tables[0].extract->once_by == std::vector<std::string>{"order_id"});
}
