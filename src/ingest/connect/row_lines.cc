#include "ingest/connect/row_lines.h"

#include <algorithm>
#include <cstring>

#include "base/json_writer.h"
#include "ingest/connect/json_text.h"
#include "json/pointer.h"

namespace martgate::ingest {
namespace {

// Only the declared columns, each from where it stands.
std::string projected(std::string_view row, const catalog::JsonRows& where,
                      const catalog::SourceTable& table) {
  std::string line;
  JsonWriter json(line);
  json.begin_object();
  for (const catalog::SourceColumn& column : table.columns) {
    if (const auto value = json_at(row, pointer_of(where, column.name)))
      json.key(column.name).raw(json_compact(*value));
  }
  json.end_object();
  return line;
}

}  // namespace

std::string pointer_of(const catalog::JsonRows& where, const std::string& column) {
  if (where.members) {
    const auto found = where.members->find(column);
    if (found != where.members->end()) return found->second;
  }
  return "/" + escaped_token(column);
}

std::optional<std::vector<std::string>> row_lines(std::string_view text,
                                                  const catalog::JsonRows& where,
                                                  const catalog::SourceTable& table) {
  const auto found = json_at(text, where.rows);
  if (!found) return std::nullopt;
  std::vector<std::string_view> rows{*found};
  if (is_json_array(*found)) rows = json_elements(*found);
  std::vector<std::string> lines;
  lines.reserve(rows.size());
  for (const std::string_view row : rows) {
    lines.push_back(where.members && is_json_object(row) ? projected(row, where, table)
                                                         : json_compact(row));
  }
  return lines;
}

Result<std::size_t> TextBytes::read(std::span<char> into) {
  const std::size_t count = std::min(into.size(), text_.size() - at_);
  std::memcpy(into.data(), text_.data() + at_, count);
  at_ += count;
  return count;
}

}  // namespace martgate::ingest
