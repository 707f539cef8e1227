#include "base/base64.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace martgate {
namespace {

constexpr std::string_view kStandard =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrlSafe =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint8_t kNoDigit = 0xFF;

using Digits = std::array<std::uint8_t, 256>;

constexpr Digits digits_of(std::string_view alphabet) {
  Digits digits{};
  digits.fill(kNoDigit);
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    digits[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return digits;
}
constexpr Digits kStandardDigits = digits_of(kStandard);
constexpr Digits kUrlSafeDigits = digits_of(kUrlSafe);

std::string encoded(std::string_view bytes, std::string_view alphabet) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  std::uint32_t bits = 0;
  unsigned bit_count = 0;
  for (const char c : bytes) {
    bits = (bits << 8U | static_cast<unsigned char>(c)) & 0xFFFFU;
    bit_count += 8;
    while (bit_count >= 6) {
      bit_count -= 6;
      text.push_back(alphabet[bits >> bit_count & 63U]);
    }
  }
  if (bit_count > 0) text.push_back(alphabet[bits << (6 - bit_count) & 63U]);
  return text;
}

// `text` is without its padding.
std::optional<std::string> decoded(std::string_view text, const Digits& digits) {
  std::string bytes;
  bytes.reserve(text.size() * 3 / 4);
  std::uint32_t bits = 0;
  unsigned bit_count = 0;
  for (const char c : text) {
    const std::uint8_t digit = digits[static_cast<unsigned char>(c)];
    if (digit == kNoDigit) return std::nullopt;
    bits = (bits << 6U | digit) & 0xFFFU;
    bit_count += 6;
    if (bit_count >= 8) {
      bit_count -= 8;
      bytes.push_back(static_cast<char>(bits >> bit_count & 0xFFU));
    }
  }
  // Six bits left over are a lone digit, which is no byte.
  const bool has_set_bits = (bits & ((1U << bit_count) - 1U)) != 0;
  if (has_set_bits || bit_count == 6) return std::nullopt;
  return bytes;
}

}  // namespace

std::string base64(std::string_view bytes) {
  std::string text = encoded(bytes, kStandard);
  while (text.size() % 4 != 0) text.push_back('=');
  return text;
}

std::string base64url(std::string_view bytes) {
  return encoded(bytes, kUrlSafe);
}

std::optional<std::string> decode_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && text.ends_with('=')) {
    text.remove_suffix(1);
    ++padding;
  }
  // What is missing from the last group is the padding: two digits leave one byte, three leave two.
  if ((4 - text.size() % 4) % 4 != padding) return std::nullopt;
  return decoded(text, kStandardDigits);
}

std::optional<std::string> decode_base64url(std::string_view text) {
  return decoded(text, kUrlSafeDigits);
}

}  // namespace martgate
