// Dates and times of day written to a pattern: what strptime guesses at is refused here.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace martgate {

// A wall clock reading, and its distance from UTC when the text said so.
struct ClockReading {
  std::chrono::sys_days day{};
  std::chrono::seconds time_of_day{0};
  std::int32_t nanoseconds = 0;
  std::optional<std::chrono::minutes> offset;
};

// Directives: %Y (four digits), %m %d %H %I %M %S (two digits; %-m and the like take one or two),
// %b and %B (English month names, short or full), %p (AM or PM), %f (one to nine digits of a
// second), %z (Z, +02, +0200 or +02:00), %%. Everything else stands for itself.
class TimeFormat {
 public:
  // Errors: InvalidArgument for an unknown directive or a pattern that leaves the day open.
  [[nodiscard]] static Result<TimeFormat> make(std::string_view pattern);

  // The whole text, or nothing.
  [[nodiscard]] std::optional<ClockReading> read(std::string_view text) const;
  [[nodiscard]] bool has_time() const { return has_time_; }
  [[nodiscard]] const std::string& pattern() const { return pattern_; }

 private:
  struct Token {
    char directive = 0;     // 0: literal
    bool is_short = false;  // one digit will do
    char literal = 0;
  };
  std::string pattern_;
  std::vector<Token> tokens_;
  bool has_time_ = false;
};

// "2026-02-28"; nothing for a day that does not exist.
[[nodiscard]] std::optional<std::chrono::sys_days> read_iso_day(std::string_view text);
// "2026-02-28T09:30[:05[.250]][Z|+02:00]", also with a blank for the T.
[[nodiscard]] std::optional<ClockReading> read_iso_time(std::string_view text);

}  // namespace martgate
