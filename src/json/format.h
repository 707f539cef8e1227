// The values of the `format` keyword that can be asserted.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace martgate {

enum class Format : std::uint8_t {
  Date,
  Time,
  DateTime,
  Duration,
  Email,
  Hostname,
  Ipv4,
  Ipv6,
  Uri,
  UriReference,
  Uuid,
  JsonPointer,
  Regex,
};

[[nodiscard]] std::optional<Format> format_named(std::string_view name);  // "date-time"
[[nodiscard]] std::string_view name_of(Format format);
[[nodiscard]] std::string_view example_of(Format format);  // "2026-02-28T09:30:00Z"

// Sources: RFC 3339 (dates, times, durations), RFC 5321 without quoted local parts, RFC 1123,
// RFC 2673, RFC 4291, RFC 3986, RFC 4122, RFC 6901, ECMA-262 as far as RE2 runs it.
[[nodiscard]] bool has_format(std::string_view text, Format format);

}  // namespace martgate
