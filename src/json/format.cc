#include "json/format.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "base/calendar.h"
#include "base/text.h"
#include "json/ip_address.h"
#include "json/pattern.h"
#include "json/uri.h"

namespace martgate {
namespace {

struct Known {
  Format format;
  std::string_view name;
  std::string_view example;
};

constexpr std::array kFormats{
    Known{Format::Date, "date", "2026-02-28"},
    Known{Format::Time, "time", "09:30:00Z"},
    Known{Format::DateTime, "date-time", "2026-02-28T09:30:00Z"},
    Known{Format::Duration, "duration", "P1DT12H"},
    Known{Format::Email, "email", "ada@example.com"},
    Known{Format::Hostname, "hostname", "db.example.com"},
    Known{Format::Ipv4, "ipv4", "192.0.2.1"},
    Known{Format::Ipv6, "ipv6", "2001:db8::1"},
    Known{Format::Uri, "uri", "https://example.com/a"},
    Known{Format::UriReference, "uri-reference", "a/b#c"},
    Known{Format::Uuid, "uuid", "2f1d9b0e-6c1f-4a57-9d0a-3f6b1d2e4c5a"},
    Known{Format::JsonPointer, "json-pointer", "/a/0"},
    Known{Format::Regex, "regex", "^[a-z]+$"},
};

const Known& known(Format format) {
  return *std::ranges::find(kFormats, format, &Known::format);
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool is_alphanumeric(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Two digits at `at`, or -1.
int two_digits(std::string_view text, std::size_t at) {
  if (at + 2 > text.size() || !is_digit(text[at]) || !is_digit(text[at + 1])) return -1;
  return (text[at] - '0') * 10 + (text[at + 1] - '0');
}

// "09:30:00.5+01:00" (RFC 3339, full-time). A leap second must be 23:59:60 in UTC.
bool is_time(std::string_view text) {
  const int hour = two_digits(text, 0);
  const int minute = two_digits(text, 3);
  const int second = two_digits(text, 6);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return false;
  if (text[2] != ':' || text[5] != ':') return false;
  text.remove_prefix(8);
  if (text.starts_with('.')) {
    const auto end = std::min(text.find_first_not_of("0123456789", 1), text.size());
    if (end == 1) return false;
    text.remove_prefix(end);
  }
  int offset_minutes = 0;
  if (text != "Z" && text != "z") {
    const int offset_hour = two_digits(text, 1);
    const int offset_minute = two_digits(text, 4);
    if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return false;
    if (offset_hour < 0 || offset_hour > 23 || offset_minute < 0 || offset_minute > 59)
      return false;
    offset_minutes = (text[0] == '-' ? -1 : 1) * (offset_hour * 60 + offset_minute);
  }
  constexpr int kDayMinutes = 24 * 60;
  const int utc = (hour * 60 + minute - offset_minutes + kDayMinutes) % kDayMinutes;
  return second < 60 || utc == kDayMinutes - 1;
}

bool is_date_time(std::string_view text) {
  if (text.size() < 11 || (text[10] != 'T' && text[10] != 't')) return false;
  return parse_date(text.substr(0, 10)).has_value() && is_time(text.substr(11));
}

// Number and unit pairs whose units are consecutive letters of `units`; at least one.
bool has_duration_parts(std::string_view text, std::string_view units) {
  if (text.empty()) return false;
  std::size_t next = std::string_view::npos;
  while (!text.empty()) {
    const auto digits = text.find_first_not_of("0123456789");
    if (digits == 0 || digits == text.npos) return false;
    const auto unit = units.find(text[digits]);
    if (unit == units.npos || (next != units.npos && unit != next)) return false;
    next = unit + 1;
    text.remove_prefix(digits + 1);
  }
  return true;
}

// RFC 3339, appendix A.
bool is_duration(std::string_view text) {
  if (!text.starts_with('P')) return false;
  text.remove_prefix(1);
  const auto t = text.find('T');
  if (t == text.npos) return has_duration_parts(text, "YMD") || has_duration_parts(text, "W");
  return (t == 0 || has_duration_parts(text.substr(0, t), "YMD")) &&
         has_duration_parts(text.substr(t + 1), "HMS");
}

bool is_hostname(std::string_view text) {
  if (text.empty() || text.size() > 253) return false;
  return std::ranges::all_of(split(text, '.'), [](std::string_view label) {
    return !label.empty() && label.size() <= 63 && !label.starts_with('-') &&
           !label.ends_with('-') &&
           std::ranges::all_of(label, [](char c) { return is_alphanumeric(c) || c == '-'; });
  });
}

bool is_email(std::string_view text) {
  const auto at = text.rfind('@');
  if (at == text.npos || at == 0 || at > 64) return false;
  const std::string_view local = text.substr(0, at);
  const std::string_view domain = text.substr(at + 1);
  constexpr std::string_view kAtom = "!#$%&'*+-/=?^_`{|}~.";
  if (local.starts_with('.') || local.ends_with('.') || local.find("..") != local.npos)
    return false;
  if (!std::ranges::all_of(
          local, [&](char c) { return is_alphanumeric(c) || kAtom.find(c) != kAtom.npos; })) {
    return false;
  }
  if (!domain.starts_with('[')) return is_hostname(domain);
  if (!domain.ends_with(']')) return false;
  const std::string_view literal = domain.substr(1, domain.size() - 2);
  return is_ipv4(literal) || (literal.starts_with("IPv6:") && is_ipv6(literal.substr(5)));
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (is_dash ? text[i] != '-' : !is_hex(text[i])) return false;
  }
  return true;
}

bool is_json_pointer(std::string_view text) {
  if (!text.empty() && text[0] != '/') return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '~') continue;
    if (i + 1 >= text.size() || (text[i + 1] != '0' && text[i + 1] != '1')) return false;
  }
  return true;
}

}  // namespace

std::optional<Format> format_named(std::string_view name) {
  const auto* const found = std::ranges::find(kFormats, name, &Known::name);
  if (found == kFormats.end()) return std::nullopt;
  return found->format;
}

std::string_view name_of(Format format) {
  return known(format).name;
}
std::string_view example_of(Format format) {
  return known(format).example;
}

bool has_format(std::string_view text, Format format) {
  switch (format) {
    case Format::Date:
      return parse_date(text).has_value();
    case Format::Time:
      return is_time(text);
    case Format::DateTime:
      return is_date_time(text);
    case Format::Duration:
      return is_duration(text);
    case Format::Email:
      return is_email(text);
    case Format::Hostname:
      return is_hostname(text);
    case Format::Ipv4:
      return is_ipv4(text);
    case Format::Ipv6:
      return is_ipv6(text);
    case Format::Uri:
      return is_absolute_uri(text);
    case Format::UriReference:
      return is_uri_reference(text);
    case Format::Uuid:
      return is_uuid(text);
    case Format::JsonPointer:
      return is_json_pointer(text);
    case Format::Regex:
      return Pattern::compile(text).has_value();
  }
  return false;
}

}  // namespace martgate
