#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <future>
#include <map>
#include <thread>

#include "base/base64.h"
#include "base/mac.h"
#include "connect/fixture.h"
#include "connect/local_server.h"
#include "ingest/connect/inbox.h"
#include "ingest/connect/inbox_pages.h"
#include "ingest/connect/signature.h"
#include "ingest/connect/webhook.h"

using namespace martgate;
using namespace martgate::ingest;

namespace {

using Fields = std::map<std::string, std::string>;

HeaderLookup lookup(const Fields& fields) {
  return [&fields](std::string_view name) -> std::optional<std::string_view> {
    const auto found = fields.find(std::string(name));
    if (found == fields.end()) return std::nullopt;
    return found->second;
  };
}

std::string hex_mac(std::string_view secret, std::string_view message) {
  return to_hex(hmac_sha256(secret, message));
}

const WallTime kNow = *parse_rfc3339("2026-11-21T10:00:00Z");
constexpr const char* kSeconds = "1795255200";  // the same in seconds

catalog::Signature timestamped() {
  catalog::Signature signature;
  signature.scheme = catalog::Signature::Scheme::Timestamped;
  signature.header = "Sig";
  return signature;
}

catalog::Signature plain(std::string prefix = "sha256=") {
  catalog::Signature signature;
  signature.header = "Sig";
  signature.prefix = std::move(prefix);
  return signature;
}

// A webhook source, its inbox and what a sender would send.
struct HookShop : Polled {
  RandomIds ids_source;
  std::unique_ptr<Inbox> inbox;

  HookShop() {
    catalog::WebhookAccess access;
    access.signature = plain();
    access.signature.secret_env = {"HOOK_SECRET", "HOOK_SECRET_OLD"};
    access.id_header = "Delivery";
    access.body_bytes_max = 1'000;
    source().connector->access = access;
    table().extract->event = catalog::JsonRows{};
    table().extract->once_by = {"id"};
    open_inbox();
  }

  void open_inbox(InboxOptions options = {}) {
    inbox.reset();
    std::filesystem::create_directories(project.settings.state_folder);
    auto opened = Inbox::open(inbox_path(project.settings.state_folder), std::move(options), clock,
                              ids_source);
    REQUIRE(opened);
    inbox = std::move(*opened);
  }

  catalog::WebhookAccess& access() {
    return std::get<catalog::WebhookAccess>(source().connector->access);
  }

  WebhookReceiver receiver() {
    const Secrets secrets = [](const std::string& name) -> std::optional<std::string> {
      if (name == "HOOK_SECRET") return "new secret";
      return std::nullopt;
    };
    return {"shop", access(), secrets, *inbox, clock};
  }

  int send(const Fields& fields, std::string_view body) {
    WebhookReceiver hook = receiver();
    std::promise<WebhookAnswer> answer;
    hook.receive(lookup(fields), body,
                 [&answer](WebhookAnswer said) { answer.set_value(std::move(said)); });
    return answer.get_future().get().status;
  }

  int deliver(const std::string& id, std::string_view body) {
    return send({{"Delivery", id}, {"Sig", "sha256=" + hex_mac("new secret", body)}}, body);
  }
};

}  // namespace

TEST_CASE("signature: no change of body, time, signature or secret is accepted") {
  const std::string body = R"({"id":1})";
  const std::string good =
      "t=" + std::string(kSeconds) + ",v1=" + hex_mac("secret", std::string(kSeconds) + "." + body);
  const std::vector<std::string> secrets{"secret"};
  const auto check = [&](const std::string& field, std::string_view sent) {
    const Fields fields{{"Sig", field}};
    return check_signature(timestamped(), secrets, lookup(fields), "", sent, kNow);
  };
  REQUIRE(check(good, body) == Signed::Good);
  for (std::size_t i = 0; i < body.size(); ++i) {
    std::string changed = body;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    CHECK(check(good, changed) == Signed::Wrong);
  }
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string changed = good;
    changed[i] = changed[i] == '0' ? '1' : '0';
    CHECK(check(changed, body) != Signed::Good);
  }
  CHECK(check(good + "x", body) == Signed::Wrong);
  CHECK(check(good.substr(0, good.size() - 1), body) == Signed::Wrong);
  CHECK(check("t=" + std::string(kSeconds), body) == Signed::Malformed);
  CHECK(check("v1=00", body) == Signed::Malformed);
  CHECK(check("t=1,t=2,v1=00", body) == Signed::Malformed);
  CHECK(check("t=-1,v1=00", body) == Signed::Malformed);
  CHECK(check("t=99999999999999999999,v1=00", body) == Signed::Malformed);
  CHECK(check("", body) == Signed::Missing);
  CHECK(check_signature(timestamped(), {}, lookup({{"Sig", good}}), "", body, kNow) ==
        Signed::Wrong);
}

TEST_CASE("signature: five minutes either way are accepted, a second more is not") {
  const std::vector<std::string> secrets{"secret"};
  for (const auto& [offset_s, verdict] : {std::pair{-301, Signed::Stale},
                                          {-300, Signed::Good},
                                          {300, Signed::Good},
                                          {301, Signed::Stale}}) {
    INFO(offset_s);
    const std::string time = std::to_string(1'795'255'200 + offset_s);
    const Fields fields{{"Sig", "t=" + time + ",v1=" + hex_mac("secret", time + ".x")}};
    CHECK(check_signature(timestamped(), secrets, lookup(fields), "", "x", kNow) == verdict);
  }
}

TEST_CASE("signature: during a rotation either secret and either signature will do") {
  const std::vector<std::string> secrets{"new", "old"};
  for (const char* secret : {"new", "old"}) {
    const Fields fields{{"Sig", fmt::format("t={0},v1={1},v0=x,v1={2}", kSeconds,
                                            hex_mac("retired", std::string(kSeconds) + ".x"),
                                            hex_mac(secret, std::string(kSeconds) + ".x"))}};
    CHECK(check_signature(timestamped(), secrets, lookup(fields), "", "x", kNow) == Signed::Good);
  }
  const Fields other{{"Sig", "sha256=" + hex_mac("retired", "x")}};
  CHECK(check_signature(plain(), secrets, lookup(other), "", "x", kNow) == Signed::Wrong);
}

TEST_CASE("signature: the plain scheme signs what its template says, in hex or base64") {
  const std::vector<std::string> secrets{"secret"};
  const Fields upper{{"Sig", "sha256=" + [] {
                        std::string text = hex_mac("secret", "x");
                        for (char& c : text) c = static_cast<char>(c >= 'a' ? c - 32 : c);
                        return text;
                      }()}};
  CHECK(check_signature(plain(), secrets, lookup(upper), "", "x", kNow) == Signed::Good);
  const Fields bare{{"Sig", hex_mac("secret", "x")}};
  CHECK(check_signature(plain(""), secrets, lookup(bare), "", "x", kNow) == Signed::Good);
  CHECK(check_signature(plain(), secrets, lookup(bare), "", "x", kNow) == Signed::Malformed);
  catalog::Signature templated = plain("v1,");
  templated.encoding = catalog::Signature::Encoding::Base64;
  templated.signed_text = "{id}.{timestamp}.{body}";
  templated.timestamp_header = "Time";
  const std::string message = "msg_1." + std::string(kSeconds) + ".{id}";
  const Digest mac = hmac_sha256(std::string_view("secret"), message);
  Fields fields{{"Sig", "v0,AAAA v1," + base64({reinterpret_cast<const char*>(mac.data()), 32})},
                {"Time", kSeconds}};
  CHECK(check_signature(templated, secrets, lookup(fields), "msg_1", "{id}", kNow) == Signed::Good);
  CHECK(check_signature(templated, secrets, lookup(fields), "msg_2", "{id}", kNow) ==
        Signed::Wrong);
  fields["Time"] = "1795255201";
  CHECK(check_signature(templated, secrets, lookup(fields), "msg_1", "{id}", kNow) ==
        Signed::Wrong);
  fields["Time"] = "1795250000";
  CHECK(check_signature(templated, secrets, lookup(fields), "msg_1", "{id}", kNow) ==
        Signed::Stale);
  fields.erase("Time");
  CHECK(check_signature(templated, secrets, lookup(fields), "msg_1", "{id}", kNow) ==
        Signed::Missing);
}

TEST_CASE("webhook: nothing unsigned, too long or without an id is stored") {
  HookShop shop;
  const std::string body = R"({"id": 1})";
  const std::string good = "sha256=" + hex_mac("new secret", body);
  CHECK(shop.send({{"Delivery", "d1"}}, body) == 401);
  CHECK(shop.send({{"Delivery", "d1"}, {"Sig", "sha256=" + hex_mac("other", body)}}, body) == 401);
  CHECK(shop.send({{"Delivery", "d1"}, {"Sig", "sha256=" + hex_mac("", body)}}, body) == 401);
  CHECK(shop.send({{"Sig", good}}, body) == 400);
  CHECK(shop.send({{"Delivery", std::string(257, 'x')}, {"Sig", good}}, body) == 400);
  CHECK(shop.send({{"Delivery", "a b"}, {"Sig", good}}, body) == 400);
  CHECK(shop.send({{"Delivery", "d1"}, {"Sig", "x"}}, std::string(1'001, ' ')) == 413);
  shop.access().signature.secret_env = {"HOOK_SECRET_OLD"};
  CHECK(shop.deliver("d1", body) == 503);
  shop.inbox->close();
  const auto part =
      read_inbox(inbox_path(shop.project.settings.state_folder), "shop", "", 0, 10, 1'000);
  REQUIRE(part);
  CHECK(part->rows.empty());
}

TEST_CASE("webhook: a delivery is on disk before it is accepted, a repeated one changes nothing") {
  HookShop shop;
  CHECK(shop.deliver("d1", R"({"id": 1, "amount": 1.50})") == 202);
  const auto part =
      read_inbox(inbox_path(shop.project.settings.state_folder), "shop", "", 0, 10, 1'000);
  REQUIRE(part);
  REQUIRE(part->rows.size() == 1);
  CHECK(part->rows[0].id == "d1");
  CHECK(part->rows[0].received_at == shop.clock.at);
  CHECK(shop.deliver("d1", R"({"id": 2})") == 202);
  CHECK(shop.deliver("d2", R"({"id": 3, "amount": 2})") == 202);
  const PullRun run = shop.pulled_well();
  CHECK(run.rows == 2);
  CHECK(run.system == "webhook");
  CHECK(shop.ids() == "1 3");
  CHECK(shop.values("SELECT amount FROM shop_orders ORDER BY id") == "1.50 2");
  CHECK(shop.pulled_well().pages == 0);
  // Another delivery of the same event: its key is known.
  CHECK(shop.deliver("d9", R"({"id": 1, "amount": 1.50})") == 202);
  CHECK(shop.pulled_well().rows == 0);
}

TEST_CASE(
    "webhook: without once_by equal events are as many as were delivered, in a full run too") {
  HookShop shop;
  shop.table().extract->once_by.clear();
  CHECK(shop.deliver("d1", R"({"id": 1})") == 202);
  CHECK(shop.deliver("d2", R"([{"id": 1}, {"id": 1}])") == 202);
  CHECK(shop.pulled_well().rows == 3);
  CHECK(shop.pulled_well({.full = true}).rows == 0);
  CHECK(shop.ids() == "1 1 1");
}

TEST_CASE("webhook: the id may stand in the body, which must then be JSON") {
  HookShop shop;
  shop.access().id_header.clear();
  shop.access().id_pointer = "/event/id";
  const auto send = [&](std::string_view body) {
    return shop.send({{"Sig", "sha256=" + hex_mac("new secret", body)}}, body);
  };
  CHECK(send(R"({"event": {"id": "e1"}})") == 202);
  CHECK(send(R"({"event": {"id": 7}})") == 202);
  CHECK(send(R"({"event": {"id": {}}})") == 400);
  CHECK(send(R"({"id": "e1"})") == 400);
  CHECK(send("id") == 400);
}

TEST_CASE(
    "webhook: what is no JSON, and what no table has rows in, goes to quarantine as it came") {
  HookShop shop;
  catalog::SourceTable refunds = shop.table();
  refunds.name = "refunds";
  refunds.raw_name = "shop_refunds";
  refunds.extract->event->rows = "/refund";
  shop.table().extract->event->rows = "/order";
  shop.source().tables.push_back(refunds);
  CHECK(shop.deliver("d1", "{not\njson") == 202);
  CHECK(shop.deliver("d2", R"({"order": {"id": 1}})") == 202);
  CHECK(shop.deliver("d3", R"({"refund": [{"id": 2}, {"id": 3}]})") == 202);
  CHECK(shop.deliver("d4", R"({"other": {"id": 4}})") == 202);
  REQUIRE(shop.try_ingest());
  CHECK(shop.ids() == "1");
  CHECK(shop.values("SELECT id FROM shop_refunds ORDER BY id") == "2 3");
  CHECK(shop.values("SELECT CAST(raw AS TEXT) FROM _martgate_quarantine ORDER BY raw DESC") ==
        "{not\njson {\"other\": {\"id\": 4}}");
  CHECK(shop.values("SELECT reason FROM _martgate_quarantine ORDER BY raw DESC LIMIT 1")
            .starts_with("delivery d1 is refused: "));
  REQUIRE(shop.try_ingest());
  CHECK(shop.values("SELECT count(*) FROM _martgate_quarantine") == "2");
}

TEST_CASE("webhook: a new inbox begins its numbers again and nothing of it is skipped") {
  HookShop shop;
  CHECK(shop.deliver("d1", R"({"id": 1})") == 202);
  CHECK(shop.deliver("d2", R"({"id": 2})") == 202);
  CHECK(shop.pulled_well().rows == 2);
  shop.inbox.reset();
  for (const char* end : {"", "-wal", "-shm"})
    std::filesystem::remove(inbox_path(shop.project.settings.state_folder).string() + end);
  shop.open_inbox();
  CHECK(shop.deliver("d1", R"({"id": 3})") == 202);
  CHECK(shop.pulled_well().rows == 1);
}

TEST_CASE("webhook: a queue that is full refuses, and what it refused can come again") {
  HookShop shop;
  shop.open_inbox({.deliveries_queued_max = 0});
  CHECK(shop.deliver("d1", R"({"id": 1})") == 503);
  shop.open_inbox();
  CHECK(shop.deliver("d1", R"({"id": 1})") == 202);
  shop.inbox->close();
  CHECK(shop.deliver("d2", R"({"id": 1})") == 503);
}

TEST_CASE("webhook: many senders at once are each stored once") {
  HookShop shop;
  constexpr int kThreads = 8;
  constexpr int kEach = 50;
  std::vector<std::thread> senders;
  std::atomic<int> accepted = 0;
  for (int t = 0; t < kThreads; ++t) {
    senders.emplace_back([&, t] {
      WebhookReceiver hook = shop.receiver();
      for (int i = 0; i < kEach; ++i) {
        // Every delivery is sent by two threads.
        const int id = t / 2 * kEach + i;
        const std::string body = fmt::format(R"({{"id": {}}})", id);
        const Fields fields{{"Delivery", fmt::format("d{}", id)},
                            {"Sig", "sha256=" + hex_mac("new secret", body)}};
        std::promise<WebhookAnswer> answer;
        hook.receive(lookup(fields), body,
                     [&answer](WebhookAnswer said) { answer.set_value(std::move(said)); });
        if (answer.get_future().get().status == 202) ++accepted;
      }
    });
  }
  for (std::thread& sender : senders) sender.join();
  CHECK(accepted == kThreads * kEach);
  CHECK(shop.pulled_well().rows == kThreads / 2 * kEach);
}

TEST_CASE("webhook: loaded deliveries leave the inbox when they are old, others never") {
  HookShop shop;
  const auto raw = raw_store_path(shop.project.settings.state_folder);
  shop.open_inbox({.keep_days = 30,
                   .prune_every_ms = 0,
                   .loaded_up_to = [&](const std::string&, const std::string& inbox) {
                     CHECK(inbox_loaded_up_to(raw, shop.source(), "another inbox") == 0);
                     return inbox_loaded_up_to(raw, shop.source(), inbox);
                   }});
  CHECK(shop.deliver("d1", R"({"id": 1})") == 202);
  CHECK(shop.pulled_well().rows == 1);
  CHECK(shop.deliver("d2", R"({"id": 2})") == 202);
  shop.clock.at += std::chrono::hours(24 * 31);
  CHECK(shop.deliver("d3", R"({"id": 3})") == 202);
  shop.inbox->close();  // behind the pruning that follows the commit
  const auto part =
      read_inbox(inbox_path(shop.project.settings.state_folder), "shop", "", 0, 10, 1'000);
  REQUIRE(part);
  REQUIRE(part->rows.size() == 2);
  CHECK(part->rows[0].id == "d2");
  CHECK(shop.pulled_well().rows == 2);
}

TEST_CASE("webhook: an acknowledged delivery survives a kill of server and of ingest") {
  for (const int killed_at : {1, 2}) {
    HookShop shop;
    shop.inbox.reset();
    int pipe_ends[2];
    REQUIRE(::pipe(pipe_ends) == 0);
    const pid_t server = ::fork();
    REQUIRE(server >= 0);
    if (server == 0) {
      auto inbox = Inbox::open(inbox_path(shop.project.settings.state_folder), {}, shop.clock,
                               shop.ids_source);
      if (!inbox) ::_exit(1);
      for (int i = 1;; ++i) {
        std::promise<void> done;
        (*inbox)->accept({"shop", fmt::format("d{}", i), fmt::format(R"({{"id": {}}})", i)},
                         [&](const Result<Accepted>& accepted) {
                           if (accepted && ::write(pipe_ends[1], "x", 1) != 1) ::_exit(1);
                           done.set_value();
                         });
        done.get_future().wait();
      }
    }
    char acknowledged[20];
    std::size_t count = 0;
    while (count < sizeof acknowledged) {
      const ssize_t got = ::read(pipe_ends[0], acknowledged + count, sizeof acknowledged - count);
      REQUIRE(got > 0);
      count += static_cast<std::size_t>(got);
    }
    ::kill(server, SIGKILL);
    REQUIRE(::waitpid(server, nullptr, 0) == server);
    ::close(pipe_ends[0]);
    ::close(pipe_ends[1]);
    const pid_t loader = ::fork();
    REQUIRE(loader >= 0);
    if (loader == 0) {
      IngestOptions options;
      int calls = 0;
      options.connect.progress = [&](std::int64_t) {
        if (++calls == killed_at) ::kill(::getpid(), SIGKILL);
      };
      static_cast<void>(shop.try_ingest(options));
      ::_exit(0);
    }
    REQUIRE(::waitpid(loader, nullptr, 0) == loader);
    static_cast<void>(shop.pulled_well());
    CHECK(std::stoi(shop.values("SELECT count(DISTINCT id) FROM shop_orders")) >= 20);
    CHECK(shop.values("SELECT count(*) - count(DISTINCT id) FROM shop_orders") == "0");
    CHECK(shop.values("SELECT group_concat(id) FROM shop_orders WHERE CAST(id AS INTEGER) <= 3") ==
          "1,2,3");
  }
}

TEST_CASE("reconcile: a poll of the window loads what the webhook missed and nothing else") {
  std::string body;
  LocalServer server([&](const std::string&, const std::string&) { return ok(body); });
  HookShop shop;
  catalog::HttpAccess access;
  access.base_url = server.url();
  shop.source().connector->reconcile = catalog::Reconcile{.window_h = 48, .access = access};
  catalog::HttpRequest request;
  request.path = "/events";
  request.since = catalog::Since{.param = "since", .column = "updated_at"};
  shop.table().extract->read = request;
  body = R"([{"id": 1, "updated_at": "2026-11-20T00:00:00Z"}])";
  CHECK(shop.deliver("d1", R"({"id": 1, "amount": 5})") == 202);
  CHECK(shop.deliver("d2", R"({"id": 2})") == 202);
  const PullRun first = shop.pulled_well({}, 1);
  CHECK(first.name == "shop_orders/reconcile");
  CHECK(first.rows == 0);
  CHECK(first.known == 1);
  CHECK(server.targets().back() == "/events?since=2026-11-19T10%3A00%3A00.000Z");
  body = R"([{"id": 1}, {"id": 2}, {"id": 3, "amount": 7}])";
  CHECK(shop.pulled_well({}, 1).rows == 1);
  CHECK(shop.ids() == "1 2 3");
  CHECK(shop.values("SELECT path FROM _martgate_loads ORDER BY load_id DESC LIMIT 1") ==
        "reconcile-000000000001");
  // What the poll found first is not loaded again when the delivery arrives after all.
  CHECK(shop.deliver("d3", R"({"id": 3, "amount": 7})") == 202);
  CHECK(shop.pulled_well().rows == 0);
  CHECK(shop.values("SELECT amount FROM shop_orders WHERE id = '1'") == "5");
}
