#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "connect/fixture.h"
#include "connect/local_server.h"

using namespace martgate;
using namespace martgate::ingest;

namespace {

std::string row(int id, std::string_view updated_at = "2026-11-01T00:00:00Z") {
  return fmt::format(R"({{"id": {}, "amount": 1.10, "updated_at": "{}"}})", id, updated_at);
}

std::string rows(int first, int last) {
  std::string text = "[";
  for (int id = first; id <= last; ++id) text += (id > first ? ", " : "") + row(id);
  return text + "]";
}

// The value of a query parameter, or -1.
int parameter(const std::string& target, const std::string& name) {
  const std::size_t at = target.find(name + "=");
  return at == std::string::npos ? -1 : std::stoi(target.substr(at + name.size() + 1));
}

struct HttpShop : Polled {
  LocalServer server;

  explicit HttpShop(LocalServer::Answer answer) : server(std::move(answer)) {
    catalog::HttpAccess access;
    access.base_url = server.url() + "/v1";
    access.request_ms_max = 5'000;
    source().connector->access = access;
    catalog::HttpRequest request;
    request.path = "/orders";
    table().extract->read = request;
  }

  catalog::HttpAccess& access() {
    return std::get<catalog::HttpAccess>(source().connector->access);
  }
  catalog::HttpRequest& request() { return std::get<catalog::HttpRequest>(table().extract->read); }
  void by_number(int size) {
    catalog::Paging& paging = request().paging;
    paging.style = catalog::Paging::Style::Number;
    paging.param = "page";
    paging.size_param = "per_page";
    paging.size = size;
  }
  void by_token(bool keeps) {
    request().body.rows = "/data";
    catalog::Paging& paging = request().paging;
    paging.style = catalog::Paging::Style::Cursor;
    paging.param = "cursor";
    paging.next = "/next";
    paging.keeps_token = keeps;
  }
  void by_link() { request().paging.style = catalog::Paging::Style::Link; }
};

// Three pages of two rows; the last one is short.
Served numbered(const std::string& target) {
  const int page = parameter(target, "page");
  return ok(page == 3 ? rows(5, 5) : rows(page * 2 - 1, page * 2));
}

}  // namespace

TEST_CASE("http poll: a client error is not tried again") {
  HttpShop shop([](const std::string&, const std::string&) { return status(404); });
  const PullReport report = shop.pulled();
  REQUIRE(report.error);
  CHECK(report.error->reason == "bad_status");
  CHECK(report.run.attempts == 1);
  CHECK(shop.server.targets() == std::vector<std::string>{"/v1/orders"});
}

TEST_CASE("http poll: a redirect to another origin is not followed, with or without a secret") {
  HttpShop shop([](const std::string& target, const std::string&) {
    if (target == "/v1/orders") return status(302, "Location: http://evil.example/v1\r\n");
    return ok("[]");
  });
  CHECK(shop.pulled().error->reason == "redirect_refused");
  CHECK(shop.server.targets().size() == 1);
}

TEST_CASE("http poll: redirects within the origin are followed, a circle of them is not") {
  HttpShop shop([](const std::string& target, const std::string&) {
    if (target == "/v1/orders") return status(307, "Location: /v2/orders\r\n");
    if (target == "/v2/orders") return ok(rows(1, 2));
    return status(301, "Location: /v1/circle\r\n");
  });
  CHECK(shop.pulled_well().rows == 2);
  shop.request().path = "/circle";
  CHECK(shop.pulled().error->reason == "redirect_refused");
}

TEST_CASE("http poll: server errors, cut answers and broken JSON are tried again until they end") {
  int calls = 0;
  HttpShop shop([&](const std::string&, const std::string&) {
    switch (++calls) {
      case 1:
        return status(500);
      case 2:
        return Served{"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n[{\"id\": 1"};
      case 3:
        return ok(R"([{"id": 1, "amo)");
      case 4:
        return Served{""};
      default:
        return Served{
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            "4\r\n[{\"i\r\n7;x=y\r\nd\": 1}]\r\n0\r\nTrailer: x\r\n\r\n"};
    }
  });
  const PullRun run = shop.pulled_well();
  CHECK(run.rows == 1);
  CHECK(run.attempts == 6);  // five of the page, one that finds the end
  CHECK(shop.waits.size() == 4);
}

TEST_CASE("http poll: what never works is given up after attempts_max, and the error is kept") {
  HttpShop shop([](const std::string&, const std::string&) { return status(503); });
  shop.source().connector->retry.attempts_max = 3;
  CHECK(shop.pulled().run.attempts == 3);
  CHECK(shop.pulled().run.attempts == 3);
  const auto health = pull_health(raw_store_path(shop.project.settings.state_folder));
  REQUIRE(health);
  REQUIRE(health->size() == 1);
  CHECK((*health)[0].last.error == "status 503 from /v1/orders; tried 3 times");
  CHECK((*health)[0].failures_in_row == 2);
  CHECK_FALSE((*health)[0].last_success_at);
}

TEST_CASE("http poll: too many requests wait as long as the server asks, or end the run") {
  int calls = 0;
  std::string retry_after = "2";
  HttpShop shop([&](const std::string&, const std::string&) {
    return ++calls % 2 == 1 ? status(429, "Retry-After: " + retry_after + "\r\n") : ok(rows(1, 1));
  });
  shop.source().connector->retry = {.attempts_max = 3, .base_ms = 1, .delay_ms_max = 1};
  CHECK(shop.pulled_well().rows == 1);
  CHECK(shop.waits == std::vector<std::int64_t>{2'000});
  retry_after = "3600";
  calls = 0;
  const PullReport report = shop.pulled();
  REQUIRE(report.error);
  CHECK(report.error->reason == "rate_limited");
  CHECK(shop.waits.size() == 1);
}

TEST_CASE("http poll: pauses between pages when nothing remains of the limit") {
  HttpShop shop([](const std::string& target, const std::string&) {
    Served served = numbered(target);
    served.bytes.insert(served.bytes.find("\r\n") + 2,
                        "X-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: 3\r\n");
    return served;
  });
  shop.by_number(2);
  CHECK(shop.pulled_well().rows == 5);
  CHECK(shop.waits == std::vector<std::int64_t>{3'000, 3'000});
}

TEST_CASE("http poll: a body that never ends and one that is too long are cut off") {
  bool is_slow = true;
  HttpShop shop([&](const std::string&, const std::string&) {
    if (is_slow) return Served{"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[", true};
    return ok(rows(1, 100));
  });
  shop.access().request_ms_max = 50;
  shop.source().connector->retry.attempts_max = 2;
  const PullReport slow = shop.pulled();
  REQUIRE(slow.error);
  CHECK(slow.error->reason == "too_slow");
  CHECK(slow.run.attempts == 2);
  is_slow = false;
  shop.access().request_ms_max = 5'000;
  shop.access().page_bytes_max = 1'000;
  CHECK(shop.pulled().error->reason == "page_bytes_max");
}

TEST_CASE("http poll: answers that are no HTTP, or coded, are refused") {
  std::string bytes;
  HttpShop shop([&](const std::string&, const std::string&) { return Served{bytes}; });
  for (const char* text :
       {"SSH-2.0-x\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nx",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nx",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nx",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxx\r\n0\r\n\r\n"}) {
    INFO(text);
    bytes = text;
    const PullReport report = shop.pulled();
    REQUIRE(report.error);
    CHECK(report.error->reason == "bad_http");
    CHECK(report.run.attempts == 1);
  }
}

TEST_CASE("http poll: numbered pages end with a short one; twice brings nothing") {
  HttpShop shop([](const std::string& target, const std::string&) { return numbered(target); });
  shop.by_number(2);
  const PullRun run = shop.pulled_well();
  CHECK(run.rows == 5);
  CHECK(run.pages == 3);
  CHECK(run.bytes > 0);
  CHECK(shop.server.targets()[1] == "/v1/orders?page=2&per_page=2");
  CHECK(shop.ids() == "1 2 3 4 5");
  CHECK(shop.values("SELECT DISTINCT amount FROM shop_orders") == "1.10");
  const PullRun again = shop.pulled_well();
  CHECK(again.rows == 0);
  CHECK(again.known == 5);
  CHECK(shop.row_count() == "5");
}

TEST_CASE("http poll: a row that slides to the next page while polling is not doubled") {
  int shift = 0;
  HttpShop shop([&](const std::string& target, const std::string&) {
    const int page = parameter(target, "page");
    // After the first page a new row comes in front: everything moves on by one.
    const int first = (page - 1) * 2 + 1 - shift;
    shift = 1;
    return ok(page < 3 ? rows(first, first + 1) : rows(first, first));
  });
  shop.by_number(2);
  const PullRun run = shop.pulled_well();
  CHECK(run.rows == 4);
  CHECK(run.known == 1);
  CHECK(shop.ids() == "1 2 3 4");
  CHECK(shop.pulled_well().rows == 1);  // the one in front, on the next poll
  CHECK(shop.ids() == "0 1 2 3 4");
}

TEST_CASE("http poll: a total that changes within a poll starts it again") {
  int total = 5;
  HttpShop shop([&](const std::string& target, const std::string&) {
    const int page = parameter(target, "page");
    // Row 1 is deleted behind page 1, so that row 3 slides to a page that was read already.
    const int first = (page - 1) * 2 + 1 + (total == 4 ? 1 : 0);
    const Served served = ok(
        fmt::format(R"({{"total": {}, "data": {}}})", total, rows(first, std::min(first + 1, 5))));
    total = 4;
    return served;
  });
  shop.by_number(2);
  shop.request().body.rows = "/data";
  shop.request().paging.total = "/total";
  CHECK(shop.pulled_well().rows == 5);
  CHECK(shop.ids() == "1 2 3 4 5");
}

TEST_CASE("http poll: rows that never rest are given up, and no half table replaces a whole one") {
  int total = 0;
  HttpShop shop([&](const std::string& target, const std::string&) {
    const int page = parameter(target, "page");
    return ok(fmt::format(R"({{"total": {}, "data": {}}})", ++total, rows(page * 2 - 1, page * 2)));
  });
  shop.by_number(2);
  shop.table().load = catalog::LoadMode::Snapshot;
  shop.request().body.rows = "/data";
  shop.request().paging.total = "/total";
  const PullReport report = shop.pulled();
  REQUIRE(report.error);
  CHECK(report.error->reason == "page_shift");
  CHECK(shop.row_count() == "0");
}

TEST_CASE("http poll: tokens lead from page to page, kept ones to the next run") {
  int most = 4;
  HttpShop shop([&](const std::string& target, const std::string&) {
    const int after = std::max(parameter(target, "cursor"), 0);
    const int last = std::min(after + 2, most);
    return ok(fmt::format(R"({{"data": {}, "next": "{}"}})", rows(after + 1, last), last));
  });
  shop.by_token(true);
  CHECK(shop.pulled_well().rows == 4);
  most = 5;
  const std::size_t before = shop.server.targets().size();
  CHECK(shop.pulled_well().rows == 1);
  CHECK(shop.server.targets()[before] == "/v1/orders?cursor=4");
  CHECK(shop.ids() == "1 2 3 4 5");
  CHECK(shop.pulled_well().rows == 0);
}

TEST_CASE("http poll: links are followed as they are written, only within the origin") {
  bool leaves = false;
  HttpShop shop([&](const std::string& target, const std::string&) {
    if (leaves) return ok(rows(9, 9), "Link: <https://evil.example/x>; rel=\"next\"\r\n");
    if (target == "/v1/orders")
      return ok(rows(1, 2), "Link: </v1/orders?cursor=a%26b%2Bc>; rel=\"next\"\r\n");
    return ok(rows(3, 3), "Link: </v1/orders>; rel=\"first\"\r\n");
  });
  shop.by_link();
  CHECK(shop.pulled_well().rows == 3);
  CHECK(shop.server.targets().back() == "/v1/orders?cursor=a%26b%2Bc");
  leaves = true;
  const PullReport report = shop.pulled();
  REQUIRE(report.error);
  CHECK(report.error->reason == "link_refused");
  CHECK(shop.ids() == "1 2 3");
}

TEST_CASE("http poll: links that run in a circle end the run and lose nothing") {
  HttpShop shop([](const std::string& target, const std::string&) {
    if (target == "/v1/orders") return ok(rows(1, 1), "Link: </v1/orders?p=2>; rel=next\r\n");
    return ok(rows(2, 2), "Link: </v1/orders>; rel=next\r\n");
  });
  shop.by_link();
  const PullReport report = shop.pulled();
  REQUIRE(report.error);
  CHECK(report.error->reason == "pagination_loop");
  CHECK(shop.ids() == "1 2");
}

TEST_CASE("http poll: a run ends at its most pages and the next one goes on from there") {
  HttpShop shop([](const std::string& target, const std::string&) { return numbered(target); });
  shop.by_number(2);
  shop.access().pages_max = 2;
  const PullReport report = shop.pulled();
  REQUIRE(report.error);
  CHECK(report.error->reason == "pages_max");
  CHECK(shop.ids() == "1 2 3 4");
  CHECK(shop.pulled_well().rows == 1);
  CHECK(shop.server.targets().size() == 3);
  CHECK(shop.server.targets().back() == "/v1/orders?page=3&per_page=2");
}

TEST_CASE("http poll: since asks from the largest value seen, less the overlap, never the future") {
  std::string body =
      "[" + row(1, "2026-11-20T10:00:00Z") + "," + row(2, "2026-11-19T10:00:00Z") + "]";
  HttpShop shop([&](const std::string&, const std::string&) { return ok(body); });
  shop.request().since = catalog::Since{.param = "since", .column = "updated_at", .overlap = 3'600};
  CHECK(shop.pulled_well().rows == 2);
  CHECK(shop.pulled_well().rows == 0);
  CHECK(shop.server.targets().back() == "/v1/orders?since=2026-11-20T09%3A00%3A00.000Z");
  body = "[" + row(3, "2099-01-01T00:00:00Z") + "]";
  CHECK(shop.pulled_well().rows == 1);
  CHECK(shop.pulled_well().rows == 0);
  CHECK(shop.server.targets().back() == "/v1/orders?since=2026-11-21T09%3A00%3A00.000Z");
  CHECK(shop.pulled_well({.full = true}).rows == 0);
  CHECK(shop.server.targets().back() == "/v1/orders");
  IngestOptions options;
  options.connect.since = "2026-11-01";
  CHECK(shop.pulled_well(options).rows == 0);
  CHECK(shop.server.targets().back() == "/v1/orders?since=2026-10-31T23%3A00%3A00.000Z");
}

TEST_CASE("http poll: an unchanged answer is not sent again") {
  HttpShop shop([](const std::string&, const std::string& head) {
    if (head.find("If-None-Match: \"v1\"") != std::string::npos) return status(304);
    return ok(rows(1, 2), "ETag: \"v1\"\r\n");
  });
  CHECK(shop.pulled_well().rows == 2);
  const PullRun again = shop.pulled_well();
  CHECK(again.bytes == 0);
  CHECK(again.rows == 0);
  CHECK(shop.pulled_well({.full = true}).known == 2);
}

TEST_CASE("http poll: the secret goes into its header and into nothing that is kept") {
  int code = 401;
  HttpShop shop([&](const std::string&, const std::string&) { return status(code); });
  shop.access().auth = catalog::HttpAuth{.header = "X-Key", .prefix = "k ", .secret_env = "KEY"};
  IngestOptions options;
  options.connect.secret = [](const std::string&) { return std::nullopt; };
  CHECK(shop.pulled(options).error->reason == "no_secret");
  CHECK(shop.server.targets().empty());
  options.connect.secret = [](const std::string& name) -> std::optional<std::string> {
    return name + "-hunter2";
  };
  CHECK(to_text(*shop.pulled(options).error).find("hunter2") == std::string::npos);
  CHECK(shop.server.last_head().find("X-Key: k KEY-hunter2\r\n") != std::string::npos);
  options.connect.secret = [](const std::string&) -> std::optional<std::string> {
    return "a\r\nX-Evil: 1";
  };
  CHECK(shop.pulled(options).error->reason == "bad_header");
  CHECK(shop.values("SELECT count(*) FROM _martgate_pull_runs WHERE error LIKE '%hunter2%'") ==
        "0");
}

TEST_CASE("http poll: members are taken from where they stand, other rows go to quarantine") {
  HttpShop shop([](const std::string&, const std::string&) {
    return ok(R"({"items": [{"id": 1, "price": {"eur": 2.50}, "noise": 1}, 7, {"price": {}}]})");
  });
  shop.request().body.rows = "/items";
  shop.request().body.members.emplace();
  (*shop.request().body.members)["amount"] = "/price/eur";
  const PullRun run = shop.pulled_well();
  CHECK(run.rows == 1);
  CHECK(run.quarantined == 2);
  CHECK(shop.values("SELECT amount FROM shop_orders") == "2.50");
  CHECK(shop.pulled_well().quarantined == 0);
  shop.request().body.rows = "/rows";
  CHECK(shop.pulled().error->reason == "no_rows");
}

TEST_CASE("http poll: a whole table of several pages is one load, and none when nothing changed") {
  int most = 5;
  HttpShop shop([&](const std::string& target, const std::string&) {
    const int page = parameter(target, "page");
    const int first = page * 2 - 1;
    return ok(first > most ? "[]" : rows(first, std::min(first + 1, most)));
  });
  shop.by_number(2);
  shop.table().load = catalog::LoadMode::Snapshot;
  CHECK(shop.pulled_well().pages == 1);
  CHECK(shop.ids() == "1 2 3 4 5");
  CHECK(shop.pulled_well().pages == 0);
  most = 3;
  CHECK(shop.pulled_well().rows == 3);
  CHECK(shop.ids() == "1 2 3");
}

TEST_CASE("http poll: a run that is killed between a page and its commit goes on from that page") {
  for (const int killed_at : {1, 2, 3, 4}) {
    INFO("killed at call ", killed_at);
    HttpShop shop([](const std::string& target, const std::string&) { return numbered(target); });
    shop.by_number(2);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      IngestOptions options;
      int calls = 0;
      options.connect.progress = [&](std::int64_t /*rows*/) {
        if (++calls == killed_at) ::kill(::getpid(), SIGKILL);
      };
      static_cast<void>(shop.try_ingest(options));
      ::_exit(0);
    }
    int state = 0;
    REQUIRE(::waitpid(child, &state, 0) == child);
    REQUIRE(WIFSIGNALED(state));
    const int committed = killed_at / 2;
    CHECK(shop.row_count() == std::to_string(committed * 2));
    const std::size_t before = shop.server.targets().size();
    CHECK(shop.pulled_well().rows == 5 - committed * 2);
    CHECK(parameter(shop.server.targets()[before], "page") == committed + 1);
    CHECK(shop.ids() == "1 2 3 4 5");
    CHECK(shop.pulled_well().rows == 0);
  }
}
