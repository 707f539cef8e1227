// One file of the project -> its tree, checked against the schema of its kind.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "catalog/node.h"
#include "catalog/schemas.h"

namespace martgate::catalog {

struct ReadDocument {
  Document document;
  bool is_valid = false;  // YAML without mistakes that satisfies its schema
};

// Borrows the report. Schemas are compiled when the first file of their kind is read.
class FileReader {
 public:
  FileReader(std::filesystem::path root, Report& report);

  // `schema` is a path in schemas/, "catalog/metric.schema.json". What is wrong has been reported.
  [[nodiscard]] ReadDocument read(const std::string& file, std::string_view schema);
  // The same for a text that is not in the folder; `file` names it in reports.
  [[nodiscard]] ReadDocument parse(const std::string& file, std::string_view text,
                                   std::string_view schema);
  // A text file of at most 1 MiB, UTF-8 and not blank.
  [[nodiscard]] std::optional<std::string> read_sql(const std::string& file);

 private:
  [[nodiscard]] std::optional<std::string> read_text(const std::string& file);
  [[nodiscard]] bool satisfies(const Document& document, std::string_view schema);
  [[nodiscard]] const Schema& schema_at(std::string_view path);
  [[nodiscard]] Diagnostic diagnostic_of(const Document& document, const Violation& violation,
                                         std::string_view schema) const;
  // What the schema itself says about the place a violation names; may be empty.
  [[nodiscard]] std::string description_at(std::string_view schema_pointer,
                                           std::string_view schema) const;

  std::filesystem::path root_;
  Report& report_;
  SchemaLibrary library_;
  std::map<std::string, Schema, std::less<>> schemas_;
};

}  // namespace martgate::catalog
