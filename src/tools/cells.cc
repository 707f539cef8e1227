#include "tools/cells.h"

#include <fmt/format.h>

#include <cmath>

#include "base/decimal.h"

namespace martgate::tools {
namespace {

using metrics::OutputColumn;
using metrics::ValueKind;

double scaled_down(double value, int scale) {
  return scale >= 0 ? value / power_of_ten(scale) : value * power_of_ten(-scale);
}

}  // namespace

void write_cell(JsonWriter& json, const store::Value& cell, const OutputColumn& column) {
  if (const auto* number = std::get_if<std::int64_t>(&cell)) {
    if (column.kind == ValueKind::Boolean) {
      json.boolean(*number != 0);
    } else if (column.kind == ValueKind::Decimal && column.scale > 0) {
      json.raw(decimal_text(*number, column.scale));
    } else if (column.kind == ValueKind::Real) {
      json.real(scaled_down(static_cast<double>(*number), column.scale));
    } else {
      json.integer(*number);
    }
  } else if (const auto* real = std::get_if<double>(&cell)) {
    json.real(scaled_down(*real, column.scale));
  } else if (const auto* text = std::get_if<std::string>(&cell)) {
    json.string(*text);
  } else {
    json.null();
  }
}

std::string cell_text(const store::Value& cell, const OutputColumn& column) {
  if (const auto* number = std::get_if<std::int64_t>(&cell)) {
    if (column.kind == ValueKind::Boolean) return *number != 0 ? "true" : "false";
    if (column.kind == ValueKind::Decimal && column.scale > 0)
      return decimal_text(*number, column.scale);
    if (column.kind == ValueKind::Real)
      return fmt::format("{:.6g}", scaled_down(static_cast<double>(*number), column.scale));
    return std::to_string(*number);
  }
  if (const auto* real = std::get_if<double>(&cell)) {
    const double value = scaled_down(*real, column.scale);
    // Six significant digits, but never fewer than the whole part has.
    return std::abs(value) >= 1e6 ? fmt::format("{:.2f}", value) : fmt::format("{:.6g}", value);
  }
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  return "";
}

OutputColumn output_of(const catalog::Column& column) {
  OutputColumn output;
  output.name = column.name;
  output.scale = column.type == catalog::DataType::Decimal ? column.scale : 0;
  switch (column.type) {
    case catalog::DataType::Text:
      output.kind = ValueKind::Text;
      break;
    case catalog::DataType::Integer:
      output.kind = ValueKind::Integer;
      break;
    case catalog::DataType::Real:
      output.kind = ValueKind::Real;
      break;
    case catalog::DataType::Decimal:
      output.kind = ValueKind::Decimal;
      break;
    case catalog::DataType::Boolean:
      output.kind = ValueKind::Boolean;
      break;
    case catalog::DataType::Date:
      output.kind = ValueKind::Date;
      break;
    case catalog::DataType::Timestamp:
      output.kind = ValueKind::Timestamp;
      break;
  }
  return output;
}

std::string unit_text(const catalog::Unit& unit) {
  if (!unit.code.empty()) return unit.code;
  switch (unit.kind) {
    case catalog::UnitKind::Ratio:
      return "ratio";
    case catalog::UnitKind::Count:
      return "count";
    case catalog::UnitKind::Number:
    case catalog::UnitKind::Currency:
    case catalog::UnitKind::Duration:
      return "";
  }
  return "";
}

void TextTable::add_row(const std::vector<std::string>& cells) {
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) text_.push_back(',');
    const std::string& cell = cells[i];
    if (cell.find_first_of(",\"\r\n") == std::string::npos) {
      text_.append(cell);
      continue;
    }
    text_.push_back('"');
    for (const char c : cell) {
      if (c == '"') text_.push_back('"');
      text_.push_back(c == '\n' || c == '\r' ? ' ' : c);  // one row stays one line
    }
    text_.push_back('"');
  }
  text_.push_back('\n');
}

}  // namespace martgate::tools
