#include "json/schema_words.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/json_writer.h"
#include "base/text.h"
#include "json/canonical.h"
#include "json/number.h"
#include "json/parse.h"

namespace martgate {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kValueBytesMax = 80;

constexpr std::uint8_t bit(TypeBit type) {
  return static_cast<std::uint8_t>(type);
}

constexpr std::array kTypes{
    std::pair{"null"sv, bit(TypeBit::Null)},
    std::pair{"boolean"sv, bit(TypeBit::Boolean)},
    std::pair{"integer"sv, bit(TypeBit::Integer)},
    std::pair{"number"sv, static_cast<std::uint8_t>(bit(TypeBit::Number) | bit(TypeBit::Integer))},
    std::pair{"string"sv, bit(TypeBit::String)},
    std::pair{"array"sv, bit(TypeBit::Array)},
    std::pair{"object"sv, bit(TypeBit::Object)},
};

}  // namespace

std::uint8_t type_bits_named(std::string_view name) {
  for (const auto& [type_name, bits] : kTypes) {
    if (name == type_name) return bits;
  }
  return 0;
}

std::vector<std::string> names_of_types(std::uint8_t bits) {
  std::vector<std::string> names;
  for (const auto& [name, type_bits] : kTypes) {
    const bool is_covered = name == "integer" && (bits & bit(TypeBit::Number)) != 0;
    if ((bits & type_bits) == type_bits && !is_covered) names.emplace_back(name);
  }
  return names;
}

std::uint8_t type_bits_of(const Json& value) {
  switch (value.type()) {
    case Json::value_t::null:
      return bit(TypeBit::Null);
    case Json::value_t::boolean:
      return bit(TypeBit::Boolean);
    case Json::value_t::string:
      return bit(TypeBit::String);
    case Json::value_t::array:
      return bit(TypeBit::Array);
    case Json::value_t::object:
      return bit(TypeBit::Object);
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
      return bit(TypeBit::Integer);
    case Json::value_t::number_float:
      return is_integer(value) ? bit(TypeBit::Integer) : bit(TypeBit::Number);
    default:
      return 0;
  }
}

std::vector<std::string> type_hints(std::uint8_t wanted_bits, const Json& value) {
  constexpr std::size_t kPlainBytesMax = 40;  // longer texts are no numbers
  std::vector<std::string> hints;
  const bool is_plain = !value.is_structured() && !value.is_string();
  if ((wanted_bits & bit(TypeBit::String)) != 0 && is_plain) {
    hints.push_back(fmt::format("for text, put it in quotes: \"{}\"", value_text(value)));
  }
  if (value.is_string() && value.get_ref<const std::string&>().size() <= kPlainBytesMax) {
    const auto plain = parse_ijson(value.get_ref<const std::string&>());
    if (plain && (plain->is_number() || plain->is_boolean()) &&
        (type_bits_of(*plain) & wanted_bits) != 0) {
      hints.push_back(fmt::format("write {} without quotes", value_text(*plain)));
    }
  }
  if (wanted_bits == bit(TypeBit::Array) && !value.is_array()) {
    hints.emplace_back("write a list, even of one");
  }
  return hints;
}

std::string value_text(const Json& value) {
  if (value.is_string()) {
    return json_quoted(shown(value.get_ref<const std::string&>(), kValueBytesMax));
  }
  if (value.is_array()) return fmt::format("a list of {}", value.size());
  if (value.is_object()) {
    return fmt::format("an object with {} {}", value.size(), value.size() == 1 ? "key" : "keys");
  }
  return canonical_json(value);
}

std::string typed_value_text(const Json& value) {
  if (value.is_string()) return "string " + value_text(value);
  if (value.is_number()) return "number " + value_text(value);
  if (value.is_boolean()) return "boolean " + value_text(value);
  return value_text(value);
}

std::string either(std::span<const std::string> words) {
  if (words.empty()) return "nothing";
  if (words.size() == 1) return words.front();
  return fmt::format("{} or {}", join(words.first(words.size() - 1), ", "), words.back());
}

}  // namespace martgate
