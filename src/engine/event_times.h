// When the newest thing a mart tells of happened, as the mart's own time column says. Loads may be
// on time and bring nothing new: this is how that shows.
//
//   _martgate_events(model, column_name, newest)   newest: the column's greatest value, or NULL
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "store/connection.h"

namespace martgate::engine {

struct EventTime {
  std::string model;
  std::string column;
  // A day counts as its last moment: whatever happened on it is at least so old. None: no rows.
  std::optional<WallTime> newest;
};

// `column` holds days ("2026-11-21") or UTC times ("2026-11-21 10:00:00"); marts check that.
struct TimeColumn {
  std::string model;
  std::string column;
};

// Asks the marts of an open build and keeps the answers beside them. Errors: Unavailable.
[[nodiscard]] Status write_event_times(store::Connection& snapshot,
                                       const std::vector<TimeColumn>& columns);
// Sorted by model. A snapshot that was written without them has none.
[[nodiscard]] Result<std::vector<EventTime>> read_event_times(store::Connection& snapshot);

}  // namespace martgate::engine
