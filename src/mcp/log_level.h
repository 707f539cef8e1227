// The eight levels of log notifications (RFC 5424, section 6.2.1), least severe first.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace martgate::mcp {

enum class LogLevel : std::uint8_t {
  Debug,
  Info,
  Notice,
  Warning,
  Error,
  Critical,
  Alert,
  Emergency,
};

[[nodiscard]] std::string_view name_of(LogLevel level);
[[nodiscard]] std::optional<LogLevel> log_level_named(std::string_view name);

}  // namespace martgate::mcp
