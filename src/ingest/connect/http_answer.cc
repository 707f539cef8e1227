#include "ingest/connect/http_answer.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "base/text.h"
#include "ingest/connect/growing.h"

namespace martgate::ingest {
namespace {

// A number this large is a time, not a distance: seconds of September 2001.
constexpr std::int64_t kTimeSince1970 = 1'000'000'000;
constexpr std::int64_t kPauseSecondsMax = 31LL * 24 * 3600;

bool is_token_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

std::optional<std::int64_t> seconds_to_ms(std::optional<std::int64_t> seconds) {
  if (!seconds || *seconds < 0) return std::nullopt;
  return std::min(*seconds, kPauseSecondsMax) * 1'000;
}

std::optional<std::int64_t> until_ms(WallTime at, WallTime now) {
  return std::clamp<std::int64_t>((at - now).count(), 0, kPauseSecondsMax * 1'000);
}

// The whole part of a number; some servers send "12.5".
std::optional<std::int64_t> whole_number(std::optional<std::string> text) {
  if (!text) return std::nullopt;
  return read_integer(trim(std::string_view(*text).substr(0, text->find('.'))));
}

// The integer behind "<name>=" among the parts of a field.
std::optional<std::int64_t> part_named(std::string_view field, std::string_view name) {
  std::size_t begin = 0;
  while (begin < field.size()) {
    const std::size_t end = std::min(field.find_first_of(",;", begin), field.size());
    const std::string_view part = trim(field.substr(begin, end - begin));
    const std::size_t equals = part.find('=');
    if (equals != std::string_view::npos && part.substr(0, equals) == name)
      return read_integer(part.substr(equals + 1));
    begin = end + 1;
  }
  return std::nullopt;
}

// The first of `ends` behind `at` that is not within quotes, or the end.
std::size_t unquoted(std::string_view text, std::size_t at, std::string_view ends) {
  bool is_quoted = false;
  for (; at < text.size(); ++at) {
    if (is_quoted && text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      is_quoted = !is_quoted;
    } else if (!is_quoted && ends.find(text[at]) != std::string_view::npos) {
      return at;
    }
  }
  return text.size();
}

std::optional<std::int64_t> draft_pause(const HttpAnswer& answer) {
  const auto field = answer.header("RateLimit");
  if (!field) return std::nullopt;
  const auto remaining =
      part_named(*field, "r") ? part_named(*field, "r") : part_named(*field, "remaining");
  if (remaining != 0) return std::nullopt;
  return seconds_to_ms(part_named(*field, "t") ? part_named(*field, "t")
                                               : part_named(*field, "reset"));
}

std::optional<std::int64_t> window_pause(const HttpAnswer& answer, std::string_view prefix,
                                         WallTime now) {
  const std::string name(prefix);
  if (whole_number(answer.header(name + "Remaining")) != 0) return std::nullopt;
  const auto reset = whole_number(answer.header(name + "Reset"));
  if (reset && *reset >= kTimeSince1970)
    return until_ms(WallTime(std::chrono::seconds(*reset)), now);
  return seconds_to_ms(reset);
}

}  // namespace

std::optional<std::string> HttpAnswer::header(std::string_view name) const {
  std::optional<std::string> joined;
  for (const auto& [key, value] : headers) {
    if (lower_ascii(key) != lower_ascii(name)) continue;
    if (joined)
      *joined += ", " + value;
    else
      joined = value;
  }
  return joined;
}

std::optional<HttpAnswer> parse_http_head(std::string_view text) {
  HttpAnswer answer;
  bool is_first = true;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find_first_of(std::string_view("\r\0", 2)) != std::string_view::npos)
      return std::nullopt;
    if (std::exchange(is_first, false)) {
      // "HTTP/1.1 200 OK"
      if (line.size() < 12 || !line.starts_with("HTTP/1.") || line[8] != ' ') return std::nullopt;
      const auto status = read_integer(line.substr(9, 3));
      if (!status || *status < 100 || (line.size() > 12 && line[12] != ' ')) return std::nullopt;
      answer.status = static_cast<int>(*status);
      continue;
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return std::nullopt;
    const std::string_view name = line.substr(0, colon);
    if (!std::ranges::all_of(name, is_token_char)) return std::nullopt;
    answer.headers.emplace_back(name, trim(line.substr(colon + 1)));
  }
  if (is_first) return std::nullopt;
  return answer;
}

std::optional<std::string> link_target(std::string_view field, std::string_view relation) {
  std::size_t at = 0;
  for (;;) {
    const std::size_t open = field.find('<', at);
    if (open == std::string_view::npos) return std::nullopt;
    const std::size_t close = field.find('>', open);
    if (close == std::string_view::npos) return std::nullopt;
    const std::string_view target = trim(field.substr(open + 1, close - open - 1));
    at = close + 1;
    bool has_relation = false;
    for (bool is_first = true; at < field.size() && field[at] != ',';) {
      const std::size_t end = unquoted(field, at, ";,");
      const std::string_view part = trim(field.substr(at, end - at));
      at = end < field.size() && field[end] == ';' ? end + 1 : end;
      const std::size_t equals = part.find('=');
      if (equals == std::string_view::npos || lower_ascii(trim(part.substr(0, equals))) != "rel")
        continue;
      // The first rel counts, later ones do not; one can name several relations.
      if (!std::exchange(is_first, false)) continue;
      std::string_view value = trim(part.substr(equals + 1));
      if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
        value = value.substr(1, value.size() - 2);
      const auto words = split(value, ' ');
      has_relation = std::ranges::any_of(
          words, [&](std::string_view word) { return lower_ascii(word) == relation; });
    }
    if (has_relation) return std::string(target);
    if (at >= field.size()) return std::nullopt;
  }
}

std::optional<WallTime> parse_http_date(std::string_view text) {
  constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (text.size() != 29 || !text.ends_with(" GMT")) return std::nullopt;
  const auto month = std::ranges::find(kMonths, text.substr(8, 3));
  if (month == kMonths.end()) return std::nullopt;
  const auto number = month - kMonths.begin() + 1;
  const std::string iso =
      std::string(text.substr(12, 4)) + '-' + static_cast<char>('0' + number / 10) +
      static_cast<char>('0' + number % 10) + '-' + std::string(text.substr(5, 2)) + 'T' +
      std::string(text.substr(17, 8)) + 'Z';
  const auto at = parse_rfc3339(iso);
  return at ? std::optional<WallTime>(*at) : std::nullopt;
}

std::optional<std::int64_t> pause_ms(const HttpAnswer& answer, WallTime now) {
  if (const auto retry_after = answer.header("Retry-After")) {
    if (const auto seconds = read_integer(trim(*retry_after))) return seconds_to_ms(seconds);
    if (const auto at = parse_http_date(trim(*retry_after))) return until_ms(*at, now);
  }
  if (const auto pause = draft_pause(answer)) return pause;
  if (const auto pause = window_pause(answer, "RateLimit-", now)) return pause;
  return window_pause(answer, "X-RateLimit-", now);
}

}  // namespace martgate::ingest
