// A delivered row -> the row that raw stores, or the first thing that is wrong with it.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "catalog/project.h"
#include "ingest/drift.h"
#include "ingest/value_parser.h"

namespace martgate::ingest {

// Most values of a column do not fit its type, and there are enough of them to say so.
inline constexpr std::int64_t kMisfitsMin = 10;
inline constexpr double kMisfitShareMin = 0.5;

class RowContract {
 public:
  // Borrows the table. Errors: InvalidArgument, reason "bad_contract" and the like.
  [[nodiscard]] static Result<RowContract> make(const catalog::SourceTable& table);

  // One cell for each declared column. False leaves fault() and fault_column().
  [[nodiscard]] bool accept(std::span<const Cell> cells);
  // After true, until the next accept().
  [[nodiscard]] std::span<const StoredCell> stored() const { return stored_; }
  [[nodiscard]] const Fault& fault() const { return fault_; }
  [[nodiscard]] const std::string& fault_column() const { return fault_column_; }

  // Columns that seem to have changed their type, judged by the rows so far.
  [[nodiscard]] std::vector<DriftEvent> type_drift() const;

 private:
  struct Tally {
    std::int64_t values = 0;
    std::int64_t misfits = 0;
    std::map<std::string_view, std::int64_t> likely;  // types of the misfits
  };

  explicit RowContract(const catalog::SourceTable& table) : table_(&table) {}

  const catalog::SourceTable* table_;
  std::vector<ValueParser> parsers_;
  std::vector<StoredCell> stored_;
  std::vector<Tally> tallies_;
  Fault fault_;
  std::string fault_column_;
};

// "text", "decimal(2)": what a stored value of the column is. Loads remember it.
[[nodiscard]] std::string storage_type(const catalog::SourceColumn& column);

}  // namespace martgate::ingest
