#include "base/cron.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <vector>

#include "base/text.h"

namespace martgate {
namespace {

struct Field {
  std::string_view name;
  int low;
  int high;
  std::span<const std::string_view> words;  // of low, low + 1, …
};

constexpr std::array<std::string_view, 12> kMonths{"jan", "feb", "mar", "apr", "may", "jun",
                                                   "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> kWeekdays{"sun", "mon", "tue", "wed",
                                                    "thu", "fri", "sat"};
constexpr std::array<Field, 5> kFields{{{"minute", 0, 59, {}},
                                        {"hour", 0, 23, {}},
                                        {"day of month", 1, 31, {}},
                                        {"month", 1, 12, kMonths},
                                        {"day of week", 0, 7, kWeekdays}}};
constexpr std::array<int, 13> kDaysMax{0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

tl::unexpected<Error> wrong(const Field& field, std::string_view text,
                            std::vector<std::string> hints = {}) {
  std::string accepted =
      fmt::format("accepted: {} to {}, lists 1,2, ranges 1-5, steps */2", field.low, field.high);
  if (!field.words.empty())
    accepted += fmt::format(", names {} to {}", field.words.front(), field.words.back());
  hints.push_back(std::move(accepted));
  return fail(Code::InvalidArgument, fmt::format("\"{}\" is no {}", shown(text, 40), field.name),
              std::move(hints));
}

Result<int> parse_number(const Field& field, std::string_view text) {
  const std::string word = lower_ascii(text);
  const auto named = std::ranges::find(field.words, std::string_view(word));
  if (named != field.words.end()) return field.low + static_cast<int>(named - field.words.begin());
  int number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_number = !text.empty() && error == std::errc() && stop == text.data() + text.size();
  if (is_number && number >= field.low && number <= field.high && text.front() != '-')
    return number;
  std::vector<std::string> hints;
  const std::vector<std::string> words(field.words.begin(), field.words.end());
  if (!is_number) {
    for (const std::string& near : nearest(word, words, 1))
      hints.push_back(fmt::format("did you mean \"{}\"", near));
  }
  return wrong(field, text, std::move(hints));
}

// One element of a list: *, a, a-b, each with an optional /step.
template <std::size_t N>
Status add_part(const Field& field, std::string_view part, std::bitset<N>& set) {
  const auto slash = part.find('/');
  const std::string_view range = part.substr(0, slash);
  int step = 1;
  if (slash != std::string_view::npos) {
    const std::string_view text = part.substr(slash + 1);
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), step);
    if (text.empty() || error != std::errc() || stop != text.data() + text.size() || step < 1 ||
        step > field.high) {
      return wrong(field, part, {"a step is a whole number of at least 1"});
    }
  }
  int low = field.low;
  int high = field.name == "day of week" ? 6 : field.high;
  if (range != "*") {
    const auto dash = range.find('-');
    const auto first = parse_number(field, range.substr(0, dash));
    if (!first) return tl::unexpected(first.error());
    low = *first;
    if (dash != std::string_view::npos) {
      const auto last = parse_number(field, range.substr(dash + 1));
      if (!last) return tl::unexpected(last.error());
      high = *last;
      // "fri-sun": Sunday is also the day behind Saturday.
      if (field.name == "day of week" && high == 0 && low > 0) high = 7;
      if (high < low) return wrong(field, part, {"a range goes upwards"});
    } else if (slash == std::string_view::npos) {
      high = low;
    }
  }
  for (int value = low; value <= high; value += step)
    set.set(static_cast<std::size_t>(field.name == "day of week" ? value % 7 : value));
  return {};
}

template <std::size_t N>
Status add_field(const Field& field, std::string_view text, std::bitset<N>& set) {
  for (const std::string_view part : split(text, ',')) {
    if (auto added = add_part(field, part, set); !added) return added;
  }
  return {};
}

}  // namespace

bool Cron::matches(Date day) const {
  const std::chrono::year_month_day date(day);
  if (!months.test(unsigned(date.month()))) return false;
  const bool by_day = days.test(unsigned(date.day()));
  const bool by_weekday = weekdays.test(std::chrono::weekday(day).c_encoding());
  if (any_day || any_weekday) return by_day && by_weekday;
  return by_day || by_weekday;
}

Result<Cron> parse_cron(std::string_view text) {
  std::vector<std::string_view> fields;
  for (const std::string_view field : split(trim(text), ' ')) {
    if (!field.empty()) fields.push_back(field);
  }
  if (fields.size() != kFields.size()) {
    return fail(Code::InvalidArgument,
                fmt::format("\"{}\" has {} fields, not 5", shown(text, 60), fields.size()),
                {"accepted: minute hour day month weekday, as 30 2 * * 1-5"});
  }
  Cron cron;
  cron.text = std::string(trim(text));
  Status done = add_field(kFields[0], fields[0], cron.minutes);
  if (done) done = add_field(kFields[1], fields[1], cron.hours);
  if (done) done = add_field(kFields[2], fields[2], cron.days);
  if (done) done = add_field(kFields[3], fields[3], cron.months);
  if (done) done = add_field(kFields[4], fields[4], cron.weekdays);
  if (!done) return tl::unexpected(done.error());
  cron.any_hour = fields[1].front() == '*';
  cron.any_day = fields[2].front() == '*';
  cron.any_weekday = fields[4].front() == '*';
  const bool weekday_is_enough = !cron.any_day && !cron.any_weekday;
  bool happens = weekday_is_enough;
  for (std::size_t month = 1; month <= 12 && !happens; ++month) {
    for (int day = 1; day <= kDaysMax[month] && !happens; ++day)
      happens = cron.months.test(month) && cron.days.test(static_cast<std::size_t>(day));
  }
  if (!happens) {
    return fail(Code::InvalidArgument,
                fmt::format("\"{}\" names a day that no year has", shown(text, 60)),
                {"accepted: days that the month has, 29 in February"});
  }
  return cron;
}

}  // namespace martgate
