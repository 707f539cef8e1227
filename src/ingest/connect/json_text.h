// Parts of a JSON text as they are written, so that 1.10 stays 1.10 and 20 digits stay 20 digits.
// Every text given to these functions is one that parse_ijson() has accepted, or a part of one that
// they returned.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace martgate::ingest {

// The value at a JSON pointer (RFC 6901); nothing when there is none.
[[nodiscard]] std::optional<std::string_view> json_at(std::string_view text,
                                                      std::string_view pointer);

// The elements of an array; nothing of any other value.
[[nodiscard]] std::vector<std::string_view> json_elements(std::string_view array);

[[nodiscard]] bool is_json_array(std::string_view value);
[[nodiscard]] bool is_json_object(std::string_view value);
[[nodiscard]] bool is_json_null(std::string_view value);

// The same value on one line: without the blanks outside of strings.
[[nodiscard]] std::string json_compact(std::string_view value);

// A string without its quotes and escapes, a number or boolean as written; nothing for null,
// arrays and objects.
[[nodiscard]] std::optional<std::string> json_scalar(std::string_view value);

}  // namespace martgate::ingest
