#include "http/response_head.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace martgate::http {
namespace {

constexpr std::array<std::string_view, 5> kOwnFields{"date", "content-type", "content-length",
                                                     "transfer-encoding", "connection"};

bool is_clean(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char byte) {
    const auto code = static_cast<unsigned char>(byte);
    return code == '\t' || (code >= 0x20 && code != 0x7F);
  });
}

void append_number(std::string& out, std::size_t number) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

// The date line changes once a second and costs more than the rest of the head together.
const std::string& cached_date(WallTime now) {
  thread_local std::int64_t second = -1;
  thread_local std::string text;
  const std::int64_t current = now.time_since_epoch().count() / 1'000;
  if (current != second) {
    second = current;
    text = http_date(now);
  }
  return text;
}

}  // namespace

bool has_body(int status) {
  return status >= 200 && status != 204 && status != 304;
}

bool is_writable(const Response& response) {
  if (response.status < 200 || response.status > 599 || !is_clean(response.content_type)) {
    return false;
  }
  return std::all_of(response.headers.begin(), response.headers.end(), [](const auto& field) {
    return is_token(field.first) && is_clean(field.second) &&
           std::none_of(kOwnFields.begin(), kOwnFields.end(), [&](std::string_view own) {
             return equal_ignoring_case(own, field.first);
           });
  });
}

void append_head(std::string& out, const Response& response, BodyKind kind, bool keep_alive,
                 WallTime now) {
  out.append("HTTP/1.1 ");
  append_number(out, static_cast<std::size_t>(response.status));
  out.append(" ").append(reason_phrase(response.status));
  out.append("\r\nDate: ").append(cached_date(now));
  if (!response.content_type.empty())
    out.append("\r\nContent-Type: ").append(response.content_type);
  if (kind == BodyKind::Chunked) {
    out.append("\r\nTransfer-Encoding: chunked");
  } else if (kind == BodyKind::Whole && has_body(response.status)) {
    out.append("\r\nContent-Length: ");
    append_number(out, response.body.size());
  }
  for (const auto& [name, value] : response.headers) {
    out.append("\r\n").append(name).append(": ").append(value);
  }
  if (!keep_alive) out.append("\r\nConnection: close");
  out.append("\r\n\r\n");
}

std::string http_date(WallTime at) {
  static constexpr std::array<const char*, 7> kDays{"Sun", "Mon", "Tue", "Wed",
                                                    "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{std::chrono::floor<std::chrono::seconds>(at - day)};
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
                     kDays[std::chrono::weekday{day}.c_encoding()], unsigned(date.day()),
                     kMonths[unsigned(date.month()) - 1], int(date.year()), time.hours().count(),
                     time.minutes().count(), time.seconds().count());
}

}  // namespace martgate::http
