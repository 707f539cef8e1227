#include "demo/world.h"

#include <fmt/format.h>

#include <cmath>
#include <numeric>

#include "base/check.h"

namespace martgate::demo {
namespace {

using std::chrono::days;
using std::chrono::year_month_day;

constexpr int kMonths = 24;
constexpr int kDaysBehind = 400;  // longest date named in advance: a yearly renewal

year_month_day civil(Date date) {
  return year_month_day{date};
}

}  // namespace

World::World(const DemoOptions& options)
    : seed_(options.seed),
      scale_milli_(std::max<std::int64_t>(1, std::llround(options.scale * 1000))),
      first_(plus(start_of(Grain::Month, options.until), Grain::Month, 1 - kMonths)) {
  day_count_ = static_cast<int>((options.until - first_).count()) + 1;
  for (int month = 0; month < kMonths; ++month) {
    month_starts_.push_back(static_cast<int>((plus(first_, Grain::Month, month) - first_).count()));
  }
  for (int day = 0, month = 0; day < day_count_; ++day) {
    if (month + 1 < kMonths && day == month_starts_[std::size_t(month) + 1]) ++month;
    month_of_day_.push_back(month);
  }
  for (int day = 0; day < day_count_ + kDaysBehind; ++day)
    iso_.push_back(to_iso(first_ + days(day)));
}

int World::month_of(int day) const {
  return day < day_count_ ? month_of_day_.at(std::size_t(day)) : month_count();
}

int World::month_start(int month) const {
  return month < month_count() ? month_starts_.at(std::size_t(month)) : day_count_;
}

int World::calendar_month(int day) const {
  return static_cast<int>(unsigned(civil(first_ + days(day)).month())) - 1;
}

int World::day_of_month(int day) const {
  return static_cast<int>(unsigned(civil(first_ + days(day)).day()));
}

int World::weekday(int day) const {
  return static_cast<int>(std::chrono::weekday(first_ + days(day)).c_encoding());
}

int World::year_of_month(int month) const {
  return int(civil(first_ + days(month_start(month))).year());
}

const std::string& World::iso(int day) const {
  return iso_.at(std::size_t(day));
}

std::string World::slashed(int day) const {
  const std::string& text = iso(day);
  return text.substr(8, 2) + '/' + text.substr(5, 2) + '/' + text.substr(0, 4);
}

std::string World::month_text(int month) const {
  return iso(month_start(month)).substr(0, 7);
}

std::int64_t World::scaled(std::int64_t count) const {
  return std::max<std::int64_t>(1, (count * scale_milli_ + 500) / 1000);
}

Random World::stream(Subject subject, std::uint64_t index) const {
  std::uint64_t state = seed_;
  state = splitmix64(state) + static_cast<std::uint64_t>(subject);
  state = splitmix64(state) + index;
  return Random(splitmix64(state));
}

std::uint32_t World::scrambled(Subject subject, std::int64_t index) const {
  // Each step is one to one on 32 bits: addition, multiplication by an odd number, xor with itself
  // shifted.
  Random random = stream(subject);
  auto word = static_cast<std::uint32_t>(index) + static_cast<std::uint32_t>(random.bits());
  for (int round = 0; round < 2; ++round) {
    word *= static_cast<std::uint32_t>(random.bits()) | 1U;
    word ^= word >> 15U;
  }
  return word;
}

std::size_t pick(Random& random, std::span<const int> weights) {
  const int sum = std::accumulate(weights.begin(), weights.end(), 0);
  MARTGATE_CHECK(sum > 0);
  int at = static_cast<int>(random.below(static_cast<std::uint64_t>(sum)));
  std::size_t index = 0;
  while (at >= weights[index]) at -= weights[index++];
  return index;
}

std::string time_text(int second_of_day) {
  return fmt::format("{:02}:{:02}:{:02}", second_of_day / 3600, second_of_day / 60 % 60,
                     second_of_day % 60);
}

}  // namespace martgate::demo
