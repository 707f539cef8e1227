#include "ingest/connect/growing.h"

#include <charconv>

#include "base/calendar.h"

namespace martgate::ingest {
namespace {

using std::chrono::floor;
using std::chrono::seconds;

// "2026-01-31T23:59:59" with the separator of `like`; a date stays a date when `at` is midnight.
std::string in_shape_of(std::string_view like, WallTime at) {
  std::string text = to_rfc3339(floor<seconds>(at)).substr(0, 19);
  text[10] = like.size() > 10 ? like[10] : ' ';
  if (like.size() == 10) text.resize(10);
  return text;
}

}  // namespace

std::optional<std::int64_t> read_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<WallTime> read_timestamp(std::string_view text) {
  if (text.size() == 10) {
    const auto day = parse_date(text);
    return day ? std::optional<WallTime>(*day) : std::nullopt;
  }
  if (text.size() < 19 || (text[10] != ' ' && text[10] != 'T')) return std::nullopt;
  std::string whole(text);
  whole[10] = 'T';
  // PostgreSQL writes "+00" and "+05:30"; the standard wants minutes.
  const std::size_t zone = whole.find_first_of("Z+-", 19);
  if (zone == std::string::npos)
    whole += 'Z';
  else if (whole[zone] != 'Z' && whole.size() - zone == 3)
    whole += ":00";
  const auto at = parse_rfc3339(whole);
  return at ? std::optional<WallTime>(*at) : std::nullopt;
}

std::optional<std::string> lower_bound(catalog::CursorType type, std::string_view last,
                                       std::int64_t overlap) {
  if (type == catalog::CursorType::Text) return std::string(last);
  if (type == catalog::CursorType::Integer) {
    const auto value = read_integer(last);
    std::int64_t bound = 0;
    if (!value) return std::nullopt;
    if (__builtin_sub_overflow(*value, overlap, &bound)) bound = INT64_MIN;
    return std::to_string(bound);
  }
  // The time as it is written, whatever its zone: values are compared as they are written.
  const auto at = read_timestamp(last.substr(0, 19));
  if (!at || !read_timestamp(last)) return std::nullopt;
  return in_shape_of(last, *at - seconds(overlap));
}

std::optional<std::string> remembered(catalog::CursorType type, std::string_view value,
                                      WallTime now) {
  if (type == catalog::CursorType::Text) return std::string(value);
  if (type == catalog::CursorType::Integer) {
    return read_integer(value) ? std::optional<std::string>(value) : std::nullopt;
  }
  const auto at = read_timestamp(value);
  if (!at) return std::nullopt;
  return *at > now ? in_shape_of(value, now) : std::string(value);
}

}  // namespace martgate::ingest
