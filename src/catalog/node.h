// A value of a YAML file together with its place, so that whoever reads it can say what is wrong.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/load.h"
#include "catalog/yaml.h"

namespace martgate::catalog {

// Collects the mistakes of one load.
class Report {
 public:
  void add(Diagnostic diagnostic) { diagnostics_.push_back(std::move(diagnostic)); }
  [[nodiscard]] std::size_t count() const { return diagnostics_.size(); }
  // By file, line and column; equal ones once.
  [[nodiscard]] std::vector<Diagnostic> take_sorted();

 private:
  std::vector<Diagnostic> diagnostics_;
};

// One file of the project: its tree and where everything stands.
struct Document {
  std::string file;  // relative to the project folder
  YamlDocument yaml;
};

// Borrows its document and its report. An absent member is a Node too: it reads as the fallback,
// and mistakes about it stand where its parent stands.
class Node {
 public:
  Node(const Document& document, Report& report);

  [[nodiscard]] bool exists() const { return value_ != nullptr; }
  [[nodiscard]] bool is_text() const;
  [[nodiscard]] bool is_list() const;
  [[nodiscard]] const nlohmann::json* json() const { return value_; }

  [[nodiscard]] Node at(std::string_view key) const;
  // Elements of a list; none of anything else.
  [[nodiscard]] std::vector<Node> items() const;
  // Keys of a map; none of anything else.
  [[nodiscard]] std::vector<std::string> keys() const;

  [[nodiscard]] std::string text(std::string_view fallback = {}) const;
  [[nodiscard]] std::int64_t integer(std::int64_t fallback = 0) const;
  [[nodiscard]] double number(double fallback = 0) const;
  [[nodiscard]] bool truth(bool fallback = false) const;
  [[nodiscard]] std::vector<std::string> texts() const;  // the strings of a list

  [[nodiscard]] const std::string& file() const { return document_->file; }
  [[nodiscard]] Position position() const;
  void mistake(std::string message, std::vector<std::string> hints = {}) const;

 private:
  Node(const Node& parent, std::string pointer, const nlohmann::json* value);

  const Document* document_;
  Report* report_;
  std::string pointer_;
  const nlohmann::json* value_;
};

// Place of the value at a JSON pointer, or of the nearest enclosing value that has one.
[[nodiscard]] Position position_in(const YamlDocument& yaml, std::string_view pointer);

}  // namespace martgate::catalog
