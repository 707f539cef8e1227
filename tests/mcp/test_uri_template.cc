#include <doctest/doctest.h>

#include <string>

#include "base/random.h"
#include "mcp/resource_uri.h"
#include "mcp/uri_template.h"

namespace martgate::mcp {
namespace {

UriTemplate made(std::string_view text) {
  auto parsed = UriTemplate::parse(text);
  REQUIRE_MESSAGE(parsed, text);
  return std::move(*parsed);
}

}  // namespace

TEST_CASE("resource_uri: what is no plain resource URI is refused") {
  for (const char* text : {"",
                           "x",
                           "metric/x",
                           "//host/path",
                           "martgate:metric",
                           "martgate:/metric",
                           "martgate://",
                           "martgate:///etc/passwd",
                           "1a://x",
                           "a b://x",
                           "martgate://me tric",
                           "martgate://m/<x>",
                           "martgate://m/\"x\"",
                           "martgate://m/{x}",
                           "martgate://m\\x",
                           "martgate://m/x#part",
                           "martgate://user@m/x",
                           "martgate://[::1]/x",
                           "martgate://m/%",
                           "martgate://m/%4",
                           "martgate://m/%GG",
                           "martgate://m/%00",
                           "martgate://m/%0D%0A",
                           "martgate://m/\n",
                           "martgate://m/%7F",
                           "martgate://m/%FF",
                           "martgate://m/\xFF",
                           "martgate://m/../x",
                           "martgate://m/..",
                           "martgate://m/./x",
                           "martgate://m/%2e%2E/x",
                           "martgate://m/%2E",
                           "martgate://m/a%2F..%2Fb",
                           "martgate://m/a%5C..%5Cb",
                           "martgate://../x",
                           "martgate://./x"}) {
    const auto parsed = parse_resource_uri(text);
    CHECK_MESSAGE(!parsed, text);
    if (!parsed) CHECK(parsed.error().code == Code::InvalidArgument);
  }
  CHECK_FALSE(parse_resource_uri("a://" + std::string(kResourceUriBytesMax, 'x')));
}

TEST_CASE("resource_uri: the parts of a good URI are as they were written") {
  const auto uri = parse_resource_uri("martgate://metric/net%20revenue/..x?day=1&x=%2F");
  REQUIRE(uri);
  CHECK(uri->scheme == "martgate");
  CHECK(uri->authority == "metric");
  CHECK(uri->path == "/net%20revenue/..x");
  CHECK(uri->query == "day=1&x=%2F");
  for (const char* text : {"test://static-text", "test://template/123/data", "note://käse",
                           "a+b-c.d://h:80/", "x://h?q", "file://docs/a/b.md"}) {
    CHECK_MESSAGE(parse_resource_uri(text), text);
  }
}

TEST_CASE("resource_uri: percent-encoding keeps what RFC 6570 keeps") {
  CHECK(percent_encode("a/b c%20ü", Keep::Unreserved) == "a%2Fb%20c%2520%C3%BC");
  CHECK(percent_encode("a/b c%20%zzü", Keep::Reserved) == "a/b%20c%20%25zz%C3%BC");
  CHECK(percent_decode("a%2Fb%C3%BC") == "a/bü");
  CHECK_FALSE(percent_decode("a%2"));
  CHECK_FALSE(percent_decode("%+1"));
}

TEST_CASE("uri_template: what is not of level 1 or 2, or is ambiguous, is refused with its place") {
  for (const char* text :
       {"a{", "a}", "a{}", "a{b", "{a}{b}", "x{a}/{a}", "x{a,b}", "x{/a}", "x{?a}", "x{;a}",
        "x{.a}", "x{a:3}", "x{a*}", "x{a b}", "x{{a}}", "x{+}"}) {
    const auto parsed = UriTemplate::parse(text);
    REQUIRE_MESSAGE(!parsed, text);
    CHECK(parsed.error().message.find("byte") != std::string::npos);
  }
}

TEST_CASE("uri_template: a URI that the template cannot give does not match") {
  const UriTemplate data = made("test://template/{id}/data");
  for (const char* uri :
       {"", "test://template/123", "test://template//data", "test://template/1/2/data",
        "test://template/123/data/", "test://template/123/data?x", "xtest://template/1/data",
        "test://template/../data", "test://template/%2e%2e/data", "test://template/a%2F../data",
        "test://template/%00/data", "test://template/%0a/data", "test://template/%FF/data",
        "test://template/%4/data", "test://template/a#b/data", "test://template/a?b/data",
        "test://template/data"}) {
    CHECK_MESSAGE(!data.match(uri), uri);
  }
  CHECK_FALSE(made("file://docs/{+path}").match("file://docs/a/../../b"));
  CHECK_FALSE(made("file://docs/{+path}").match("file://docs/a%5c..%5cb"));
  CHECK_FALSE(made("x://h/a{#part}").match("x://h/a"));
}

TEST_CASE("uri_template: values are found, decoded, and end at the next literal") {
  const auto one = made("test://template/{id}/data").match("test://template/a%2Fb%20c/data");
  REQUIRE(one);
  CHECK(one->at("id") == "a/b c");
  const auto two = made("x://{kind}/{name}.md").match("x://metric/a.md.md");
  REQUIRE(two);
  CHECK(two->at("kind") == "metric");
  CHECK(two->at("name") == "a.md");
  const auto path = made("file://docs/{+path}").match("file://docs/a/b/c.md");
  REQUIRE(path);
  CHECK(path->at("path") == "a/b/c.md");
  const auto fragment = made("x://h/a{#part}").match("x://h/a#one/two");
  REQUIRE(fragment);
  CHECK(fragment->at("part") == "one/two");
}

TEST_CASE("uri_template: what is expanded matches and gives the same values") {
  constexpr std::uint64_t kSeed = 77;
  INFO("seed ", kSeed);
  Random random(kSeed);
  const UriTemplate text = made("martgate://{kind}/by/{name}?v={version}");
  for (int round = 0; round < 2'000; ++round) {
    UriTemplate::Values values;
    for (const std::string& name : text.names()) {
      std::string& value = values[name];
      const std::size_t count = 1 + random.below(8);
      for (std::size_t i = 0; i < count; ++i) {
        constexpr std::string_view kBytes = "ab./\\?#%{}=&~ \"";
        value.push_back(kBytes[random.below(kBytes.size())]);
      }
    }
    const std::string uri = text.expand(values);
    const bool is_refused = has_dot_segment(values["kind"]) || has_dot_segment(values["name"]) ||
                            has_dot_segment(values["version"]);
    const auto matched = text.match(uri);
    CHECK_MESSAGE(matched.has_value() == !is_refused, uri);
    if (matched) CHECK(*matched == values);
  }
  CHECK(made("x://h/{a}/b").expand({}) == "x://h//b");
}

}  // namespace martgate::mcp
