// Delivered columns against declared ones: what differs, what it looks like, what the policy says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "catalog/project.h"

namespace martgate::ingest {

enum class DriftKind : std::uint8_t { Added, Removed, Renamed, Reordered, TypeChanged };
[[nodiscard]] std::string_view name_of(DriftKind kind);  // "type_changed"
[[nodiscard]] std::string_view name_of(catalog::DriftAction action);

struct DriftEvent {
  DriftKind kind = DriftKind::Added;
  std::string column;  // the declared name, or the delivered one of an added column
  std::string detail;  // "delivered as emial"
  std::string guess;   // what the evidence suggests; never acted upon
  std::int64_t line = 0;
  catalog::DriftAction action = catalog::DriftAction::Refuse;
};

struct ColumnMap {
  std::vector<std::optional<std::size_t>> positions;  // of each declared column among the found
  std::vector<std::size_t> undeclared;                // positions of columns nobody declared
  std::vector<DriftEvent> events;

  // The strictest of the events; Accept when there are none.
  [[nodiscard]] catalog::DriftAction action() const;
};

// Names in the order of a header. An added and a removed column that stand in the same place or
// have similar names count as one that was renamed; it is never read as the other.
// Errors: InvalidArgument, reason "schema_drift", when a name stands there twice.
[[nodiscard]] Result<ColumnMap> map_columns(const catalog::SourceTable& table,
                                            std::span<const std::string_view> found,
                                            std::int64_t line);

// A member that a JSON object has and the table does not. Renamed when a declared column with a
// similar name is missing from the same object.
[[nodiscard]] DriftEvent undeclared_member(const catalog::SourceTable& table, std::string_view name,
                                           std::span<const std::string_view> missing,
                                           std::int64_t line);

// The refusal of names that are not declared, with the nearest declared ones.
[[nodiscard]] Error schema_drift(const catalog::SourceTable& table, std::string message,
                                 std::span<const std::string> unknown);
// The refusal of a header with these faults.
[[nodiscard]] Error header_refused(const catalog::SourceTable& table, const ColumnMap& map,
                                   std::span<const std::string_view> found);

}  // namespace martgate::ingest
