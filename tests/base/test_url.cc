#include <doctest/doctest.h>

#include <string>

#include "base/url.h"

using namespace martgate;

TEST_CASE("url: what could be read in two ways, or holds more than a place, is refused") {
  for (const char* text : {"",
                           "https://",
                           "https:///x",
                           "ftp://a",
                           "a.example",
                           "//a.example",
                           "https://user@a.example",
                           "https://a.example#x",
                           "https://a.example:",
                           "https://a.example:0",
                           "https://a.example:65536",
                           "https://a.example:80x",
                           "https://a b",
                           "https://a.example/\n",
                           "https://a..b",
                           "https://.a",
                           "https://[::1",
                           "https://[]",
                           "https://[::1]x",
                           "https://[a.example]",
                           "https://\xc3\xa9.fr",
                           "https://a.example\\@b.example",
                           "https://a.example/%zz#"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_http_url(text));
  }
}

TEST_CASE("url: scheme and host lose their case, path and query stay as written") {
  const auto url = parse_http_url("HTTPS://Login.Example:8443/A%2fb?x=1?y");
  REQUIRE(url);
  CHECK(url->is_https);
  CHECK(url->origin() == "https://login.example:8443");
  CHECK(url->path == "/A%2fb");
  CHECK(url->query == "x=1?y");
  CHECK(url->target() == "/A%2fb?x=1?y");
  CHECK(parse_http_url("http://a:80")->origin() == "http://a");
  CHECK(parse_http_url("http://a:443")->origin() == "http://a:443");
  CHECK(url->canonical() == "https://login.example:8443/A%2fb");
  CHECK(parse_http_url("http://a/")->canonical() == "http://a");
  CHECK(parse_http_url("http://a/b//")->canonical() == "http://a/b");
  CHECK(parse_http_url("http://a?x")->target() == "/?x");
  CHECK(parse_http_url("http://[::1]:90/")->authority() == "[::1]:90");
  CHECK(parse_http_url("http://[::1]:90/")->host == "::1");
}

TEST_CASE("url: loopback is a name or an address, not something that begins like one") {
  for (const char* host : {"localhost", "127.0.0.1", "127.8.9.10", "::1"})
    CHECK(is_loopback_name(host));
  for (const char* host : {"127.0.0.1.evil.example", "localhost.evil.example", "127.evil.example.x",
                           "127..0.1", "128.0.0.1", "::2", ""})
    CHECK_FALSE(is_loopback_name(host));
}
