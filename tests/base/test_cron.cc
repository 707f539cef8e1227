#include <doctest/doctest.h>

#include <random>

#include "base/clock.h"
#include "base/cron.h"
#include "base/duration_text.h"
#include "base/random.h"
#include "base/time_zone.h"

using namespace martgate;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

std::vector<int> set_bits(const auto& bits) {
  std::vector<int> values;
  for (std::size_t i = 0; i < bits.size(); ++i) {
    if (bits.test(i)) values.push_back(static_cast<int>(i));
  }
  return values;
}

using Ints = std::vector<int>;

LocalTime local(const std::string& text) {
  const auto at = std::chrono::floor<std::chrono::seconds>(*parse_rfc3339(text + "Z"));
  return LocalTime(at.time_since_epoch());
}

std::string utc(SysTime at) {
  return to_rfc3339(WallTime(at)).substr(0, 16);
}

}  // namespace

TEST_CASE("cron: what is no schedule is refused with its field") {
  const auto message = [](const char* text) {
    const auto cron = parse_cron(text);
    return cron ? std::string("accepted") : cron.error().message;
  };
  CHECK(message("") == "\"\" has 0 fields, not 5");
  CHECK(message("* * * *") == "\"* * * *\" has 4 fields, not 5");
  CHECK(message("60 * * * *") == "\"60\" is no minute");
  CHECK(message("* 24 * * *") == "\"24\" is no hour");
  CHECK(message("* * 0 * *") == "\"0\" is no day of month");
  CHECK(message("* * * 13 *") == "\"13\" is no month");
  CHECK(message("* * * * 8") == "\"8\" is no day of week");
  CHECK(message("-1 * * * *") == "\"\" is no minute");
  CHECK(message("5-1 * * * *") == "\"5-1\" is no minute");
  CHECK(message("*/0 * * * *") == "\"*/0\" is no minute");
  CHECK(message("1,,2 * * * *") == "\"\" is no minute");
  CHECK(message("1, 2 * * *") == "\"\" is no minute");
  CHECK(message("0 0 31 2,4,6 *") == "\"0 0 31 2,4,6 *\" names a day that no year has");
  CHECK(message("0 0 29 2 *") == "accepted");
  CHECK(parse_cron("0 0 * * mno").error().hints.front() == "did you mean \"mon\"");
}

TEST_CASE("cron: lists, ranges, steps and names fill their fields") {
  const auto cron = parse_cron("5,*/20,50-52 8-18/4 1,15 jan-mar,DEC mon-fri,7");
  REQUIRE(cron);
  CHECK(set_bits(cron->minutes) == Ints{0, 5, 20, 40, 50, 51, 52});
  CHECK(set_bits(cron->hours) == Ints{8, 12, 16});
  CHECK(set_bits(cron->days) == Ints{1, 15});
  CHECK(set_bits(cron->months) == Ints{1, 2, 3, 12});
  CHECK(set_bits(cron->weekdays) == Ints{0, 1, 2, 3, 4, 5});
  CHECK(set_bits(parse_cron("0 0 * * fri-sun")->weekdays) == Ints{0, 5, 6});
  CHECK(set_bits(parse_cron("10/20 0 * * *")->minutes) == Ints{10, 30, 50});
}

TEST_CASE("cron: restricted in both day fields, either is enough; in one, it decides alone") {
  const auto friday_13 = parse_cron("0 0 13 * fri");
  CHECK(friday_13->matches(*parse_date("2026-11-13")));  // a Friday
  CHECK(friday_13->matches(*parse_date("2026-11-20")));  // another Friday
  CHECK(friday_13->matches(*parse_date("2026-12-13")));  // a Sunday
  CHECK_FALSE(friday_13->matches(*parse_date("2026-11-21")));
  const auto mondays = parse_cron("0 0 * * 1");
  CHECK(mondays->matches(*parse_date("2026-11-23")));
  CHECK_FALSE(mondays->matches(*parse_date("2026-11-24")));
  const auto firsts = parse_cron("0 0 1 * *");
  CHECK(firsts->matches(*parse_date("2026-12-01")));
  CHECK_FALSE(firsts->matches(*parse_date("2026-12-02")));
}

TEST_CASE("zone: an unknown name is refused with the nearest ones, and no path is followed") {
  const auto wrong = TimeZone::named("Europe/Berln");
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().hints.front().starts_with("did you mean Europe/Berlin"));
  CHECK_FALSE(TimeZone::named("../../etc/passwd"));
  CHECK_FALSE(TimeZone::named("/etc/localtime"));
  CHECK_FALSE(TimeZone::named(""));
}

TEST_CASE("zone: Berlin skips an hour in March and has one twice in October") {
  const auto berlin = TimeZone::named("Europe/Berlin");
  REQUIRE(berlin);
  const auto gap = berlin->moments(local("2026-03-29T02:30:00"));
  CHECK(gap.is_skipped);
  CHECK(utc(gap.first) == "2026-03-29T01:00");
  const auto before = berlin->moments(local("2026-03-29T01:59:00"));
  CHECK_FALSE(before.is_skipped);
  CHECK(utc(before.first) == "2026-03-29T00:59");
  CHECK(utc(berlin->moments(local("2026-03-29T03:00:00")).first) == "2026-03-29T01:00");
  const auto twice = berlin->moments(local("2026-10-25T02:30:00"));
  CHECK(utc(twice.first) == "2026-10-25T00:30");
  REQUIRE(twice.second);
  CHECK(utc(*twice.second) == "2026-10-25T01:30");
  CHECK_FALSE(berlin->moments(local("2026-10-25T03:00:00")).second);
}

TEST_CASE("zone: at random moments the way to the wall clock and back leads home") {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  Random random(seed);
  // Lord Howe turns its clocks by half an hour, Apia skipped a whole day in 2011.
  for (const char* name : {"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe",
                           "Asia/Kathmandu", "Pacific/Apia"}) {
    const auto zone = TimeZone::named(name);
    REQUIRE(zone);
    for (int i = 0; i < 500; ++i) {
      const SysTime at(std::chrono::seconds(random.between(1'200'000'000, 1'900'000'000)));
      const auto moments = zone->moments(zone->local(at));
      CHECK_FALSE(moments.is_skipped);
      CHECK((moments.first == at || moments.second == at));
    }
  }
}

TEST_CASE("duration: what is no span is refused, what is one comes back in its largest unit") {
  for (const char* wrong : {"", "m", "15", "0m", "-5m", "1.5h", "15 m", "15M", "123456s", "5w"})
    CHECK_FALSE(parse_duration(wrong));
  CHECK(*parse_duration("90s") == std::chrono::seconds(90));
  CHECK(*parse_duration("15m") == minutes(15));
  CHECK(*parse_duration("2d") == hours(48));
  CHECK(compact_duration(hours(48)) == "2d");
  CHECK(compact_duration(hours(26)) == "26h");
  CHECK(compact_duration(std::chrono::seconds(90)) == "90s");
}
