// Phase 1: the question as it was asked. Names are still words, nothing is looked up.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/calendar.h"
#include "catalog/project.h"

namespace martgate::metrics {

// Half-open: `from` is included, `to` is not. Either side may be open.
struct TimeRange {
  std::optional<Date> from;
  std::optional<Date> to;
};

enum class Direction : std::uint8_t { Ascending, Descending };

struct OrderBy {
  std::string field;  // a metric or a group_by entry of this query
  Direction direction = Direction::Ascending;
};

struct MetricQuery {
  std::vector<std::string> metrics;
  std::vector<std::string> group_by;  // "channel", "customer.segment", "metric_time__month"
  std::vector<catalog::Filter> where;
  TimeRange time;
  std::vector<OrderBy> order_by;  // empty: by the group_by entries, ascending
  std::int64_t limit = 100;       // rows
};

}  // namespace martgate::metrics
