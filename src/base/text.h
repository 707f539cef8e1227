// Words and names: nearest names for refusals, trimming, joining, text that is safe to show.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace martgate {

// Insertions, deletions, substitutions and swaps of neighbours between two short names, in bytes.
// Source: optimal string alignment distance (restricted Damerau-Levenshtein).
[[nodiscard]] std::size_t edit_distance(std::string_view left, std::string_view right);

// At most `count_max` of `names` that someone who wrote `wrong` may have meant, nearest first:
// within a third of its length, or containing it, or contained in it; case does not count.
[[nodiscard]] std::vector<std::string> nearest(std::string_view wrong,
                                               std::span<const std::string> names,
                                               std::size_t count_max = 3);

// The usual pair of hints for an unknown name: «did you mean "x"» when something is near, and
// what is accepted (all of it up to 12 names, else the first 12 and how many more).
[[nodiscard]] std::vector<std::string> name_hints(std::string_view wrong,
                                                  std::span<const std::string> names);

[[nodiscard]] std::string join(std::span<const std::string> parts, std::string_view between);
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char at);
[[nodiscard]] std::string_view trim(std::string_view text);  // ASCII blanks, tabs, line ends
[[nodiscard]] std::string lower_ascii(std::string_view text);
[[nodiscard]] bool is_snake_case(std::string_view name);  // [a-z][a-z0-9_]*, at most 64 bytes

// True when every byte belongs to well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms).
[[nodiscard]] bool is_utf8(std::string_view text);

// The same text with each byte that is not part of well-formed UTF-8 replaced by U+FFFD.
[[nodiscard]] std::string mended_utf8(std::string_view text);

// Control characters, bidirectional overrides and broken UTF-8 become visible escapes, and what is
// longer than `bytes_max` is cut with its length, so that foreign text cannot dress up a log line,
// a terminal or an approval screen.
[[nodiscard]] std::string shown(std::string_view text, std::size_t bytes_max = 200);

}  // namespace martgate
