#include "base/calendar.h"

#include <fmt/format.h>

#include <algorithm>

namespace martgate {
namespace {

using std::chrono::days;
using std::chrono::months;
using std::chrono::year_month_day;

constexpr std::array<std::string_view, kGrains.size()> kGrainNames{"day", "week", "month",
                                                                   "quarter", "year"};

Date plus_months(Date date, int count) {
  const year_month_day from{date};
  const auto month = from.year() / from.month() + months(count);
  const auto last = (month / std::chrono::last).day();
  return Date{month / std::min(from.day(), last)};
}

}  // namespace

std::string_view name_of(Grain grain) {
  return kGrainNames[static_cast<std::size_t>(grain)];
}

std::optional<Grain> grain_named(std::string_view name) {
  for (const Grain grain : kGrains) {
    if (name_of(grain) == name) return grain;
  }
  return std::nullopt;
}

Result<Date> parse_date(std::string_view text) {
  const auto number = [&](std::size_t at, std::size_t count) {
    int value = 0;
    for (std::size_t i = at; i < at + count; ++i) {
      if (text[i] < '0' || text[i] > '9') return -1;
      value = value * 10 + (text[i] - '0');
    }
    return value;
  };
  if (text.size() == 10 && text[4] == '-' && text[7] == '-') {
    const int year = number(0, 4);
    const int month = number(5, 2);
    const int day = number(8, 2);
    if (year > 0 && month > 0 && day > 0) {
      const year_month_day date{std::chrono::year(year), std::chrono::month(unsigned(month)),
                                std::chrono::day(unsigned(day))};
      if (date.ok()) return Date{date};
    }
  }
  return fail(Code::InvalidArgument, fmt::format("\"{}\" is not a date", text),
              {"accepted: a calendar day as YYYY-MM-DD"}, "bad_date");
}

std::string to_iso(Date date) {
  const year_month_day ymd{date};
  return fmt::format("{:04}-{:02}-{:02}", int(ymd.year()), unsigned(ymd.month()),
                     unsigned(ymd.day()));
}

Date start_of(Grain grain, Date date) {
  const year_month_day ymd{date};
  switch (grain) {
    case Grain::Day:
      return date;
    case Grain::Week:
      return date - (std::chrono::weekday(date) - std::chrono::Monday);
    case Grain::Month:
      return Date{ymd.year() / ymd.month() / 1};
    case Grain::Quarter:
      return Date{ymd.year() / std::chrono::month((unsigned(ymd.month()) - 1) / 3 * 3 + 1) / 1};
    case Grain::Year:
      return Date{ymd.year() / std::chrono::January / 1};
  }
  return date;
}

Date plus(Date date, Grain grain, int count) {
  switch (grain) {
    case Grain::Day:
      return date + days(count);
    case Grain::Week:
      return date + days(7 * count);
    case Grain::Month:
      return plus_months(date, count);
    case Grain::Quarter:
      return plus_months(date, 3 * count);
    case Grain::Year:
      return plus_months(date, 12 * count);
  }
  return date;
}

}  // namespace martgate
