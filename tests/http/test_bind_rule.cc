#include <doctest/doctest.h>

#include "http/bind_rule.h"

using martgate::http::BindRequest;
using martgate::http::check_bind;

TEST_CASE("bind rule: beyond loopback nothing replaces authentication") {
  for (const bool is_allowed : {false, true}) {
    for (const bool has_hosts : {false, true}) {
      const auto refused = check_bind({"0.0.0.0", false, is_allowed, false, has_hosts});
      REQUIRE_FALSE(refused);
      CHECK(refused.error().code == martgate::Code::InvalidArgument);
      CHECK(refused.error().reason == "bind_unauthenticated");
      CHECK(refused.error().message.find("0.0.0.0") != std::string::npos);
    }
  }
}

TEST_CASE("bind rule: with authentication the operator still asks for it and lists the hosts") {
  CHECK(check_bind({"0.0.0.0", false, false, true, true}).error().reason == "bind_remote");
  CHECK(check_bind({"0.0.0.0", false, true, true, false}).error().reason == "bind_hosts");
  CHECK(check_bind({"0.0.0.0", false, true, true, true}));
}

TEST_CASE("bind rule: loopback needs nothing") {
  CHECK(check_bind({.address = "127.0.0.1"}));
}
