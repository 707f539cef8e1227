// One cell, written twice: exactly, as JSON, and readably, for the text beside it.
#pragma once

#include <string>

#include "base/json_writer.h"
#include "metrics/plan/plan.h"
#include "store/value.h"

namespace martgate::tools {

// The JSON number of an exact decimal has all its digits (498062.65), never a rounded double.
void write_cell(JsonWriter& json, const store::Value& cell, const metrics::OutputColumn& column);

// "498062.65", "0.6315", "2026-01-01"; NULL is empty. Reals keep six significant digits.
[[nodiscard]] std::string cell_text(const store::Value& cell, const metrics::OutputColumn& column);

// How a column of a mart comes out when its rows are shown.
[[nodiscard]] metrics::OutputColumn output_of(const catalog::Column& column);

// "EUR", "%", "days"; empty for plain numbers.
[[nodiscard]] std::string unit_text(const catalog::Unit& unit);

// A CSV-like table: names, then a line for each row. Commas, quotes and line ends in text are
// quoted.
class TextTable {
 public:
  void add_row(const std::vector<std::string>& cells);
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace martgate::tools
