// JSON Pointer (RFC 6901), token by token.
#pragma once

#include <string>
#include <string_view>

namespace martgate {

[[nodiscard]] std::string escaped_token(std::string_view token);    // "a/b" -> "a~1b"
[[nodiscard]] std::string unescaped_token(std::string_view token);  // "a~1b" -> "a/b"

}  // namespace martgate
