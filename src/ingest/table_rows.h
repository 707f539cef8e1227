// Rows of one delivery in the order of a table's declared columns, whatever the delivery's format.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "catalog/project.h"
#include "ingest/bad_row.h"
#include "ingest/byte_source.h"
#include "ingest/drift.h"
#include "ingest/value_parser.h"

namespace martgate::ingest {

// A value of the row that no declared column takes.
struct UndeclaredCell {
  std::string_view column;
  Cell text;
};

class TableRows {
 public:
  enum class Kind : std::uint8_t { Row, Bad, End };

  virtual ~TableRows() = default;
  // Errors refuse the whole delivery: InvalidArgument with reason "schema_drift" when it does not
  // hold the declared columns; Unavailable when it cannot be read.
  [[nodiscard]] virtual Result<Kind> next() = 0;
  // After Row, until the next call of next(): one cell for each declared column, as delivered.
  [[nodiscard]] virtual std::span<const Cell> cells() const = 0;
  [[nodiscard]] virtual std::span<const UndeclaredCell> undeclared() const { return {}; }
  // After Row: for the quarantine, when the row turns out to break the contract.
  [[nodiscard]] virtual BadRow as_bad(std::string reason) const = 0;
  // After Bad.
  [[nodiscard]] virtual const BadRow& bad() const = 0;

  // How the delivery's columns differ from the declared ones, as far as it has been read; also
  // after an error.
  [[nodiscard]] virtual std::span<const DriftEvent> drift() const { return {}; }
  // What has to stand in front of the raw bytes of one row so that it can be read alone: a CSV
  // header. Known after the first row.
  [[nodiscard]] virtual std::string_view preamble() const { return {}; }
};

// Both borrow the table and the source for the life of the rows.
[[nodiscard]] std::unique_ptr<TableRows> csv_rows(const catalog::SourceTable& table,
                                                  ByteSource& source);
// One object a line; empty lines are no rows. Strings as they are, numbers as their literal text,
// booleans as true and false, null and missing members as NULL, nested values as JSON text.
[[nodiscard]] std::unique_ptr<TableRows> jsonl_rows(const catalog::SourceTable& table,
                                                    ByteSource& source);
// csv_rows or jsonl_rows, as the table declares.
[[nodiscard]] std::unique_ptr<TableRows> rows_of(const catalog::SourceTable& table,
                                                 ByteSource& source);

}  // namespace martgate::ingest
