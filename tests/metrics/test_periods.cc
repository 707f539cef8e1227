#include "metrics/resolve/periods.h"

#include <doctest/doctest.h>

#include "base/random.h"

using namespace martgate;
using namespace martgate::metrics;
using std::chrono::days;

namespace {

constexpr std::uint64_t kSeed = 20'261'121;

Date day(std::string_view text) {
  return *parse_date(text);
}

std::string shown(const Days& range) {
  return to_iso(range.from) + " to " + to_iso(range.to);
}

Window earlier(int count, Grain grain) {
  return {.kind = Window::Kind::Earlier, .span = {count, grain}};
}

Window trailing(int count, Grain grain) {
  return {.kind = Window::Kind::Trailing, .span = {count, grain}};
}

std::string windowed_days(std::string_view from, std::string_view to, const Window& window,
                          std::optional<Grain> grain = {}) {
  return shown(windowed({day(from), day(to)}, grain, {window}));
}

}  // namespace

TEST_CASE(
    "periods: a whole month a month earlier is the whole month before, whatever their lengths") {
  const Window month = earlier(1, Grain::Month);
  CHECK(windowed_days("2026-03-01", "2026-04-01", month) == "2026-02-01 to 2026-03-01");
  CHECK(windowed_days("2026-02-01", "2026-03-01", month) == "2026-01-01 to 2026-02-01");
  CHECK(windowed_days("2026-01-01", "2027-01-01", earlier(1, Grain::Year)) ==
        "2025-01-01 to 2026-01-01");
  CHECK(windowed_days("2024-02-29", "2024-03-01", earlier(1, Grain::Year)) ==
        "2023-02-28 to 2023-03-01");
}

TEST_CASE("periods: days that the earlier month does not have clamp to its last day") {
  const Window month = earlier(1, Grain::Month);
  CHECK(windowed_days("2026-03-31", "2026-04-01", month) == "2026-02-28 to 2026-03-01");
  CHECK(windowed_days("2026-03-29", "2026-03-30", month) == "2026-02-28 to 2026-03-01");
  CHECK(windowed_days("2026-03-01", "2026-03-31", month) == "2026-02-01 to 2026-03-01");
  CHECK(windowed_days("2026-03-01", "2026-03-16", month) == "2026-02-01 to 2026-02-16");
}

TEST_CASE("periods: a trailing window ends with the period") {
  CHECK(windowed_days("2026-03-05", "2026-03-06", trailing(7, Grain::Day)) ==
        "2026-02-27 to 2026-03-06");
  CHECK(windowed_days("2026-03-31", "2026-04-01", trailing(1, Grain::Month)) ==
        "2026-03-01 to 2026-04-01");
  CHECK(windowed_days("2026-03-15", "2026-03-16", trailing(1, Grain::Month)) ==
        "2026-02-16 to 2026-03-16");
}

TEST_CASE("periods: to date means from the grain that holds the last day counted") {
  const Window month{.kind = Window::Kind::GrainToDate, .span = {0, Grain::Month}};
  CHECK(windowed_days("2026-03-15", "2026-03-16", month) == "2026-03-01 to 2026-03-16");
  CHECK(windowed_days("2026-02-23", "2026-03-02", month) == "2026-03-01 to 2026-03-02");
  Window first = month;
  first.is_first_day_of_period = true;
  CHECK(windowed_days("2026-02-23", "2026-03-02", first) == "2026-02-01 to 2026-02-24");
}

TEST_CASE("periods: the beginning of a grain is its first period of the same kind") {
  const Window year{.kind = Window::Kind::GrainStart, .span = {0, Grain::Year}};
  CHECK(windowed_days("2026-02-01", "2026-03-01", year, Grain::Month) ==
        "2026-01-01 to 2026-02-01");
  CHECK(windowed_days("2026-05-17", "2026-05-18", year, Grain::Day) == "2026-01-01 to 2026-01-02");
}

TEST_CASE("periods: windows of nested metrics apply from the outside in") {
  const Days month{day("2026-03-01"), day("2026-04-01")};
  const Days nested =
      windowed(month, Grain::Month, {earlier(1, Grain::Year), trailing(7, Grain::Day)});
  CHECK(shown(nested) == "2025-03-25 to 2025-04-01");
}

TEST_CASE("periods: the first and the last one are cut to the range") {
  const auto periods = periods_of({day("2026-01-15"), day("2026-03-10")}, Grain::Month, {});
  REQUIRE(periods.size() == 3);
  CHECK(to_iso(periods[0].name) == "2026-01-01");
  CHECK(shown(periods[0].days) == "2026-01-15 to 2026-02-01");
  CHECK(shown(periods[1].days) == "2026-02-01 to 2026-03-01");
  CHECK(shown(periods[2].days) == "2026-03-01 to 2026-03-10");
}

TEST_CASE("periods: random ranges fall apart into their periods without a gap or an overlap") {
  Random random(kSeed);
  for (int round = 0; round < 500; ++round) {
    const Date from = day("2019-01-01") + days(random.between(0, 2'000));
    const Days range{from, from + days(random.between(1, 900))};
    const Grain grain = kGrains[static_cast<std::size_t>(random.below(kGrains.size()))];
    const auto periods = periods_of(range, grain, {});
    INFO("seed ", kSeed, ", ", shown(range), " by ", name_of(grain));
    REQUIRE(!periods.empty());
    CHECK(static_cast<std::int64_t>(periods.size()) == period_count(range, grain));
    CHECK(periods.front().days.from == range.from);
    CHECK(periods.back().days.to == range.to);
    for (std::size_t i = 0; i < periods.size(); ++i) {
      CHECK(start_of(grain, periods[i].days.from) == periods[i].name);
      if (i > 0) CHECK(periods[i].days.from == periods[i - 1].days.to);
    }
    // A window of days moves everything alike, so earlier periods tile the earlier range.
    const auto before = periods_of(range, grain, {earlier(30, Grain::Day)});
    for (std::size_t i = 0; i < periods.size(); ++i) {
      CHECK(before[i].days.from + days(30) == periods[i].days.from);
      CHECK(before[i].days.to + days(30) == periods[i].days.to);
    }
  }
}
