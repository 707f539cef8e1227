#include "http/webhook_endpoint.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/ids.h"
#include "base/mac.h"
#include "http/client.h"
#include "ingest/connect/inbox.h"
#include "ingest/connect/webhook.h"
#include "temp_folder.h"

using namespace martgate;
using namespace martgate::http;

namespace {

catalog::WebhookAccess access() {
  catalog::WebhookAccess made;
  made.signature.header = "X-Signature";
  made.signature.prefix = "sha256=";
  made.signature.secret_env = {"HOOK_SECRET"};
  made.id_header = "X-Delivery";
  made.body_bytes_max = 100;
  return made;
}

struct Bench {
  TempFolder folder;
  SystemClock clock;
  RandomIds ids;
  std::unique_ptr<ingest::Inbox> inbox =
      std::move(*ingest::Inbox::open(folder.path() / "inbox.db", {}, clock, ids));
  ingest::WebhookReceiver receiver{
      "shop", access(), [](const std::string&) { return std::optional<std::string>("secret"); },
      *inbox, clock};
  std::unique_ptr<Listener> listener = [this] {
    Routes routes;
    add_webhook_endpoint(routes, receiver);
    return started({}, std::move(routes));
  }();

  std::string post(const std::string& path, const std::string& body, const std::string& fields) {
    Client client(listener->port());
    client.send(request("POST", path, body, fields));
    return client.answer();
  }
};

std::string fields(const std::string& body, const std::string& id) {
  return "x-delivery: " + id +
         "\r\nx-signature: sha256=" + to_hex(hmac_sha256(std::string_view("secret"), body)) +
         "\r\n";
}

}  // namespace

TEST_CASE("webhook over HTTP: an unknown source is not found, other methods are not allowed") {
  Bench bench;
  for (const char* path : {"/ingest/shops", "/ingest/", "/ingest", "/ingest/shop/"})
    CHECK(bench.post(path, "{}", fields("{}", "d1")).starts_with("404"));
  Client client(bench.listener->port());
  client.send(request("GET", "/ingest/shop"));
  CHECK(client.answer().starts_with("405"));
}

TEST_CASE("webhook over HTTP: a refusal echoes nothing of the request") {
  Bench bench;
  CHECK(bench.post("/ingest/shop", "{}", fields("{ }", "marker")) == "401 not accepted");
  CHECK(bench.post("/ingest/shop", "{}", "X-Delivery: marker\r\n") == "401 not accepted");
  CHECK(bench.post("/ingest/shop", std::string(101, ' '), fields("", "marker")).starts_with("413"));
}

TEST_CASE("webhook over HTTP: a signed delivery is stored before it is accepted, once") {
  Bench bench;
  CHECK(bench.post("/ingest/shop", R"({"id":1})", fields(R"({"id":1})", "d1")) == "202 accepted");
  CHECK(bench.post("/ingest/shop", R"({"id":1})", fields(R"({"id":1})", "d1")) ==
        "202 already accepted");
  const auto part = ingest::read_inbox(bench.folder.path() / "inbox.db", "shop", "", 0, 10, 1'000);
  REQUIRE(part);
  REQUIRE(part->rows.size() == 1);
  CHECK(part->rows[0].body == R"({"id":1})");
}
