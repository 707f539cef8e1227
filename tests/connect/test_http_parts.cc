#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "base/random.h"
#include "ingest/connect/http_answer.h"
#include "ingest/connect/json_text.h"
#include "ingest/connect/url.h"

using namespace martgate;
using namespace martgate::ingest;

namespace {

HttpAnswer with(std::vector<std::pair<std::string, std::string>> headers) {
  HttpAnswer answer;
  answer.headers = std::move(headers);
  return answer;
}

std::string random_text(Random& random) {
  static const char* const kParts[] = {"a", "/", "~", "\"", "\\", "\n",
                                       "ä", "€", "{", "]",  ",",  " "};
  std::string text;
  for (auto i = random.below(6); i > 0; --i) text += kParts[random.below(std::size(kParts))];
  return text;
}

nlohmann::json random_tree(Random& random, int depth) {
  const auto kind = random.below(depth > 0 ? 6 : 4);
  if (kind == 0) return nullptr;
  if (kind == 1) return random.between(-1'000, 1'000);
  if (kind == 2) return random.chance(0.5);
  if (kind == 3) return random_text(random);
  nlohmann::json tree = kind == 4 ? nlohmann::json::array() : nlohmann::json::object();
  for (auto i = random.below(4); i > 0; --i) {
    if (kind == 4)
      tree.push_back(random_tree(random, depth - 1));
    else
      tree[random_text(random)] = random_tree(random, depth - 1);
  }
  return tree;
}

// Every value of the tree stands in the text where its pointer says.
void check_walk(const std::string& text, const nlohmann::json& tree,
                const nlohmann::json::json_pointer& at) {
  const nlohmann::json& value = tree.at(at);
  const auto found = json_at(text, at.to_string());
  REQUIRE_MESSAGE(found, at.to_string());
  CHECK(json_compact(*found) == value.dump());
  if (value.is_array()) {
    CHECK(json_elements(*found).size() == value.size());
    for (std::size_t i = 0; i < value.size(); ++i) check_walk(text, tree, at / i);
  } else if (value.is_object()) {
    for (const auto& [key, member] : value.items()) check_walk(text, tree, at / key);
  } else if (!value.is_null()) {
    CHECK(json_scalar(*found) == (value.is_string() ? value.get<std::string>() : value.dump()));
  }
}

}  // namespace

TEST_CASE("url: what is not an absolute http address without user is none") {
  for (const char* text :
       {"", "ftp://h/x", "http://", "http:///x", "https://u@h/", "http://h:0/", "http://h:70000/",
        "http://h:1x/", "http://[::1/", "http://h /", "http://a:b:c/", "//h/x", "http://h%2e/"}) {
    INFO(text);
    CHECK_FALSE(parse_url(text));
  }
  const auto url = parse_url("https://API.example.com/v1?x=%26#part");
  REQUIRE(url);
  CHECK(url->origin == Origin{true, "api.example.com", 443});
  CHECK(url->target == "/v1?x=%26");
  CHECK(parse_url("http://[::1]:8080")->origin == Origin{false, "::1", 8080});
  CHECK(host_field(parse_url("http://[::1]:8080")->origin) == "[::1]:8080");
  CHECK(host_field(url->origin) == "api.example.com");
}

TEST_CASE("url: a link that leaves its origin is seen to do so") {
  const Url base = *parse_url("https://api.example.com/v1/orders?page=1");
  CHECK(resolve_url(base, "?page=2")->target == "/v1/orders?page=2");
  CHECK(resolve_url(base, "/x")->origin == base.origin);
  CHECK(resolve_url(base, "//evil.example/x")->origin != base.origin);
  CHECK(resolve_url(base, "http://api.example.com/v1")->origin != base.origin);
  CHECK(resolve_url(base, "https://api.example.com:444/v1")->origin != base.origin);
  CHECK(resolve_url(base, "https://API.example.com:443/v1")->origin == base.origin);
  CHECK_FALSE(resolve_url(base, "page2"));
  CHECK_FALSE(resolve_url(base, "/x\r\nHost: evil"));
  CHECK(query_text({{"a b", "1&2"}, {"c", "ä"}}) == "?a%20b=1%262&c=%C3%A4");
}

TEST_CASE("http: a malformed head is refused") {
  for (const char* text :
       {"", "HTTP/2 200", "HTTP/1.1 20", "HTTP/1.1 2x0 OK", "HTTP/1.1 200 OK\n x: 1",
        "HTTP/1.1 200 OK\nno colon", "HTTP/1.1 200 OK\n: empty", "HTTP/1.1 200 OK\na b: 1",
        "HTTP/1.1 2000 OK"}) {
    INFO(text);
    CHECK_FALSE(parse_http_head(text));
  }
  const auto head = parse_http_head("HTTP/1.1 200\r\nLink:  <a> \r\nlink: <b>\r\nX: %0d%0a");
  REQUIRE(head);
  CHECK(head->status == 200);
  CHECK(head->header("LINK") == "<a>, <b>");
  CHECK(head->header("x") == "%0d%0a");  // nothing is decoded
  CHECK_FALSE(head->header("y"));
}

TEST_CASE("http: a link is found by its relation, commas and quotes aside") {
  CHECK(link_target(R"(<https://h/x?cursor=a%26b%2Bc>; rel="next")", "next") ==
        "https://h/x?cursor=a%26b%2Bc");
  CHECK(link_target(R"(<a,b;c>; title="x, <y>; rel=next", <d>; rel="prev NEXT")", "next") == "d");
  CHECK(link_target("<a>; rel=prev, <b>; rel=next", "next") == "b");
  CHECK(link_target(R"(<a>; rel="prev"; rel="next")", "next") == std::nullopt);
  CHECK(link_target("<a; rel=next", "next") == std::nullopt);
  CHECK(link_target("", "next") == std::nullopt);
  CHECK(link_target(R"(<a>; title="\", <evil>; rel=next)", "next") == std::nullopt);
}

TEST_CASE(
    "http: a rate limit asks for the pause that its fields say, and for none while some remain") {
  const WallTime now = *parse_rfc3339("2026-11-21T10:00:00Z");
  CHECK(pause_ms(with({}), now) == std::nullopt);
  CHECK(pause_ms(with({{"Retry-After", "7"}}), now) == 7'000);
  CHECK(pause_ms(with({{"Retry-After", "Sat, 21 Nov 2026 10:01:00 GMT"}}), now) == 60'000);
  CHECK(pause_ms(with({{"Retry-After", "Sat, 21 Nov 2026 09:00:00 GMT"}}), now) == 0);
  CHECK(pause_ms(with({{"Retry-After", "-5"}}), now) == std::nullopt);
  CHECK(pause_ms(with({{"Retry-After", "soon"}}), now) == std::nullopt);
  CHECK(pause_ms(with({{"X-RateLimit-Remaining", "3"}, {"X-RateLimit-Reset", "30"}}), now) ==
        std::nullopt);
  CHECK(pause_ms(with({{"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "30"}}), now) ==
        30'000);
  // 1795255205 is 2026-11-21T10:00:05Z.
  CHECK(pause_ms(with({{"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "1795255205"}}),
                 now) == 5'000);
  CHECK(pause_ms(with({{"RateLimit", R"("default";r=0;t=12)"}}), now) == 12'000);
  CHECK(pause_ms(with({{"RateLimit", R"("default";r=1;t=12)"}}), now) == std::nullopt);
  CHECK(pause_ms(with({{"RateLimit", "limit=100, remaining=0, reset=9"}}), now) == 9'000);
  CHECK(pause_ms(with({{"RateLimit-Remaining", "0"}, {"RateLimit-Reset", "4"}}), now) == 4'000);
}

TEST_CASE("json text: parts keep their digits and spelling") {
  const std::string text =
      R"( {"a" : [ {"x": 1.10, "y~/z": "q\"}]"} , 12345678901234567890, [] ], "b":{"c":null}, "d\u0065":true} )";
  CHECK(json_at(text, "/a/0/x") == "1.10");
  CHECK(json_at(text, "/a/0/y~0~1z") == R"("q\"}]")");
  CHECK(json_at(text, "/a/1") == "12345678901234567890");
  CHECK(json_at(text, "/a/2") == "[]");
  CHECK(json_at(text, "/b/c") == "null");
  CHECK(json_at(text, "/de") == "true");
  CHECK(json_at(text, "")->front() == '{');
  for (const char* pointer : {"/x", "/a/3", "/a/-1", "/a/x", "/b/c/d", "/a/0/x/y", "/"}) {
    INFO(pointer);
    CHECK_FALSE(json_at(text, pointer));
  }
  CHECK(json_elements("[ ]").empty());
  CHECK(json_elements(R"([1 ,"a,]", {"b" : [1, 2]}])").size() == 3);
  CHECK(json_compact("{ \"a b\" :\n [1 , \" \"] }") == "{\"a b\":[1,\" \"]}");
  CHECK(json_scalar(R"("\u00e4")") == "ä");
  CHECK(json_scalar("1.50") == "1.50");
  CHECK_FALSE(json_scalar("null"));
  CHECK_FALSE(json_scalar("{}"));
}

TEST_CASE("json text: random trees are walked as the parser walks them") {
  const std::uint64_t seed = std::random_device{}();
  MESSAGE("seed ", seed);
  Random random(seed);
  for (int i = 0; i < 300; ++i) {
    const nlohmann::json tree = random_tree(random, 4);
    check_walk(tree.dump(static_cast<int>(random.below(4)) - 1), tree,
               nlohmann::json::json_pointer());
  }
}

TEST_CASE("http: random changes of a head, a link or an address never stop the reader") {
  const std::uint64_t seed = std::random_device{}();
  MESSAGE("seed ", seed);
  Random random(seed);
  const std::string texts[] = {
      "HTTP/1.1 200 OK\r\nLink: <https://h/x>; rel=\"next\"\r\nRetry-After: 7\r\nRateLimit: "
      "\"a\";r=0;t=3",
      R"(<https://h/x?a=%26>; title="a, \"b\""; rel="prev next", </y>; rel=last)",
      "https://api.example.com:443/v1/orders?page=1#x", "Sun, 06 Nov 1994 08:49:37 GMT"};
  for (int i = 0; i < 20'000; ++i) {
    std::string text = texts[random.below(std::size(texts))];
    for (auto changes = random.below(4); changes > 0 && !text.empty(); --changes) {
      const std::size_t at = random.below(text.size());
      if (random.chance(0.3))
        text.erase(at, random.below(5));
      else
        text[at] = static_cast<char>(random.below(256));
    }
    if (const auto answer = parse_http_head(text)) static_cast<void>(pause_ms(*answer, WallTime{}));
    if (const auto target = link_target(text, "next"))
      CHECK(text.find(*target) != std::string::npos);
    if (const auto url = parse_url(text)) CHECK(parse_url("https://" + host_field(url->origin)));
    static_cast<void>(parse_http_date(text));
  }
}
