#include "base/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace martgate {
namespace {

constexpr std::size_t kNamesShownMax = 12;

// Length of the well-formed sequence at `at`, or 0.
std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto tail = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned first = byte(at);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return tail(at + 1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const unsigned second = byte(at + 1);
    if (first == 0xE0 && second < 0xA0) return 0;
    if (first == 0xED && second > 0x9F) return 0;
    return tail(at + 1) && tail(at + 2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const unsigned second = byte(at + 1);
    if (first == 0xF0 && second < 0x90) return 0;
    if (first == 0xF4 && second > 0x8F) return 0;
    return tail(at + 1) && tail(at + 2) && tail(at + 3) ? 4 : 0;
  }
  return 0;
}

std::uint32_t code_point(std::string_view sequence) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(sequence[i]); };
  switch (sequence.size()) {
    case 1:
      return byte(0);
    case 2:
      return (byte(0) & 0x1FU) << 6U | (byte(1) & 0x3FU);
    case 3:
      return (byte(0) & 0x0FU) << 12U | (byte(1) & 0x3FU) << 6U | (byte(2) & 0x3FU);
    default:
      return (byte(0) & 0x07U) << 18U | (byte(1) & 0x3FU) << 12U | (byte(2) & 0x3FU) << 6U |
             (byte(3) & 0x3FU);
  }
}

bool is_deceptive(std::uint32_t point) {
  return point < 0x20 || (point >= 0x7F && point < 0xA0) || point == 0x200E || point == 0x200F ||
         (point >= 0x202A && point <= 0x202E) || (point >= 0x2066 && point <= 0x2069) ||
         point == 0x2028 || point == 0x2029 || point == 0xFEFF;
}

}  // namespace

std::size_t edit_distance(std::string_view left, std::string_view right) {
  std::array<std::vector<std::size_t>, 3> rows;
  for (auto& row : rows) row.resize(right.size() + 1);
  for (std::size_t j = 0; j <= right.size(); ++j) rows[0][j] = j;
  for (std::size_t i = 1; i <= left.size(); ++i) {
    auto& row = rows[i % 3];
    const auto& above = rows[(i + 2) % 3];
    row[0] = i;
    for (std::size_t j = 1; j <= right.size(); ++j) {
      const std::size_t change = left[i - 1] == right[j - 1] ? 0 : 1;
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + change});
      if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1]) {
        row[j] = std::min(row[j], rows[(i + 1) % 3][j - 2] + 1);
      }
    }
  }
  return rows[left.size() % 3][right.size()];
}

std::vector<std::string> nearest(std::string_view wrong, std::span<const std::string> names,
                                 std::size_t count_max) {
  struct Near {
    std::size_t distance;
    const std::string* name;
  };
  const std::string asked = lower_ascii(wrong.substr(0, 128));
  const std::size_t distance_max = std::max<std::size_t>(1, asked.size() / 3);
  std::vector<Near> found;
  for (const std::string& name : names) {
    const std::string known = lower_ascii(name);
    const std::size_t distance = edit_distance(asked, known);
    const bool contains =
        asked.size() >= 3 && known.size() >= 3 &&
        (known.find(asked) != std::string::npos || asked.find(known) != std::string::npos);
    if (distance <= distance_max || contains) found.push_back({distance, &name});
  }
  std::ranges::sort(found, [](const Near& a, const Near& b) {
    return a.distance != b.distance ? a.distance < b.distance : *a.name < *b.name;
  });
  std::vector<std::string> result;
  for (const Near& near : found) {
    if (result.size() == count_max) break;
    if (std::ranges::find(result, *near.name) == result.end()) result.push_back(*near.name);
  }
  return result;
}

std::vector<std::string> name_hints(std::string_view wrong, std::span<const std::string> names) {
  std::vector<std::string> hints;
  const std::vector<std::string> near = nearest(wrong, names);
  if (!near.empty()) hints.push_back(fmt::format("did you mean {}", join(near, ", ")));
  if (names.empty()) {
    hints.emplace_back("accepted: nothing, there are none");
  } else if (names.size() <= kNamesShownMax) {
    hints.push_back(fmt::format("accepted: {}", join(names, ", ")));
  } else if (near.empty()) {
    hints.push_back(fmt::format("accepted: {} and {} more", join(names.first(kNamesShownMax), ", "),
                                names.size() - kNamesShownMax));
  }
  return hints;
}

std::string join(std::span<const std::string> parts, std::string_view between) {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) text.append(between);
    text.append(parts[i]);
  }
  return text;
}

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(at);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::string lower_ascii(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return lower;
}

bool is_snake_case(std::string_view name) {
  if (name.empty() || name.size() > 64 || name[0] < 'a' || name[0] > 'z') return false;
  return std::ranges::all_of(
      name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text, at);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

std::string mended_utf8(std::string_view text) {
  std::string mended;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text, at);
    if (length == 0) {
      mended.append("\xEF\xBF\xBD");
      ++at;
    } else {
      mended.append(text, at, length);
      at += length;
    }
  }
  return mended;
}

std::string shown(std::string_view text, std::size_t bytes_max) {
  std::string safe;
  for (std::size_t at = 0; at < text.size();) {
    if (at >= bytes_max) {
      safe += fmt::format("… ({} bytes)", text.size());
      break;
    }
    const std::size_t length = utf8_length(text, at);
    if (length == 0) {
      safe += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[at]));
      ++at;
      continue;
    }
    const std::string_view sequence = text.substr(at, length);
    const std::uint32_t point = code_point(sequence);
    if (is_deceptive(point)) {
      safe += fmt::format("\\u{:04x}", point);
    } else {
      safe.append(sequence);
    }
    at += length;
  }
  return safe;
}

}  // namespace martgate
