// YAML text -> JSON tree with the place of every value: YAML 1.2 without its surprises.
//
// A plain scalar is null (empty, ~, null), a boolean (true, false), a number in JSON's grammar,
// or else a string: no, on, 0x1F, 007 and 2026-01-01 are strings. Refused are duplicate keys,
// anchors, aliases, merge keys, tags, keys that are not scalars, a second document, and text that
// is not UTF-8.
#pragma once

#include <cstddef>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace martgate::catalog {

inline constexpr std::size_t kYamlBytesMax = 1U << 20U;
inline constexpr std::size_t kYamlDepthMax = 32;  // collections open at once

struct Position {
  int line = 0;    // from 1
  int column = 0;  // from 1, in bytes
};

struct YamlMistake {
  Position at;
  std::string message;
  std::vector<std::string> hints;
};

struct YamlDocument {
  nlohmann::json value;
  // By JSON pointer (RFC 6901). A value without text (null) stands where its key stands.
  std::map<std::string, Position> values;
  std::map<std::string, Position> keys;  // of members only
  // With any mistake in it the value is incomplete.
  std::vector<YamlMistake> mistakes;
};

// Never fails otherwise than by mistakes; an empty text is one.
[[nodiscard]] YamlDocument read_yaml(std::string_view text);

}  // namespace martgate::catalog
