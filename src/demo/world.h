// The calendar of the demo and its sources of randomness: everything else is a function of these.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/calendar.h"
#include "base/random.h"
#include "demo/demo_data.h"

namespace martgate::demo {

// Each subject draws from its own streams, so that a change in one leaves the others' rows alone.
enum class Subject : std::uint64_t {
  Order = 1,
  Basket,
  Parcel,
  Refund,
  Customer,
  Presence,
  Company,
  Deal,
  Lead,
  Member,
  Payment,
  Ticket,
  Ads,
  Traffic,
  Targets,
  Resent,
};

// Days count from 0, the first day of the first month; months count from 0 to 23.
class World {
 public:
  explicit World(const DemoOptions& options);

  [[nodiscard]] int day_count() const { return day_count_; }
  [[nodiscard]] int last_day() const { return day_count_ - 1; }
  [[nodiscard]] int month_count() const { return static_cast<int>(month_starts_.size()); }
  [[nodiscard]] int month_of(int day) const;  // month_count() for a day behind the last
  [[nodiscard]] int month_start(int month) const;
  [[nodiscard]] int calendar_month(int day) const;  // 0 is January
  [[nodiscard]] int day_of_month(int day) const;    // from 1
  [[nodiscard]] int weekday(int day) const;         // 0 is Sunday
  [[nodiscard]] int year_of_month(int month) const;
  [[nodiscard]] bool is_over(int day) const { return day >= 0 && day < day_count_; }

  [[nodiscard]] const std::string& iso(int day) const;    // "2026-10-31"
  [[nodiscard]] std::string slashed(int day) const;       // "31/10/2026"
  [[nodiscard]] std::string month_text(int month) const;  // "2026-10"

  // `count` at scale 1 as the options' scale has it, at least 1. Integers only: a rounded double
  // could differ between platforms.
  [[nodiscard]] std::int64_t scaled(std::int64_t count) const;
  [[nodiscard]] Random stream(Subject subject, std::uint64_t index = 0) const;
  // A different number below 2^32 for every index below 2^32: the keys of other systems.
  [[nodiscard]] std::uint32_t scrambled(Subject subject, std::int64_t index) const;

 private:
  std::uint64_t seed_;
  std::int64_t scale_milli_;
  Date first_;
  int day_count_ = 0;
  std::vector<int> month_starts_;
  std::vector<int> month_of_day_;
  std::vector<std::string> iso_;  // reaches behind the last day, for due and promised dates
};

// True in `permille` of 1,000 cases.
[[nodiscard]] inline bool happens(Random& random, std::int64_t permille) {
  return static_cast<std::int64_t>(random.below(1000)) < permille;
}
// An index into `weights`, by weight; their sum must be positive.
[[nodiscard]] std::size_t pick(Random& random, std::span<const int> weights);

// "08:05:59" for a second of a day.
[[nodiscard]] std::string time_text(int second_of_day);

}  // namespace martgate::demo
