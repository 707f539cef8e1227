#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "base/base64.h"
#include "base/digest.h"
#include "base/mac.h"
#include "base/random.h"

namespace martgate {
namespace {

std::string random_bytes(Random& random, std::size_t count) {
  std::string bytes;
  for (std::size_t i = 0; i < count; ++i) bytes.push_back(static_cast<char>(random.below(256)));
  return bytes;
}

}  // namespace

TEST_CASE("base64: a text that is not in canonical form is not decoded") {
  for (const char* text :
       {"A",     "AA",     "AAA",   "A===",   "AA=",      "AA=A",        "AAA",       "====",
        "=",     "AB==",   "AAB=",  "AAAA=",  "AAAA====", "AA==AAAA",    "AA-_",      "AA A",
        "AAA\n", "AAAA\n", " AAAA", "AA==\n", "SGVsbG8",  "SGVs!!!bG8=", "\xC3\xA4=="}) {
    CHECK_MESSAGE(!decode_base64(text), text);
  }
  for (const char* text : {"A", "AB", "AAB", "AA==", "AA=", "AAAAA", "AA+/", "AA A", "AAAA\n",
                           "AAAA-TAMPERED=", "."}) {
    CHECK_MESSAGE(!decode_base64url(text), text);
  }
}

TEST_CASE("base64: the examples of RFC 4648 section 10 are written and read") {
  const std::pair<std::string_view, std::string_view> examples[] = {{"", ""},
                                                                    {"f", "Zg=="},
                                                                    {"fo", "Zm8="},
                                                                    {"foo", "Zm9v"},
                                                                    {"foob", "Zm9vYg=="},
                                                                    {"fooba", "Zm9vYmE="},
                                                                    {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : examples) {
    CHECK(base64(bytes) == text);
    CHECK(decode_base64(text) == bytes);
    const std::string_view bare = text.substr(0, text.find('='));
    CHECK(base64url(bytes) == bare);
    CHECK(decode_base64url(bare) == bytes);
  }
  CHECK(base64("\xFB\xFF\xFE") == "+//+");
  CHECK(base64url("\xFB\xFF\xFE") == "-__-");
}

TEST_CASE("base64: random bytes come back, and no other spelling of them does") {
  constexpr std::uint64_t kSeed = 20261121;
  INFO("seed ", kSeed);
  Random random(kSeed);
  constexpr std::string_view kCharacters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=";
  for (int round = 0; round < 2'000; ++round) {
    const std::string bytes = random_bytes(random, random.below(40));
    CHECK(decode_base64(base64(bytes)) == bytes);
    CHECK(decode_base64url(base64url(bytes)) == bytes);
    // One character changed: another value, or none.
    std::string text = base64url(bytes);
    if (text.empty()) continue;
    char& at = text[random.below(text.size())];
    const char before = at;
    at = kCharacters[random.below(kCharacters.size())];
    if (at != before) CHECK(decode_base64url(text) != bytes);
  }
}

TEST_CASE("mac: equal_secrets tells length and content apart") {
  CHECK_FALSE(equal_secrets("abc", "abd"));
  CHECK_FALSE(equal_secrets("abc", "abcd"));
  CHECK(equal_secrets("abc", "abc"));
  CHECK(equal_secrets("", ""));
}

TEST_CASE("mac: the value is that of HMAC worked out from SHA-256 by hand") {
  MacKey key{};
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::uint8_t>(i * 7);
  std::string inner(64, '\x36');
  std::string outer(64, '\x5c');
  for (std::size_t i = 0; i < key.size(); ++i) {
    inner[i] = static_cast<char>(inner[i] ^ static_cast<char>(key[i]));
    outer[i] = static_cast<char>(outer[i] ^ static_cast<char>(key[i]));
  }
  const auto text_of = [](const Digest& digest) {
    return std::string(digest.begin(), digest.end());
  };
  const std::string message = "what do ya want for nothing?";
  CHECK(text_of(hmac_sha256(key, message)) ==
        text_of(sha256(outer + text_of(sha256(inner + message)))));
  CHECK(random_mac_key() != random_mac_key());
}

}  // namespace martgate
