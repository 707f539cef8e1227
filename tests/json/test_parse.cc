#include <doctest/doctest.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>

#include "base/random.h"
#include "json/canonical.h"
#include "json/parse.h"

namespace martgate {
namespace {

std::string repeated(std::string_view text, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += text;
  return out;
}

std::string nested(std::size_t depth) {
  return repeated("[", depth) + repeated("]", depth);
}

// "reason: message" of the refusal, or "accepted".
std::string refusal(std::string_view text, const ParseLimits& limits = {}) {
  const auto parsed = parse_ijson(text, limits);
  if (parsed) return "accepted";
  CHECK(parsed.error().code == Code::InvalidArgument);
  return fmt::format("{}: {}", parsed.error().reason, parsed.error().message);
}

std::string reason(std::string_view text, const ParseLimits& limits = {}) {
  const std::string text_of_refusal = refusal(text, limits);
  return text_of_refusal.substr(0, text_of_refusal.find(':'));
}

}  // namespace

TEST_CASE("parse: nesting beyond the limit is refused at the bracket that passes it") {
  CHECK(refusal(nested(65)) == "json_depth: nested deeper than 64 levels at byte 64");
  CHECK(reason(nested(64)) == "accepted");
  CHECK(reason(repeated(R"({"a":)", 65) + "1" + repeated("}", 65)) == "json_depth");
  CHECK(reason(repeated(R"({"a":)", 64) + "1" + repeated("}", 64)) == "accepted");
  CHECK(reason(nested(100'000)) == "json_depth");
  CHECK(reason(repeated("[", 100'000)) == "json_depth");
}

TEST_CASE("parse: no limit of a caller lets the nesting pass the ceiling") {
  const ParseLimits limits{.depth_max = 1'000'000};
  CHECK(reason(nested(kDepthCeiling), limits) == "accepted");
  CHECK(reason(nested(kDepthCeiling + 1), limits) == "json_depth");
}

TEST_CASE("parse: a key twice in one object is refused, also when it is escaped differently") {
  CHECK(refusal(R"({"a":1,"a":2})") == R"(json_duplicate_key: duplicate key "a" at byte 7)");
  CHECK(reason(R"({"x":{"a":1,"\u0061":2}})") == "json_duplicate_key");
  CHECK(refusal(R"({"a\\\"":1, "a\\\"":2})").ends_with("at byte 12"));
  CHECK(reason(R"({"a":{"a":1},"b":{"a":1}})") == "accepted");
}

TEST_CASE("parse: integers that fit no 64 bits are refused instead of becoming doubles") {
  CHECK(refusal("[1, 123456789012345678901234567890]") ==
        "json_number: integer 123456789012345678901234567890 does not fit 64 bits at byte 4");
  CHECK(reason("18446744073709551616") == "json_number");
  CHECK(reason("-9223372036854775809") == "json_number");
  CHECK(parse_ijson("18446744073709551615")->get<std::uint64_t>() == 18446744073709551615U);
  CHECK(parse_ijson("-9223372036854775808")->get<std::int64_t>() ==
        std::numeric_limits<std::int64_t>::min());
}

TEST_CASE("parse: beyond 64 bits an integer passes only as the canonical text of a double") {
  for (const char* text : {"2.0201337203685477e19", "-3e20", "999999999999999868928.0"}) {
    const auto parsed = parse_ijson(text);
    REQUIRE(parsed);
    const std::string canonical = canonical_json(*parsed);
    CHECK(canonical.find_first_of(".e") == std::string::npos);
    const auto again = parse_ijson(canonical);
    REQUIRE_MESSAGE(again, canonical);
    CHECK(*again == *parsed);
    CHECK(canonical_json(*again) == canonical);
  }
  CHECK(reason("18446744073709552000") == "accepted");     // 2^64 as ECMAScript writes it
  CHECK(reason("18446744073709551616") == "json_number");  // and with all its digits
  CHECK(reason("18446744073709552001") == "json_number");
  CHECK(reason("1000000000000000000000") == "json_number");  // canonical is 1e+21
}

TEST_CASE("parse: numbers that are not finite, too long or misspelt are refused") {
  CHECK(reason("1e309") == "json_number");
  CHECK(reason("[-1e309]") == "json_number");
  CHECK(reason("1e308") == "accepted");
  CHECK(reason("0." + repeated("1", 38)) == "accepted");
  CHECK(refusal("0." + repeated("1", 39)) ==
        "json_number: number longer than 40 characters at byte 0");
  CHECK(reason(repeated("1", 1'000'000)) == "json_number");
  for (const auto* text : {"01", "+1", "1.", ".5", "0x10", "NaN", "Infinity", "-", "1e", "--1"}) {
    CHECK_MESSAGE(reason(text) == "json_syntax", text);
  }
}

TEST_CASE("parse: bytes that are not UTF-8 are refused with their place") {
  CHECK(refusal("[\"a\xFF\"]") == "json_utf8: text that is not UTF-8 at byte 3");
  for (const auto* text :
       {"\"\xC0\xAF\"", "\"\xED\xA0\x80\"", "\"\xF4\x90\x80\x80\"", "\"\xE2\x82\"", "\x80"}) {
    CHECK_MESSAGE(reason(text) == "json_utf8", text);
  }
  CHECK(reason("\"\xE2\x82\xAC\xF0\x9F\x98\x80\"") == "accepted");
}

TEST_CASE("parse: escapes of lone surrogates and noncharacters are refused") {
  for (const auto* text : {R"("\ud800")", R"("\udc00")", R"("\ud800x")", R"("\ud800\u0041")",
                           R"("\udc00\ud800")", R"({"\ud800":1})"}) {
    CHECK_MESSAGE(reason(text) == "json_utf8", text);
  }
  CHECK(reason(R"("\ud83d\ude00")") == "accepted");
  CHECK(reason(R"("\uffff")") == "json_utf8");
  CHECK(reason(R"(["\ufdd0"])") == "json_utf8");
  CHECK(reason(R"("\ud83f\udffe")") == "json_utf8");
  CHECK(reason(R"("\ufffd")") == "accepted");
}

TEST_CASE("parse: text behind the value, before it or missing from it is refused") {
  for (const auto* text : {"", " ", "1 2", "{}{}", "[1,]", "{\"a\":1,}", "[1", "{\"a\"}", "'a'",
                           "\"a", "// c\n1", "nul",
                           "\xEF\xBB\xBF"
                           "1",
                           "\"\t\"", "{1:2}"}) {
    CHECK_MESSAGE(reason(text) == "json_syntax", text);
  }
  CHECK(refusal("[1, x]").find("at byte 4") != std::string::npos);
}

TEST_CASE("parse: a NUL character does not end the text") {
  CHECK(reason(std::string_view("1\0garbage", 9)) == "json_syntax");
  CHECK(reason(std::string_view("\"a\0b\"", 5)) == "json_syntax");
  CHECK(reason(R"("\u0000")") == "accepted");
}

TEST_CASE("parse: every size has a limit, and what is just inside passes") {
  CHECK(reason("[1,2]", {.bytes_max = 5}) == "accepted");
  CHECK(reason("[1,2]", {.bytes_max = 4}) == "json_size");
  CHECK(reason(R"(["abc"])", {.string_bytes_max = 3}) == "accepted");
  CHECK(refusal(R"(["abcd"])", {.string_bytes_max = 3}) ==
        "json_size: string longer than 3 bytes at byte 1");
  CHECK(reason(R"({"abcd":1})", {.string_bytes_max = 3}) == "json_size");
  CHECK(reason(R"({"a":1,"b":2})", {.members_max = 2}) == "accepted");
  CHECK(reason(R"({"a":1,"b":2,"c":3})", {.members_max = 2}) == "json_size");
  CHECK(reason("[1,[2]]", {.elements_max = 4}) == "accepted");
  CHECK(reason("[1,[2]]", {.elements_max = 3}) == "json_size");
}

TEST_CASE("parse: the default limits are those of the interface") {
  CHECK(reason("\"" + std::string(1U << 20U, 'a') + "\"") == "accepted");
  CHECK(reason("\"" + std::string((1U << 20U) + 1, 'a') + "\"") == "json_size");
  CHECK(reason("[" + repeated("0,", 99'998) + "0]") == "accepted");
  CHECK(reason("[" + repeated("0,", 99'999) + "0]") == "json_size");
  CHECK(reason("1" + std::string((4U << 20U) - 1, ' ')) == "accepted");
  CHECK(reason("1" + std::string(4U << 20U, ' ')) == "json_size");
  std::string object = "{";
  for (int i = 0; i < 1'024; ++i) object += fmt::format("\"k{}\":{},", i, i);
  CHECK(reason(object.substr(0, object.size() - 1) + "}") == "accepted");
  CHECK(reason(object + "\"more\":1}") == "json_size");
}

TEST_CASE("parse: a whole document comes out as written") {
  const auto parsed = parse_ijson(R"( {"b":[1,-2,2.5,"x\n",true,false,null,{}],"a":"\u20ac"} )");
  REQUIRE(parsed);
  CHECK(canonical_json(*parsed) == "{\"a\":\"€\",\"b\":[1,-2,2.5,\"x\\n\",true,false,null,{}]}");
}

TEST_CASE("parse: damaged texts are refused or come out with one canonical form") {
  constexpr std::uint64_t kSeed = 20260228;
  MESSAGE("seed ", kSeed);
  Random random(kSeed);
  const std::string whole =
      R"({"a":[1,-2.5e3,"\u00e9\ud83d\ude00 x",true,null],"b":{"c":"\\\"","d":[[],{}]},"é":0})";
  constexpr std::string_view kBytes = "{}[]\",:\\u0aedf-+.1 \x80\xC3";
  int accepted = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text = whole;
    const auto edits = 1 + random.below(3);
    for (std::uint64_t i = 0; i < edits; ++i) {
      const auto at = random.below(text.size());
      switch (random.below(3)) {
        case 0:
          text[at] = kBytes[random.below(kBytes.size())];
          break;
        case 1:
          text.erase(at, 1 + random.below(3));
          break;
        default:
          text.insert(at, 1, kBytes[random.below(kBytes.size())]);
      }
    }
    const auto parsed = parse_ijson(text);
    // What the gate lets through is JSON to any other parser too, and means the same.
    if (!parsed) continue;
    ++accepted;
    REQUIRE_MESSAGE(Json::accept(text), text);
    REQUIRE_MESSAGE(*parsed == Json::parse(text), text);
    const std::string canonical = canonical_json(*parsed);
    const auto again = parse_ijson(canonical);
    REQUIRE_MESSAGE(again, canonical);
    REQUIRE(canonical_json(*again) == canonical);
  }
  CHECK(accepted > 100);
}

}  // namespace martgate
