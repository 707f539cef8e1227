// The outer shape of a SELECT: where its common tables, parts, columns and derived tables lie in
// the text. What names mean is the engine's to say; this only cuts.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace martgate::build {

// Half-open range of bytes of the text.
struct TextRange {
  std::size_t begin = 0;
  std::size_t end = 0;
  [[nodiscard]] std::string_view of(std::string_view text) const {
    return text.substr(begin, end - begin);
  }
};

struct CommonTable {
  std::string name;
  std::vector<std::string> columns;  // as listed behind the name; may be empty
  TextRange body;                    // without the parentheses
};

// One SELECT between UNION, EXCEPT and INTERSECT.
struct SelectCore {
  TextRange head;                  // SELECT, SELECT DISTINCT
  std::vector<TextRange> items;    // between the commas; empty for VALUES
  TextRange rest;                  // FROM and all behind it; may be empty
  std::vector<TextRange> derived;  // SELECTs in FROM, with their parentheses, in order
};

struct SelectShape {
  std::vector<CommonTable> common;
  std::vector<SelectCore> cores;
};

// Nothing when the text is not of a shape that is understood, or a common table is recursive.
[[nodiscard]] std::optional<SelectShape> shape_of(std::string_view sql);

}  // namespace martgate::build
