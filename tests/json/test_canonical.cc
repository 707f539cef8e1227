#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "base/random.h"
#include "json/canonical.h"
#include "json/number.h"
#include "json/parse.h"

namespace martgate {
namespace {

std::string canonical(std::string_view text) {
  const auto parsed = parse_ijson(text);
  REQUIRE_MESSAGE(parsed, text);
  return canonical_json(*parsed);
}

}  // namespace

// RFC 8785, section 3.2.2.
TEST_CASE("canonical: the example of RFC 8785 has its published form") {
  CHECK(canonical(R"({
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]
    })") ==
        "{\"literals\":[null,true,false],"
        "\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
        "\"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
}

// RFC 8785, section 3.2.3.
TEST_CASE("canonical: keys sort by UTF-16 code units") {
  CHECK(canonical(R"({
      "\u20ac": "Euro Sign",
      "\r": "Carriage Return",
      "\ufb33": "Hebrew Letter Dalet With Dagesh",
      "1": "One",
      "\ud83d\ude00": "Emoji: Grinning Face",
      "\u0080": "Control",
      "\u00f6": "Latin Small Letter O With Diaeresis"
    })") ==
        "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u0080\":\"Control\","
        "\"ö\":\"Latin Small Letter O With Diaeresis\",\"€\":\"Euro Sign\","
        "\"😀\":\"Emoji: Grinning Face\",\"\ufb33\":\"Hebrew Letter Dalet With Dagesh\"}");
}

// RFC 8785, appendix B; the bits of the double and its text.
TEST_CASE("canonical: doubles have the form of ECMAScript") {
  const auto text = [](std::uint64_t bits) { return canonical_json(std::bit_cast<double>(bits)); };
  CHECK(text(0x0000000000000000) == "0");
  CHECK(text(0x8000000000000000) == "0");
  CHECK(text(0x0000000000000001) == "5e-324");
  CHECK(text(0x8000000000000001) == "-5e-324");
  CHECK(text(0x7fefffffffffffff) == "1.7976931348623157e+308");
  CHECK(text(0xffefffffffffffff) == "-1.7976931348623157e+308");
  CHECK(text(0x4340000000000000) == "9007199254740992");
  CHECK(text(0xc340000000000000) == "-9007199254740992");
  CHECK(text(0x4430000000000000) == "295147905179352830000");
  CHECK(text(0x44b52d02c7e14af5) == "9.999999999999997e+22");
  CHECK(text(0x44b52d02c7e14af6) == "1e+23");
  CHECK(text(0x44b52d02c7e14af7) == "1.0000000000000001e+23");
  CHECK(text(0x444b1ae4d6e2ef4e) == "999999999999999700000");
  CHECK(text(0x444b1ae4d6e2ef4f) == "999999999999999900000");
  CHECK(text(0x444b1ae4d6e2ef50) == "1e+21");
  CHECK(text(0x3eb0c6f7a0b5ed8c) == "9.999999999999997e-7");
  CHECK(text(0x3eb0c6f7a0b5ed8d) == "0.000001");
  CHECK(text(0x41b3de4355555553) == "333333333.3333332");
  CHECK(text(0x41b3de4355555557) == "333333333.33333343");
  CHECK(text(0xbecbf647612f3696) == "-0.0000033333333333333333");
  CHECK(text(0x43143ff3c1cb0959) == "1424953923781206.2");
}

TEST_CASE("canonical: 64-bit integers keep their digits and equal values one form") {
  CHECK(canonical("[9223372036854775807,18446744073709551615,-9223372036854775808]") ==
        "[9223372036854775807,18446744073709551615,-9223372036854775808]");
  CHECK(canonical("[1.0,1,10e-1,-0,-0.0]") == "[1,1,1,0,0]");
  CHECK(canonical("\"\x7F\\u001f\\b\\f\\t\\u000b\"") == "\"\x7F\\u001f\\b\\f\\t\\u000b\"");
}

TEST_CASE("number: what would be lost in a double still decides") {
  const auto order = [](const Json& left, const Json& right) {
    return compare_numbers(left, right);
  };
  CHECK(order(Json(9007199254740993), Json(9007199254740992.0)) > 0);
  CHECK(order(Json(-1), Json(18446744073709551615U)) < 0);
  CHECK(order(Json(18446744073709551615U), Json(18446744073709551616.0)) < 0);
  CHECK(order(Json(1), Json(1.0)) == 0);
  CHECK(compare_values(Json::parse("[1,{\"a\":2.0}]"), Json::parse("[1.0,{\"a\":2}]")) == 0);
  CHECK(compare_values(Json(0), Json(false)) != 0);
  CHECK(compare_values(Json("1"), Json(1)) != 0);
}

TEST_CASE("number: multiples are those of the decimal digits as written") {
  CHECK_FALSE(is_multiple(Json(0.00751), Json(0.0001)));
  CHECK_FALSE(is_multiple(Json(1e308), Json(0.123456789)));
  CHECK_FALSE(is_multiple(Json(7), Json(2)));
  CHECK_FALSE(is_multiple(Json(5), Json(10)));
  CHECK(is_multiple(Json(0.0075), Json(0.0001)));
  CHECK(is_multiple(Json(19.99), Json(0.01)));
  CHECK(is_multiple(Json(-4.5), Json(1.5)));
  CHECK(is_multiple(Json(18446744073709551615U), Json(5)));
  CHECK(is_multiple(Json(std::numeric_limits<std::int64_t>::min()), Json(1024)));
  CHECK(is_multiple(Json(12391239123), Json(1e-8)));
  CHECK(is_multiple(Json(0), Json(3)));
  CHECK(is_integer(Json(1e300)));
  CHECK_FALSE(is_integer(Json(1.5)));
}

TEST_CASE("number: the shortest digits read back as the same double") {
  constexpr std::uint64_t kSeed = 7;
  MESSAGE("seed ", kSeed);
  Random random(kSeed);
  for (int round = 0; round < 20'000; ++round) {
    const auto value = std::bit_cast<double>(random.bits());
    if (!std::isfinite(value)) continue;
    REQUIRE(std::strtod(canonical_json(value).c_str(), nullptr) == value);
  }
}

}  // namespace martgate
