// How values and types are named in what the validator says. Internal to json/.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "json/json_fwd.h"
#include "json/schema_node.h"

namespace martgate {

// "number" is both number bits; 0 for a word that is no type.
[[nodiscard]] std::uint8_t type_bits_named(std::string_view name);
[[nodiscard]] std::vector<std::string> names_of_types(std::uint8_t bits);
[[nodiscard]] std::uint8_t type_bits_of(const Json& value);  // one bit; 1.0 is Integer

// What someone who writes YAML by hand probably meant: 12 for "12" or the other way round, a list.
[[nodiscard]] std::vector<std::string> type_hints(std::uint8_t wanted_bits, const Json& value);

// `"abc"`, `12`, `null`, `an object with 3 keys`, `a list of 2`: short, safe to show.
[[nodiscard]] std::string value_text(const Json& value);
// `string "abc"`, `number 12`: for a reader who wonders about the type.
[[nodiscard]] std::string typed_value_text(const Json& value);

// "a", "a or b", "a, b or c".
[[nodiscard]] std::string either(std::span<const std::string> words);

}  // namespace martgate
