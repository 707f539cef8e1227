#include "catalog/seed.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/calendar.h"
#include "base/text.h"
#include "catalog/csv_text.h"
#include "catalog/read_objects.h"

namespace martgate::catalog {
namespace {

std::string sql_quoted(std::string_view text, char quote) {
  std::string made(1, quote);
  for (const char c : text) {
    if (c == quote) made.push_back(quote);
    made.push_back(c);
  }
  return made + quote;
}

template <class Number>
bool is_number(std::string_view text) {
  Number number{};
  const char* end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, number);
  return problem == std::errc() && stop == end;
}

// "12.5" with scale 2 is 1250.
std::optional<std::string> scaled(std::string_view text, int scale) {
  const std::size_t point = text.find('.');
  std::string digits(text.substr(0, point));
  std::string_view behind = point == std::string_view::npos ? "" : text.substr(point + 1);
  if (point != std::string_view::npos && behind.empty()) return std::nullopt;
  if (behind.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  if (std::cmp_greater(behind.size(), scale)) return std::nullopt;
  digits += behind;
  digits.append(static_cast<std::size_t>(scale) - behind.size(), '0');
  if (!is_number<std::int64_t>(digits)) return std::nullopt;
  return digits;
}

// The value as SQL, or nothing when it is not of the column's type.
std::optional<std::string> literal(const CsvField& field, const Column& column) {
  if (field.text.empty() && !field.is_quoted) return "NULL";
  switch (column.type) {
    case DataType::Integer:
      if (!is_number<std::int64_t>(field.text)) return std::nullopt;
      return field.text;
    case DataType::Real:
      if (!is_number<double>(field.text)) return std::nullopt;
      return field.text;
    case DataType::Decimal:
      return scaled(field.text, column.scale);
    case DataType::Boolean:
      if (field.text != "true" && field.text != "false") return std::nullopt;
      return field.text == "true" ? "1" : "0";
    case DataType::Date:
      if (!parse_date(field.text)) return std::nullopt;
      return sql_quoted(field.text, '\'');
    case DataType::Text:
    case DataType::Timestamp:  // checked by its table
      break;
  }
  return sql_quoted(field.text, '\'');
}

}  // namespace

Model read_seed(const Node& node, std::string csv_file, std::string_view csv, Report& report) {
  Model model = read_model(node, Layer::Staging, csv_file, std::string(csv));
  const auto mistake = [&](int line, std::string message, std::vector<std::string> hints = {}) {
    report.add({csv_file, line, 1, std::move(message), std::move(hints)});
    return model;
  };
  const CsvText parsed = parse_csv(csv);
  if (!parsed.mistake.empty()) return mistake(parsed.mistake_line, parsed.mistake);
  std::vector<std::string> declared;
  for (const Column& column : model.columns) declared.push_back(column.name);
  std::vector<std::string> header;
  if (!parsed.records.empty()) {
    for (const CsvField& field : parsed.records[0].fields) header.push_back(field.text);
  }
  if (header != declared) {
    return mistake(1, fmt::format("the header is not the columns of {}", node.file()),
                   {fmt::format("accepted: {}", join(declared, ","))});
  }
  if (parsed.records.size() - 1 > kSeedRowsMax) {
    return mistake(1, fmt::format("{} rows, more than {}", parsed.records.size() - 1, kSeedRowsMax),
                   {"make it the file of a source"});
  }
  std::vector<std::string> names;
  for (std::size_t i = 0; i < declared.size(); ++i) {
    names.push_back(fmt::format("column{} AS {}", i + 1, sql_quoted(declared[i], '"')));
  }
  std::string rows;
  for (std::size_t r = 1; r < parsed.records.size(); ++r) {
    const CsvRecord& record = parsed.records[r];
    if (record.fields.size() != declared.size()) {
      return mistake(record.line, fmt::format("{} fields, while the header has {}",
                                              record.fields.size(), declared.size()));
    }
    std::vector<std::string> values;
    for (std::size_t i = 0; i < declared.size(); ++i) {
      const auto value = literal(record.fields[i], model.columns[i]);
      if (!value) {
        return mistake(record.line,
                       fmt::format("\"{}\" is no {} for {}", shown(record.fields[i].text, 60),
                                   name_of(model.columns[i].type), declared[i]));
      }
      values.push_back(*value);
    }
    rows += (r > 1 ? ",\n  (" : "\n  (") + join(values, ", ") + ")";
  }
  const std::string nothing(rows.empty() ? " WHERE false" : "");
  if (rows.empty()) {
    std::vector<std::string> nulls(declared.size(), "NULL");
    rows = "(" + join(nulls, ", ") + ")";
  }
  model.sql = fmt::format("SELECT {} FROM (VALUES {}){}", join(names, ", "), rows, nothing);
  model.is_seed = true;
  return model;
}

}  // namespace martgate::catalog
