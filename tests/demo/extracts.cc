#include "extracts.h"

#include <doctest/doctest.h>

#include <string>

#include "base/files.h"
#include "base/text.h"

namespace martgate::demo_test {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> csv_fields(std::string_view line, char delimiter) {
  std::vector<std::string> fields(1);
  bool is_quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '"' && is_quoted && i + 1 < line.size() && line[i + 1] == '"') {
      fields.back().push_back(line[++i]);
    } else if (c == '"') {
      is_quoted = !is_quoted;
    } else if (c == delimiter && !is_quoted) {
      fields.emplace_back();
    } else {
      fields.back().push_back(c);
    }
  }
  return fields;
}

}  // namespace

std::map<std::string, std::string> files_below(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    auto bytes = read_file(entry.path());
    REQUIRE(bytes);
    files[fs::relative(entry.path(), folder).generic_string()] = std::move(*bytes);
  }
  return files;
}

std::vector<Row> csv_rows(const fs::path& folder, std::string_view stem) {
  std::vector<Row> rows;
  for (const auto& [path, bytes] : files_below(folder)) {
    if (!path.starts_with(stem) || !path.ends_with(".csv")) continue;
    const char delimiter = path.starts_with("planning/") ? ';' : ',';
    std::vector<std::string> header;
    for (const std::string_view line : split(bytes, '\n')) {
      if (line.empty()) continue;
      const std::vector<std::string> fields = csv_fields(line, delimiter);
      if (header.empty()) {
        header = fields;
        continue;
      }
      REQUIRE(fields.size() == header.size());
      Row row;
      for (std::size_t i = 0; i < header.size(); ++i) row[header[i]] = fields[i];
      rows.push_back(std::move(row));
    }
  }
  REQUIRE_FALSE(rows.empty());
  return rows;
}

std::vector<std::string> lines(const fs::path& folder, std::string_view stem) {
  std::vector<std::string> found;
  for (const auto& [path, bytes] : files_below(folder)) {
    if (!path.starts_with(stem)) continue;
    for (const std::string_view line : split(bytes, '\n')) {
      if (!line.empty()) found.emplace_back(line);
    }
  }
  REQUIRE_FALSE(found.empty());
  return found;
}

long long cents(const std::string& amount) {
  const std::size_t point = amount.find('.');
  REQUIRE(point != std::string::npos);
  REQUIRE(amount.size() == point + 3);
  return std::stoll(amount.substr(0, point) + amount.substr(point + 1));
}

}  // namespace martgate::demo_test
