// Values and rows as they come out of the store.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace martgate::store {

// NULL, INTEGER, REAL, TEXT. BLOBs are read as their bytes in a string.
using Value = std::variant<std::monostate, std::int64_t, double, std::string>;

[[nodiscard]] inline bool is_null(const Value& value) {
  return std::holds_alternative<std::monostate>(value);
}

// Rows in one block, row by row.
struct RowSet {
  std::vector<std::string> columns;
  std::vector<Value> cells;  // columns.size() for each row

  [[nodiscard]] std::size_t row_count() const {
    return columns.empty() ? 0 : cells.size() / columns.size();
  }
  [[nodiscard]] std::span<const Value> row(std::size_t index) const {
    return std::span(cells).subspan(index * columns.size(), columns.size());
  }
  [[nodiscard]] const Value& at(std::size_t row_index, std::size_t column) const {
    return cells[row_index * columns.size() + column];
  }
};

// (schema, table) -> columns that a statement reads, as the engine's authorizer reported them while
// preparing it. A table of which only the row count matters has no columns.
using ReadSet = std::map<std::pair<std::string, std::string>, std::set<std::string>>;

// What one execution cost.
struct Work {
  std::int64_t vm_steps = 0;   // virtual machine instructions
  std::int64_t rows_read = 0;  // rows visited by full scans
  std::int64_t wall_ns = 0;
};

}  // namespace martgate::store
