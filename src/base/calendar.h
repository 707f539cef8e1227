// Proleptic Gregorian dates, the grains a metric can be asked for, and arithmetic that clamps.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace martgate {

using Date = std::chrono::sys_days;

enum class Grain : std::uint8_t { Day, Week, Month, Quarter, Year };

inline constexpr std::array kGrains{Grain::Day, Grain::Week, Grain::Month, Grain::Quarter,
                                    Grain::Year};

[[nodiscard]] std::string_view name_of(Grain grain);  // "day"
[[nodiscard]] std::optional<Grain> grain_named(std::string_view name);

// "2026-02-28". Years 0001 to 9999. Errors: InvalidArgument, also for 2026-02-30.
[[nodiscard]] Result<Date> parse_date(std::string_view text);
[[nodiscard]] std::string to_iso(Date date);

// First day of the period that holds `date`; weeks begin on Monday (ISO 8601).
[[nodiscard]] Date start_of(Grain grain, Date date);
// `count` periods later. Months clamp to the last day: 31 January + 1 month is 28 or 29 February.
[[nodiscard]] Date plus(Date date, Grain grain, int count);

}  // namespace martgate
