#include <doctest/doctest.h>

#include "http/host_rules.h"

using namespace martgate::http;

TEST_CASE("host rules: names that only look like loopback are refused") {
  const HostRules rules = HostRules::loopback();
  for (const char* host : {"",
                           "evil.example",
                           "localhost.evil.example",
                           "evil.localhost",
                           "xlocalhost",
                           "localhostx",
                           "127.0.0.1.evil.example",
                           "127.1",
                           "127.0.0.2",
                           "0x7f.0.0.1",
                           "2130706433",
                           "0.0.0.0",
                           "::1",
                           "[::1",
                           "[::1]x",
                           "[::1]:",
                           "[0:0:0:0:0:0:0:1]",
                           "localhost:",
                           "localhost:x",
                           "localhost:80:80",
                           "localhost:99999",
                           "localhost:0",
                           "user@localhost",
                           "localhost@evil",
                           "localhost/",
                           "localhost ",
                           " localhost",
                           "localhost,evil.example",
                           "localhost..",
                           "loc\xc4\xb1lhost",
                           "."}) {
    CAPTURE(host);
    CHECK_FALSE(rules.admits_host(host));
  }
  for (const char* host : {"localhost", "LOCALHOST:8931", "localhost.", "localhost.:80",
                           "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:65535"}) {
    CAPTURE(host);
    CHECK(rules.admits_host(host));
  }
}

TEST_CASE("host rules: null, foreign and unparsable origins are refused") {
  const HostRules rules = HostRules::loopback();
  for (const char* origin :
       {"", "null", "localhost", "http://", "http://evil.example", "http://localhost.evil.example",
        "http://localhost/", "http://localhost:80/", "ftp://localhost", "file://",
        "http://user@localhost", "http:localhost", "HTTP://localhost", "http://localhost http://a",
        "https://", "httpss://localhost"}) {
    CAPTURE(origin);
    CHECK_FALSE(rules.admits_origin(origin));
  }
  for (const char* origin : {"http://localhost", "http://localhost:5173", "https://localhost",
                             "http://127.0.0.1:8931", "http://[::1]:8931"}) {
    CAPTURE(origin);
    CHECK(rules.admits_origin(origin));
  }
}

TEST_CASE("host rules: configured names replace the defaults and match exactly") {
  const auto rules = HostRules::from({"gate.example", "gate.example.:8443", "[fd00::1]:80"},
                                     {"https://console.example", "http://dev.example:*"});
  REQUIRE(rules);
  CHECK(rules->admits_host("Gate.Example:1234"));
  CHECK(rules->admits_host("[fd00::1]:80"));
  CHECK_FALSE(rules->admits_host("[fd00::1]:81"));
  CHECK_FALSE(rules->admits_host("localhost"));
  CHECK_FALSE(rules->admits_host("a.gate.example"));
  CHECK(rules->admits_origin("https://console.example"));
  CHECK(rules->admits_origin("https://console.example:443"));
  CHECK_FALSE(rules->admits_origin("https://console.example:444"));
  CHECK_FALSE(rules->admits_origin("http://console.example"));
  CHECK(rules->admits_origin("http://dev.example:5173"));
  CHECK_FALSE(rules->admits_origin("http://localhost"));
}

TEST_CASE("host rules: on loopback what is configured adds to the defaults") {
  const auto rules = HostRules::loopback_and({"gate.example"}, {"https://console.example"});
  REQUIRE(rules);
  CHECK(rules->admits_host("gate.example"));
  CHECK(rules->admits_host("localhost:1"));
  CHECK_FALSE(rules->admits_host("console.example"));
  CHECK(rules->admits_origin("https://console.example"));
  CHECK(rules->admits_origin("http://localhost:1"));
  CHECK_FALSE(rules->admits_origin("https://gate.example"));
  CHECK_FALSE(HostRules::loopback_and({"*"}, {}));
}

TEST_CASE("host rules: an entry that no header could equal is an error") {
  CHECK_FALSE(HostRules::from({"*"}, {}));
  CHECK_FALSE(HostRules::from({"*.example"}, {}));
  CHECK_FALSE(HostRules::from({"http://gate.example"}, {}));
  CHECK_FALSE(HostRules::from({}, {"*"}));
  CHECK_FALSE(HostRules::from({}, {"console.example"}));
  CHECK_FALSE(HostRules::from({}, {"https://console.example/"}));
  CHECK_FALSE(HostRules::from({}, {"https://console.example:1:*"}));
}
