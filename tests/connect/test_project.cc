// The example project: sources behind connectors, all the way into a mart.
#include <fmt/format.h>
#include <sqlite3.h>

#include <future>
#include <map>

#include "base/mac.h"
#include "build/build.h"
#include "catalog/load.h"
#include "connect/fixture.h"
#include "connect/local_server.h"
#include "engine/snapshot.h"
#include "ingest/connect/inbox.h"
#include "ingest/connect/webhook.h"

using namespace martgate;
using namespace martgate::ingest;

namespace {

const std::filesystem::path kProject =
    std::filesystem::path(MARTGATE_SOURCE_DIR) / "tests" / "projects" / "connected_shop";

struct ConnectedShop {
  TempFolder folder;
  TestClock clock;
  RandomIds ids;
  std::string missed = R"({"data": [], "next": null})";  // what the provider's list holds
  LocalServer provider{[this](const std::string&, const std::string&) { return ok(missed); }};
  catalog::Project project;
  std::unique_ptr<Inbox> inbox;

  ConnectedShop() {
    const auto data = folder.path() / "data";
    std::filesystem::create_directories(data);
    std::filesystem::create_directories(folder.path() / "state");
    auto loaded = catalog::load_project(
        kProject, {.data_folder = data, .state_folder = folder.path() / "state"});
    REQUIRE_MESSAGE(loaded.project.has_value(), to_text(catalog::to_error(loaded.diagnostics)));
    project = std::move(*loaded.project);
    for (catalog::Source& source : project.sources) {
      if (!source.connector->reconcile) continue;
      std::get<catalog::HttpAccess>(source.connector->reconcile->access).base_url = provider.url();
    }
    run("CREATE TABLE orders(order_id INTEGER, customer_id TEXT, ordered_on TEXT, amount TEXT,"
        " updated_at TEXT);"
        "CREATE TABLE customers(customer_id TEXT, country TEXT, is_test INTEGER);"
        "INSERT INTO orders VALUES (1, 'a', '2026-11-01', '10.00', '2026-11-01 08:00:00'),"
        " (2, 'b', '2026-11-02', '20.50', '2026-11-02 08:00:00');"
        "INSERT INTO customers VALUES ('a', 'DE', 0), ('b', 'FR', 0), ('t', 'XX', 1)");
    auto opened = Inbox::open(inbox_path(project.settings.state_folder), {}, clock, ids);
    REQUIRE(opened);
    inbox = std::move(*opened);
  }

  void run(const char* sql) const {
    sqlite3* database = nullptr;
    REQUIRE(sqlite3_open((folder.path() / "data" / "shop.db").c_str(), &database) == SQLITE_OK);
    CHECK(sqlite3_exec(database, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
    sqlite3_close(database);
  }

  int deliver(const std::string& body) {
    const auto& access =
        std::get<catalog::WebhookAccess>(project.source("payments")->connector->access);
    WebhookReceiver receiver("payments", access, secret, *inbox, clock);
    const std::string field =
        fmt::format("t=1795255200,v1={}",
                    to_hex(hmac_sha256(std::string_view("PAYMENTS_SECRET"), "1795255200." + body)));
    std::promise<int> status;
    receiver.receive(
        [&](std::string_view name) -> std::optional<std::string_view> {
          if (name == "Provider-Signature") return field;
          return std::nullopt;
        },
        body, [&](const WebhookAnswer& answer) { status.set_value(answer.status); });
    return status.get_future().get();
  }

  static std::optional<std::string> secret(const std::string& name) { return name; }

  // Rows of the mart as text, after ingest and build.
  std::string orders() {
    IngestOptions options;
    options.connect.secret = secret;
    options.connect.wait = [](std::int64_t) {};
    const auto loads = ingest::ingest(project, project.settings.state_folder, clock, options);
    REQUIRE(loads);
    for (const TableReport& table : loads->tables) {
      for (const RefusedFile& refused : table.refused) FAIL_CHECK(to_text(refused.error));
    }
    auto tables = loaded_tables(raw_store_path(project.settings.state_folder), project);
    REQUIRE(tables);
    const auto built = build::build(project, std::move(*tables), clock, {});
    REQUIRE_MESSAGE(built.has_value(), (built ? "" : to_text(built.error())));
    auto mart = store::Connection::open_readonly(
        engine::snapshot_path(project.settings.state_folder, built->facts.id));
    REQUIRE(mart);
    const auto text = mart->query_value(
        "SELECT group_concat(line, ' ') FROM (SELECT order_id || ':' || country || ':' || amount"
        " || ':' || paid AS line FROM orders ORDER BY order_id)");
    REQUIRE(text);
    return std::get<std::string>(*text);
  }
};

std::string payment(const std::string& id, int order, int cents) {
  return fmt::format(
      R"({{"id": "{}", "type": "payment.succeeded", "created": "2026-11-20T12:00:00Z",)"
      R"( "data": {{"order": {}, "amount": {}}}}})",
      id, order, cents);
}

}  // namespace

TEST_CASE(
    "connected shop: orders, customers and payments meet in the mart, whichever way they came") {
  ConnectedShop shop;
  CHECK(shop.orders() == "1:DE:1000:0 2:FR:2050:0");
  CHECK(shop.deliver(payment("p1", 1, 1'000)) == 202);
  CHECK(shop.deliver(payment("p1", 1, 1'000)) == 202);
  shop.run(
      "UPDATE orders SET amount = '21.00', updated_at = '2026-11-02 09:00:00'"
      " WHERE order_id = 2; DELETE FROM customers WHERE customer_id = 'a'");
  CHECK(shop.orders() == "1:unknown:1000:1000 2:FR:2100:0");
  // The provider lists one payment that was delivered and one that was not.
  shop.missed = "{\"data\": [" + payment("p1", 1, 1'000) + ", " + payment("p2", 2, 2'100) +
                "], \"next\": null}";
  CHECK(shop.orders() == "1:unknown:1000:1000 2:FR:2100:2100");
  CHECK(shop.provider.targets().back() ==
        "/events?type=payment.succeeded&created_since=2026-11-18T10%3A00%3A00.000Z");
  CHECK(shop.provider.last_head().find("Authorization: Bearer PAYMENTS_TOKEN\r\n") !=
        std::string::npos);
  CHECK(shop.deliver(payment("p2", 2, 2'100)) == 202);
  CHECK(shop.orders() == "1:unknown:1000:1000 2:FR:2100:2100");
}
