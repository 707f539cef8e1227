// URIs of resources: which ones are taken from a client, and percent-encoding both ways.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace martgate::mcp {

inline constexpr std::size_t kResourceUriBytesMax = 2'048;

// scheme://authority/path?query as they were written. Views of the text they were read from.
struct ResourceUri {
  std::string_view scheme;
  std::string_view authority;  // not empty
  std::string_view path;       // empty, or begins with "/"
  std::string_view query;      // without the "?"; empty when there is none
};

// Takes scheme://authority[/path][?query] of the characters of RFC 3986, and beyond ASCII those of
// RFC 3987. Refuses user names and fragments, percent signs without two hex digits, encoded control
// characters, and "." or ".." as a segment, written plainly or encoded.
// Errors: InvalidArgument.
[[nodiscard]] Result<ResourceUri> parse_resource_uri(std::string_view text);

// Nothing when a percent sign lacks its two hex digits.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text);

enum class Keep { Unreserved, Reserved };
// Encodes every byte but unreserved characters, or but those, reserved ones and what is encoded
// already (RFC 6570, section 3.2.1).
[[nodiscard]] std::string percent_encode(std::string_view text, Keep keep);

// True when a segment between "/" or "\" is "." or "..".
[[nodiscard]] bool has_dot_segment(std::string_view decoded_path);

}  // namespace martgate::mcp
