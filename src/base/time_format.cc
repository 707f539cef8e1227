#include "base/time_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace martgate {
namespace {

constexpr std::array<std::string_view, 12> kMonths{"january",   "february", "march",    "april",
                                                   "may",       "june",     "july",     "august",
                                                   "september", "october",  "november", "december"};
constexpr std::string_view kDirectives = "YmdHIMSbBpfz%";
constexpr std::size_t kShortMonthBytes = 3;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Takes `least` to `most` digits from the front; -1 when there are fewer.
int take_digits(std::string_view& text, std::size_t least, std::size_t most) {
  int value = 0;
  std::size_t count = 0;
  while (count < most && count < text.size() && is_digit(text[count])) {
    value = value * 10 + (text[count] - '0');
    ++count;
  }
  if (count < least) return -1;
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

// Nanoseconds of ".25" without its point; -1 unless one to nine digits stand there.
std::int32_t take_fraction(std::string_view& text) {
  const std::size_t before = text.size();
  std::int32_t value = take_digits(text, 1, 9);
  if (value < 0) return -1;
  for (std::size_t i = before - text.size(); i < 9; ++i) value *= 10;
  return value;
}

std::optional<std::chrono::minutes> take_offset(std::string_view& text) {
  if (take(text, 'Z') || take(text, 'z')) return std::chrono::minutes(0);
  if (text.empty() || (text.front() != '+' && text.front() != '-')) return std::nullopt;
  const int sign = text.front() == '-' ? -1 : 1;
  text.remove_prefix(1);
  const int hours = take_digits(text, 2, 2);
  if (hours < 0 || hours > 23) return std::nullopt;
  int minutes = 0;
  const bool has_colon = take(text, ':');
  if (has_colon || (!text.empty() && is_digit(text.front()))) minutes = take_digits(text, 2, 2);
  if (minutes < 0 || minutes > 59) return std::nullopt;
  return std::chrono::minutes(sign * (hours * 60 + minutes));
}

int take_month_name(std::string_view& text) {
  const std::string lower = lower_ascii(text.substr(0, 9));
  for (std::size_t i = 0; i < kMonths.size(); ++i) {
    for (const std::string_view name : {kMonths[i], kMonths[i].substr(0, kShortMonthBytes)}) {
      if (!lower.starts_with(name)) continue;
      text.remove_prefix(name.size());
      return static_cast<int>(i) + 1;
    }
  }
  return -1;
}

std::optional<std::chrono::sys_days> day_of(int year, int month, int day) {
  if (year < 1 || month < 1 || day < 1) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date);
}

struct Parts {
  int year = -1;
  int month = -1;
  int day = -1;
  int hour = 0;
  int minute = 0;
  int second = 0;
  std::optional<bool> is_afternoon;
};

std::optional<ClockReading> reading_of(Parts parts, std::int32_t nanoseconds,
                                       std::optional<std::chrono::minutes> offset) {
  const auto day = day_of(parts.year, parts.month, parts.day);
  if (parts.is_afternoon) {
    if (parts.hour < 1 || parts.hour > 12) return std::nullopt;
    parts.hour = parts.hour % 12 + (*parts.is_afternoon ? 12 : 0);
  }
  const bool is_time = parts.hour >= 0 && parts.hour < 24 && parts.minute >= 0 &&
                       parts.minute < 60 && parts.second >= 0 && parts.second < 60;
  if (!day || !is_time || nanoseconds < 0) return std::nullopt;
  return ClockReading{*day,
                      std::chrono::seconds(parts.hour * 3600 + parts.minute * 60 + parts.second),
                      nanoseconds, offset};
}

}  // namespace

Result<TimeFormat> TimeFormat::make(std::string_view pattern) {
  TimeFormat format;
  format.pattern_ = pattern;
  std::string seen;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    if (pattern[at] != '%') {
      format.tokens_.push_back({.literal = pattern[at]});
      continue;
    }
    ++at;
    const bool is_short = at < pattern.size() && pattern[at] == '-';
    if (is_short) ++at;
    const bool is_known = at < pattern.size() && kDirectives.find(pattern[at]) != std::string::npos;
    if (!is_known ||
        (is_short && std::string_view("mdHIMS").find(pattern[at]) == std::string::npos)) {
      return fail(
          Code::InvalidArgument, fmt::format("\"{}\" has an unknown directive", shown(pattern, 80)),
          {"accepted: %Y %m %d %H %I %M %S %b %B %p %f %z %%, and %-d and the like"}, "bad_format");
    }
    if (pattern[at] == '%') {
      format.tokens_.push_back({.literal = '%'});
      continue;
    }
    format.tokens_.push_back({.directive = pattern[at], .is_short = is_short});
    seen.push_back(pattern[at] == 'B' ? 'b' : pattern[at]);
  }
  const auto has = [&](char c) { return seen.find(c) != std::string::npos; };
  if (!has('Y') || !has('d') || (!has('m') && !has('b'))) {
    return fail(Code::InvalidArgument,
                fmt::format("\"{}\" leaves the day open", shown(pattern, 80)),
                {"a pattern names year, month and day"}, "bad_format");
  }
  if (has('I') != has('p')) {
    return fail(Code::InvalidArgument,
                fmt::format("\"{}\" has only one of %I and %p", shown(pattern, 80)),
                {"%I counts to 12 and needs %p"}, "bad_format");
  }
  format.has_time_ = has('H') || has('I') || has('M') || has('S') || has('f') || has('z');
  return format;
}

std::optional<ClockReading> TimeFormat::read(std::string_view text) const {
  Parts parts;
  std::int32_t nanoseconds = 0;
  std::optional<std::chrono::minutes> offset;
  for (const Token& token : tokens_) {
    const std::size_t least = token.is_short ? 1 : 2;
    int value = 0;
    switch (token.directive) {
      case 0:
        if (!take(text, token.literal)) return std::nullopt;
        break;
      case 'Y':
        value = parts.year = take_digits(text, 4, 4);
        break;
      case 'm':
        value = parts.month = take_digits(text, least, 2);
        break;
      case 'b':
      case 'B':
        value = parts.month = take_month_name(text);
        break;
      case 'd':
        value = parts.day = take_digits(text, least, 2);
        break;
      case 'H':
      case 'I':
        value = parts.hour = take_digits(text, least, 2);
        break;
      case 'M':
        value = parts.minute = take_digits(text, least, 2);
        break;
      case 'S':
        value = parts.second = take_digits(text, least, 2);
        break;
      case 'p': {
        const std::string word = lower_ascii(text.substr(0, 2));
        if (word != "am" && word != "pm") return std::nullopt;
        parts.is_afternoon = word == "pm";
        text.remove_prefix(2);
        break;
      }
      case 'f':
        value = nanoseconds = take_fraction(text);
        break;
      case 'z':
        offset = take_offset(text);
        if (!offset) return std::nullopt;
        break;
      default:
        return std::nullopt;
    }
    if (value < 0) return std::nullopt;
  }
  if (!text.empty()) return std::nullopt;
  return reading_of(parts, nanoseconds, offset);
}

std::optional<std::chrono::sys_days> read_iso_day(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  std::string_view year = text.substr(0, 4);
  std::string_view month = text.substr(5, 2);
  std::string_view day = text.substr(8, 2);
  return day_of(take_digits(year, 4, 4), take_digits(month, 2, 2), take_digits(day, 2, 2));
}

std::optional<ClockReading> read_iso_time(std::string_view text) {
  constexpr std::size_t kDayBytes = 10;
  if (text.size() < kDayBytes) return std::nullopt;
  const auto day = read_iso_day(text.substr(0, kDayBytes));
  text.remove_prefix(kDayBytes);
  if (!day || !(take(text, 'T') || take(text, ' '))) return std::nullopt;
  const int hour = take_digits(text, 2, 2);
  if (!take(text, ':')) return std::nullopt;
  const int minute = take_digits(text, 2, 2);
  int second = 0;
  std::int32_t nanoseconds = 0;
  if (take(text, ':')) {
    second = take_digits(text, 2, 2);
    if (take(text, '.')) nanoseconds = take_fraction(text);
  }
  const bool is_time = hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 &&
                       second < 60 && nanoseconds >= 0;
  if (!is_time) return std::nullopt;
  std::optional<std::chrono::minutes> offset;
  if (!text.empty()) {
    offset = take_offset(text);
    if (!offset || !text.empty()) return std::nullopt;
  }
  return ClockReading{*day, std::chrono::seconds(hour * 3600 + minute * 60 + second), nanoseconds,
                      offset};
}

}  // namespace martgate
