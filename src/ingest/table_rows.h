// Rows of one file in the order of a table's declared columns, whatever the file's format.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.h"
#include "catalog/project.h"
#include "ingest/csv.h"

namespace martgate::ingest {

using Cell = std::optional<std::string_view>;  // none: NULL

class TableRows {
 public:
  enum class Kind : std::uint8_t { Row, Bad, End };

  virtual ~TableRows() = default;
  // Errors refuse the whole file: InvalidArgument with reason "schema_drift" when it does not hold
  // the declared columns; Unavailable when it cannot be read.
  [[nodiscard]] virtual Result<Kind> next() = 0;
  // After Row, until the next call of next(): one cell for each declared column.
  [[nodiscard]] virtual std::span<const Cell> cells() const = 0;
  // After Row: for the quarantine, when the row turns out to break the contract.
  [[nodiscard]] virtual BadRow as_bad(std::string reason) const = 0;
  // After Bad.
  [[nodiscard]] virtual const BadRow& bad() const = 0;
};

// Borrows both for the life of the rows.
[[nodiscard]] std::unique_ptr<TableRows> csv_rows(const catalog::SourceTable& table,
                                                  ByteSource& source);
// One object a line; empty lines are no rows. Strings as they are, numbers as their literal text,
// booleans as true and false, null and missing members as NULL, nested values as JSON text.
[[nodiscard]] std::unique_ptr<TableRows> jsonl_rows(const catalog::SourceTable& table,
                                                    ByteSource& source);

// csv_rows or jsonl_rows, as the table declares.
[[nodiscard]] std::unique_ptr<TableRows> rows_of(const catalog::SourceTable& table,
                                                 ByteSource& source);

// Errors: InvalidArgument, reason "schema_drift", when `found` is not exactly the declared columns.
// With the position of each declared column in `found`.
[[nodiscard]] Result<std::vector<std::size_t>> positions_of_columns(
    const catalog::SourceTable& table, std::span<const std::string_view> found);

// The refusal of names that are not declared, with the nearest declared ones.
[[nodiscard]] Error schema_drift(const catalog::SourceTable& table, std::string message,
                                 std::span<const std::string> unknown);

}  // namespace martgate::ingest
