// Base64 as RFC 4648 writes it, and read only in the one form that it writes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace martgate {

// Section 4: "+" and "/", padded to whole groups of four.
[[nodiscard]] std::string base64(std::string_view bytes);
// Section 5: "-" and "_", without padding.
[[nodiscard]] std::string base64url(std::string_view bytes);

// Exactly the texts that the functions above return: no foreign characters, no blanks, padding
// where it belongs and nowhere else, unused bits zero. So equal bytes have one spelling, and a text
// with something appended is no longer the same value. Nothing for any other text.
[[nodiscard]] std::optional<std::string> decode_base64(std::string_view text);
[[nodiscard]] std::optional<std::string> decode_base64url(std::string_view text);

}  // namespace martgate
