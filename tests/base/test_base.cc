#include <doctest/doctest.h>

#include "base/calendar.h"
#include "base/clock.h"
#include "base/decimal.h"
#include "base/digest.h"
#include "base/ids.h"
#include "base/json_writer.h"
#include "base/text.h"

using namespace martgate;

TEST_CASE("calendar: a day that does not exist is refused") {
  CHECK_FALSE(parse_date("2026-02-29"));
  CHECK_FALSE(parse_date("2026-13-01"));
  CHECK_FALSE(parse_date("26-01-01"));
  CHECK_FALSE(parse_date("2026-1-01"));
  REQUIRE(parse_date("2024-02-29"));
  CHECK(to_iso(*parse_date("2024-02-29")) == "2024-02-29");
}

TEST_CASE("calendar: adding a month to the 31st clamps to the last day") {
  CHECK(to_iso(plus(*parse_date("2026-01-31"), Grain::Month, 1)) == "2026-02-28");
  CHECK(to_iso(plus(*parse_date("2024-01-31"), Grain::Month, 1)) == "2024-02-29");
  CHECK(to_iso(plus(*parse_date("2024-02-29"), Grain::Year, 1)) == "2025-02-28");
  CHECK(to_iso(plus(*parse_date("2026-11-30"), Grain::Quarter, 1)) == "2027-02-28");
}

TEST_CASE("calendar: weeks begin on Monday, quarters in January, April, July and October") {
  CHECK(to_iso(start_of(Grain::Week, *parse_date("2026-11-22"))) == "2026-11-16");
  CHECK(to_iso(start_of(Grain::Week, *parse_date("2026-11-16"))) == "2026-11-16");
  CHECK(to_iso(start_of(Grain::Quarter, *parse_date("2026-12-31"))) == "2026-10-01");
  CHECK(to_iso(start_of(Grain::Year, *parse_date("2026-12-31"))) == "2026-01-01");
}

TEST_CASE("clock: RFC 3339 reads offsets and fractions and writes UTC milliseconds") {
  const auto at = parse_rfc3339("2026-03-01T00:30:00.25+02:00");
  REQUIRE(at);
  CHECK(to_rfc3339(*at) == "2026-02-28T22:30:00.250Z");
  CHECK_FALSE(parse_rfc3339("2026-03-01 00:30:00"));
  CHECK_FALSE(parse_rfc3339("2026-03-01T24:00:00Z"));
  CHECK_FALSE(parse_rfc3339("2026-03-01T00:00:00"));
}

TEST_CASE("decimal: the smallest integer and values below one keep their digits") {
  CHECK(decimal_text(-5, 2) == "-0.05");
  CHECK(decimal_text(49806265, 2) == "498062.65");
  CHECK(decimal_text(0, 2) == "0.00");
  CHECK(decimal_text(INT64_MIN, 2) == "-92233720368547758.08");
}

TEST_CASE("digest: SHA-256 of the empty string and of abc are the published ones") {
  CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  Sha256 parts;
  parts.add("a");
  parts.add("bc");
  CHECK(to_hex(parts.finish()) == sha256_hex("abc"));
}

TEST_CASE("ids: the same seed gives the same ids and two draws differ") {
  SeededIds left(7);
  SeededIds right(7);
  const auto first = left.next();
  CHECK(first == right.next());
  CHECK(first != left.next());
  CHECK(id_text("req_", first).size() == 36);
}

TEST_CASE("ids: time-ordered ids sort by the moment they were drawn") {
  SeededIds ids(7);
  const auto early = time_ordered(ids.next(), *parse_rfc3339("2026-11-21T10:00:00.001Z"));
  const auto late = time_ordered(ids.next(), *parse_rfc3339("2026-11-21T10:00:00.002Z"));
  CHECK(id_text("", early) < id_text("", late));
  CHECK(id_text("", early).substr(0, 12) == "01a1fd8c6901");
}

TEST_CASE("json writer: commas, escapes and nesting come out as valid JSON") {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("a", 1).key("b").begin_array().string("x\n\"\x01").null().end_array();
  json.field("c", true).field("d", 0.1).key("e").begin_object().end_object().end_object();
  CHECK(out == R"({"a":1,"b":["x\n\"\u0001",null],"c":true,"d":0.1,"e":{}})");
}

TEST_CASE("json writer: bytes that are not UTF-8 become the replacement character") {
  CHECK(json_quoted("a\xFF\xC3z") == "\"a\xEF\xBF\xBD\xEF\xBF\xBDz\"");
  CHECK(json_quoted("K\xC3\xA4se") == "\"K\xC3\xA4se\"");
}

TEST_CASE("text: a typing slip finds the name, a stranger finds none") {
  const std::vector<std::string> names{"net_revenue", "gross_revenue", "order_count"};
  CHECK(nearest("net_revnue", names) == std::vector<std::string>{"net_revenue"});
  CHECK(nearest("Revenue", names) == std::vector<std::string>{"net_revenue", "gross_revenue"});
  CHECK(nearest("zzz", names).empty());
  CHECK(edit_distance("ab", "ba") == 1);
}

TEST_CASE("text: shown text cannot move the cursor or reverse the line") {
  CHECK(shown("a\x1b[2Jb") == "a\\u001b[2Jb");
  CHECK(shown("\xE2\x80\xAE!") == "\\u202e!");
  CHECK(shown("\xC0\x80") == "\\xc0\\x80");
  CHECK(shown("abcdef", 3) == "abc… (6 bytes)");
}
