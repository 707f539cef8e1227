// Values that grow: what is behind the last one is new. Integers, timestamps and plain text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "catalog/connector.h"

namespace martgate::ingest {

// "2026-01-31", "2026-01-31 23:59:59", with a fraction, with "T", with Z or an offset. Without an
// offset the time is UTC. Nothing for any other text.
[[nodiscard]] std::optional<WallTime> read_timestamp(std::string_view text);

[[nodiscard]] std::optional<std::int64_t> read_integer(std::string_view text);

// Where reading begins when the last run ended at `last`: behind it by the overlap. A timestamp is
// written in the shape of `last`, to the second and without a zone, so that in text order it is not
// greater than the same time with a fraction or a zone. Nothing when `last` is no such value.
[[nodiscard]] std::optional<std::string> lower_bound(catalog::CursorType type,
                                                     std::string_view last, std::int64_t overlap);

// What is remembered of `value`: a timestamp ahead of the clock would hide every later row, so it
// is cut back to now. Nothing when `value` is no such value.
[[nodiscard]] std::optional<std::string> remembered(catalog::CursorType type,
                                                    std::string_view value, WallTime now);

}  // namespace martgate::ingest
