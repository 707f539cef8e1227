#include "base/clock.h"

#include <fmt/format.h>

#include "base/calendar.h"

namespace martgate {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::milliseconds;

// Two digits at `at`, or -1.
int two_digits(std::string_view text, std::size_t at) {
  if (at + 2 > text.size()) return -1;
  const char tens = text[at];
  const char ones = text[at + 1];
  if (tens < '0' || tens > '9' || ones < '0' || ones > '9') return -1;
  return (tens - '0') * 10 + (ones - '0');
}

tl::unexpected<Error> not_a_time(std::string_view text) {
  return fail(
      Code::InvalidArgument, fmt::format("\"{}\" is not a time", text),
      {"accepted: YYYY-MM-DDTHH:MM:SSZ, with an optional fraction and an offset like +02:00"});
}

}  // namespace

WallTime SystemClock::now() const {
  return floor<milliseconds>(std::chrono::system_clock::now());
}

std::int64_t SystemClock::monotonic_ns() const {
  return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

std::string to_rfc3339(WallTime at) {
  const auto day = floor<days>(at);
  const std::chrono::year_month_day date{day};
  const auto rest = (at - day).count();
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", int(date.year()),
                     unsigned(date.month()), unsigned(date.day()), rest / 3'600'000,
                     rest / 60'000 % 60, rest / 1'000 % 60, rest % 1'000);
}

Result<WallTime> parse_rfc3339(std::string_view text) {
  if (text.size() < 20 || (text[10] != 'T' && text[10] != 't') || text[13] != ':' ||
      text[16] != ':') {
    return not_a_time(text);
  }
  const auto date = parse_date(text.substr(0, 10));
  const int hour = two_digits(text, 11);
  const int minute = two_digits(text, 14);
  const int second = two_digits(text, 17);
  if (!date || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) {
    return not_a_time(text);
  }
  std::size_t at = 19;
  std::int64_t fraction_ms = 0;
  if (text[at] == '.') {
    std::int64_t scale = 100;
    const std::size_t first = ++at;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, scale /= 10) {
      fraction_ms += (text[at] - '0') * scale;
    }
    if (at == first) return not_a_time(text);
  }
  const std::string_view zone = text.substr(at);
  std::int64_t offset_min = 0;
  if (zone != "Z" && zone != "z") {
    if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') || zone[3] != ':') {
      return not_a_time(text);
    }
    const int zone_hour = two_digits(zone, 1);
    const int zone_minute = two_digits(zone, 4);
    if (zone_hour < 0 || zone_hour > 23 || zone_minute < 0 || zone_minute > 59) {
      return not_a_time(text);
    }
    offset_min = (std::int64_t{zone_hour} * 60 + zone_minute) * (zone[0] == '-' ? -1 : 1);
  }
  return WallTime{*date} + std::chrono::hours(hour) + std::chrono::minutes(minute - offset_min) +
         std::chrono::seconds(second) + milliseconds(fraction_ms);
}

}  // namespace martgate
