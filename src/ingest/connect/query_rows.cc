#include "ingest/connect/query_rows.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/digest.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "store/sql.h"

namespace martgate::ingest {

std::string from_text(const catalog::DatabaseRead& read) {
  if (!read.query.empty()) {
    const std::string_view query = trim(read.query);
    return fmt::format("({}\n) AS q", query.substr(0, query.find_last_not_of("; \t\r\n") + 1));
  }
  std::vector<std::string> parts;
  for (const std::string_view part : split(read.table, '.')) {
    parts.push_back(store::quoted_identifier(part));
  }
  return join(parts, ".");
}

std::string query_text(const catalog::SourceTable& table, const catalog::DatabaseRead& read,
                       const std::optional<Bound>& bound, std::string_view first_parameter) {
  std::vector<std::string> columns;
  for (const catalog::SourceColumn& column : table.columns) {
    columns.push_back(store::quoted_identifier(column.name));
  }
  std::string text = fmt::format("SELECT {} FROM {}", join(columns, ", "), from_text(read));
  if (!read.cursor) return text;
  const std::string cursor = store::quoted_identifier(read.cursor->column);
  if (bound) {
    text += fmt::format(" WHERE {0} {1} {2} OR {0} IS NULL", cursor,
                        bound->is_included ? ">=" : ">", first_parameter);
  }
  return text + fmt::format(" ORDER BY {} NULLS FIRST", cursor);
}

Status check_columns(const catalog::SourceTable& table, std::span<const std::string> found) {
  std::vector<std::string> missing;
  std::vector<std::string> hints;
  for (const catalog::SourceColumn& column : table.columns) {
    if (std::ranges::find(found, column.name) != found.end()) continue;
    missing.push_back(json_quoted(shown(column.name, 80)));
    for (const std::string& near : nearest(column.name, found, 1)) {
      hints.push_back(fmt::format("the source has {}", json_quoted(shown(near, 80))));
    }
  }
  if (missing.empty()) return {};
  std::vector<std::string> names(found.begin(), found.end());
  for (std::string& name : names) name = shown(name, 80);
  hints.push_back("its columns: " + join(names, ", "));
  return fail(Code::InvalidArgument,
              fmt::format("the source has no column {}", join(missing, ", ")), std::move(hints),
              "schema_drift");
}

std::string row_as_json(const catalog::SourceTable& table, std::span<const Cell> cells) {
  std::string text;
  JsonWriter json(text);
  json.begin_object();
  for (std::size_t i = 0; i < cells.size(); ++i) {
    json.key(table.columns[i].name);
    if (!cells[i])
      json.null();
    else
      json.string(is_utf8(*cells[i]) ? std::string(*cells[i]) : hex_text(*cells[i]));
  }
  json.end_object();
  return text;
}

std::string hex_text(std::string_view bytes) {
  return "\\x" + to_hex({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

}  // namespace martgate::ingest
