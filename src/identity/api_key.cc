#include "identity/api_key.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "base/digest.h"
#include "base/mac.h"

namespace martgate::identity {
namespace {

constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz234567";
constexpr std::size_t kIdCharacters = 8;
constexpr std::size_t kSecretCharacters = 52;
constexpr std::size_t kCheckCharacters = 6;
constexpr std::size_t kKeyCharacters =
    kApiKeyPrefix.size() + kIdCharacters + 1 + kSecretCharacters + kCheckCharacters;

// The first `count` characters of the bytes in base32; bits past the end are zero.
std::string base32(std::span<const std::uint8_t> bytes, std::size_t count) {
  std::string text;
  std::uint32_t held = 0;
  unsigned held_bits = 0;
  for (std::size_t i = 0; text.size() < count; ++i) {
    held = held << 8U | (i < bytes.size() ? bytes[i] : 0U);
    held_bits += 8;
    while (held_bits >= 5 && text.size() < count) {
      held_bits -= 5;
      text.push_back(kAlphabet[held >> held_bits & 31U]);
    }
  }
  return text;
}

std::string check_of(std::string_view head) {
  return base32(sha256(head), kCheckCharacters);
}

std::string hash_of(std::string_view salt, std::string_view secret) {
  return sha256_hex(fmt::format("{}{}", salt, secret));
}

}  // namespace

NewSecret new_secret(IdSource& ids) {
  NewSecret fresh;
  fresh.id = base32(ids.next(), kIdCharacters);
  const RandomBits128 first = ids.next();
  const RandomBits128 second = ids.next();
  std::array<std::uint8_t, 32> bits{};
  std::ranges::copy(first, bits.begin());
  std::ranges::copy(second, bits.begin() + 16);
  const std::string secret = base32(bits, kSecretCharacters);
  fresh.hash.salt = to_hex(ids.next());
  fresh.hash.sha256 = hash_of(fresh.hash.salt, secret);
  fresh.text = fmt::format("{}{}_{}", kApiKeyPrefix, fresh.id, secret);
  fresh.text += check_of(fresh.text);
  return fresh;
}

std::optional<KeyParts> parse_api_key(std::string_view text) {
  if (text.size() != kKeyCharacters || !text.starts_with(kApiKeyPrefix)) return std::nullopt;
  const std::string_view id = text.substr(kApiKeyPrefix.size(), kIdCharacters);
  const std::size_t secret_at = kApiKeyPrefix.size() + kIdCharacters + 1;
  const std::string_view head = text.substr(0, secret_at + kSecretCharacters);
  const std::string_view secret = head.substr(secret_at);
  const auto is_ours = [](std::string_view part) {
    return part.find_first_not_of(kAlphabet) == std::string_view::npos;
  };
  if (text[secret_at - 1] != '_' || !is_ours(id) || !is_ours(secret)) return std::nullopt;
  if (text.substr(head.size()) != check_of(head)) return std::nullopt;
  return KeyParts{id, secret};
}

bool matches(const SecretHash& hash, std::string_view secret) {
  return equal_secrets(hash.sha256, hash_of(hash.salt, secret));
}

}  // namespace martgate::identity
