// One query on a database of somebody else, as the loop of pages sees it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/project.h"
#include "ingest/connect/retry.h"
#include "ingest/table_rows.h"

namespace martgate::ingest {

// Where reading begins.
struct Bound {
  std::string value;
  bool is_included = false;
};

// The rows of one query, read from one state of the database, from the first to the last.
class QueryRows {
 public:
  virtual ~QueryRows() = default;

  // False at the end.
  [[nodiscard]] virtual Attempt<bool> step() = 0;
  // After step(): a cell for each declared column, in the declared order.
  [[nodiscard]] virtual std::span<const Cell> cells() const = 0;
  // After step(): what keeps the row from being loaded as it is; empty for a good one.
  [[nodiscard]] virtual std::string fault() const = 0;
  // Runs the query again on the same state of the database.
  [[nodiscard]] virtual Attempt<void> restart() = 0;
};

// Connects, begins a read transaction and runs the query of a table, behind `bound` if there is one
// and in the order of the cursor column if there is one. Errors of the catalog's making (no such
// table, no such column) are given up at once, with the nearest names.
using OpenQuery = std::function<Attempt<std::unique_ptr<QueryRows>>(const std::optional<Bound>&)>;

// SELECT of the declared columns; `first_parameter` is how the dialect writes the bound: "?1",
// "$1". Rows whose cursor is NULL come along every time: there is no telling when they came.
[[nodiscard]] std::string query_text(const catalog::SourceTable& table,
                                     const catalog::DatabaseRead& read,
                                     const std::optional<Bound>& bound,
                                     std::string_view first_parameter);

// "orders" or "public.orders" or a query in brackets, to stand behind FROM.
[[nodiscard]] std::string from_text(const catalog::DatabaseRead& read);

// Errors: InvalidArgument, reason "schema_drift", when a declared column is not among `found`.
[[nodiscard]] Status check_columns(const catalog::SourceTable& table,
                                   std::span<const std::string> found);

// The row as one JSON object with the declared names, for the quarantine. Bytes that are not UTF-8
// become "\x" and hex digits.
[[nodiscard]] std::string row_as_json(const catalog::SourceTable& table,
                                      std::span<const Cell> cells);

// "\x" and hex digits, as PostgreSQL writes bytes.
[[nodiscard]] std::string hex_text(std::string_view bytes);

}  // namespace martgate::ingest
