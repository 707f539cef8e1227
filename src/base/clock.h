// Time as an argument: whoever needs "now" is handed a Clock.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace martgate {

// Wall time in UTC, milliseconds since 1970-01-01T00:00:00Z.
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;

// Threads: every implementation may be read from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual WallTime now() const = 0;
  // Monotonic nanoseconds from an arbitrary origin; for durations and deadlines only.
  [[nodiscard]] virtual std::int64_t monotonic_ns() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] WallTime now() const override;
  [[nodiscard]] std::int64_t monotonic_ns() const override;
};

// Stands still: tests, goldens and evals. Durations measured with it are 0.
class FrozenClock final : public Clock {
 public:
  explicit FrozenClock(WallTime at) : at_(at) {}
  [[nodiscard]] WallTime now() const override { return at_; }
  [[nodiscard]] std::int64_t monotonic_ns() const override { return 0; }

 private:
  WallTime at_;
};

// "2026-11-20T10:00:00.000Z": RFC 3339, always UTC, always milliseconds.
[[nodiscard]] std::string to_rfc3339(WallTime at);
// Accepts "YYYY-MM-DDTHH:MM:SS[.fff…](Z|±HH:MM)". Errors: InvalidArgument.
[[nodiscard]] Result<WallTime> parse_rfc3339(std::string_view text);

}  // namespace martgate
