#include "demo/planning.h"

#include <fmt/format.h>

#include <array>
#include <map>

#include "demo/assortment.h"

namespace martgate::demo {
namespace {

constexpr std::string_view kHeader = "month;channel;version;revenue_target;note";

struct Expectation {
  Channel channel;
  std::int64_t cents;  // net revenue of two years at scale 1, as planning saw it
};
constexpr std::array kExpectations{Expectation{Channel::Web, 67'500'000},
                                   Expectation{Channel::Marketplace, 9'700'000},
                                   Expectation{Channel::Wholesale, 17'500'000}};

// 1234567 -> "12.345,67"
std::string continental(std::int64_t cents) {
  std::string text = fmt::format("{}", cents / 100);
  for (std::size_t at = text.size(); at > 3;) text.insert(at -= 3, 1, '.');
  return text + fmt::format(",{:02}", cents % 100);
}

// Rounded to fifty euros: people write targets.
std::int64_t target_cents(const World& world, const History& history, int month,
                          std::int64_t two_years) {
  std::int64_t demand = 0;
  for (int day = world.month_start(month); day < world.month_start(month + 1); ++day) {
    demand += history.demand_on(day);
  }
  // Euros first: cents times demand would not fit at the largest scale.
  const std::int64_t euros = world.scaled(two_years) / 100 * demand / history.demand_in_all();
  return (euros + 25) / 50 * 5'000;
}

}  // namespace

void write_targets(const World& world, const History& history, Output& output) {
  std::map<int, std::vector<int>> months_by_year;
  for (int month = 0; month < world.month_count(); ++month) {
    months_by_year[world.year_of_month(month)].push_back(month);
  }
  for (const auto& [year, months] : months_by_year) {
    OutputFile& file = output.open(fmt::format("planning/targets-{}.csv", year), kHeader);
    std::int64_t sum = 0;
    const auto write = [&](int month, const Expectation& what, int version, std::int64_t cents) {
      const std::string text = world.month_text(month);
      CsvLine row(';');
      row.text(text.substr(5) + '.' + text.substr(0, 4)).text(name_of(what.channel));
      row.number(version).text(continental(cents));
      row.text(version == 2 ? "lowered, no tents" : "");
      file.row(row.line());
    };
    for (const int month : months) {
      for (const Expectation& what : kExpectations) {
        const std::int64_t cents = target_cents(world, history, month, what.cents);
        write(month, what, 1, cents);
        sum += cents;
      }
    }
    file.row(";;;;");
    file.row(fmt::format("Total {};;;{};", year, continental(sum)));
    for (const int month : months) {
      if (month < kSoldOutUntil - 1) continue;
      for (const Expectation& what : kExpectations) {
        const std::int64_t cents = target_cents(world, history, month, what.cents * 94 / 100);
        write(month, what, 2, cents);
      }
    }
  }
}

}  // namespace martgate::demo
