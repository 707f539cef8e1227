#include "ingest/connect/json_text.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "ingest/connect/growing.h"
#include "json/pointer.h"

namespace martgate::ingest {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

std::size_t skip_blanks(std::string_view text, std::size_t at) {
  return std::min(text.find_first_not_of(kBlanks, at), text.size());
}

// The end of the string that begins at `at`, behind its quote.
std::size_t string_end(std::string_view text, std::size_t at) {
  std::size_t end = at + 1;
  while (text[end] != '"') end += text[end] == '\\' ? 2 : 1;
  return end + 1;
}

// The end of the value that begins at `at`.
std::size_t value_end(std::string_view text, std::size_t at) {
  int depth = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"') {
      at = string_end(text, at);
      if (depth == 0) return at;
      continue;
    }
    if (depth == 0 &&
        (c == ',' || c == '}' || c == ']' || kBlanks.find(c) != std::string_view::npos))
      return at;
    if (c == '[' || c == '{') ++depth;
    if (c == ']' || c == '}') {
      --depth;
      if (depth == 0) return at + 1;
    }
    ++at;
  }
  return at;
}

std::string decoded(std::string_view quoted) {
  return nlohmann::json::parse(quoted).get<std::string>();
}

// The member of an object, by name.
std::optional<std::string_view> member(std::string_view object, std::string_view name) {
  std::size_t at = skip_blanks(object, 1);
  while (object[at] == '"') {
    const std::size_t key_end = string_end(object, at);
    const std::string_view key = object.substr(at, key_end - at);
    const bool is_wanted = key.find('\\') == std::string_view::npos
                               ? key.substr(1, key.size() - 2) == name
                               : decoded(key) == name;
    const std::size_t begin = skip_blanks(object, skip_blanks(object, key_end) + 1);
    const std::size_t end = value_end(object, begin);
    if (is_wanted) return object.substr(begin, end - begin);
    at = skip_blanks(object, end);
    if (object[at] != ',') break;
    at = skip_blanks(object, at + 1);
  }
  return std::nullopt;
}

}  // namespace

bool is_json_array(std::string_view value) {
  return value.starts_with('[');
}

bool is_json_object(std::string_view value) {
  return value.starts_with('{');
}

bool is_json_null(std::string_view value) {
  return value == "null";
}

std::vector<std::string_view> json_elements(std::string_view array) {
  std::vector<std::string_view> elements;
  if (!is_json_array(array)) return elements;
  std::size_t at = skip_blanks(array, 1);
  while (array[at] != ']') {
    const std::size_t end = value_end(array, at);
    elements.push_back(array.substr(at, end - at));
    at = skip_blanks(array, end);
    if (array[at] == ',') at = skip_blanks(array, at + 1);
  }
  return elements;
}

std::optional<std::string_view> json_at(std::string_view text, std::string_view pointer) {
  std::string_view value = trim(text);
  if (pointer.empty()) return value;
  for (const std::string_view token : split(pointer.substr(1), '/')) {
    if (is_json_object(value)) {
      const auto found = member(value, unescaped_token(token));
      if (!found) return std::nullopt;
      value = *found;
    } else {
      const auto index = read_integer(token);
      const auto elements = json_elements(value);
      if (!index || *index < 0 || static_cast<std::size_t>(*index) >= elements.size())
        return std::nullopt;
      value = elements[static_cast<std::size_t>(*index)];
    }
  }
  return value;
}

std::string json_compact(std::string_view value) {
  std::string text;
  for (std::size_t at = 0; at < value.size();) {
    if (value[at] == '"') {
      const std::size_t end = string_end(value, at);
      text.append(value.substr(at, end - at));
      at = end;
    } else {
      if (kBlanks.find(value[at]) == std::string_view::npos) text.push_back(value[at]);
      ++at;
    }
  }
  return text;
}

std::optional<std::string> json_scalar(std::string_view value) {
  if (value.empty() || is_json_null(value) || is_json_array(value) || is_json_object(value))
    return std::nullopt;
  return value.front() == '"' ? decoded(value) : std::string(value);
}

}  // namespace martgate::ingest
