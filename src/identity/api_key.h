// API keys: what they look like, how one is made, and what is kept of it.
//
//   key      := "mg_" id "_" secret check
//   id       := 8 characters, names the key in lists and in the journal
//   secret   := 52 characters, 256 random bits
//   check    := 6 characters, the first 30 bits of SHA-256 over all before them
// Characters are a-z and 2-7 (RFC 4648 base32, lower case), so that a key is one word to a mouse
// and one pattern to a secret scanner, which can tell a key from a look-alike without asking
// anybody.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "identity/principal.h"

namespace martgate::identity {

inline constexpr std::string_view kApiKeyPrefix = "mg_";

// What is known of a key besides its secret.
struct ApiKey {
  std::string id;
  std::string name;     // what people call it, unique among keys that are not revoked
  std::string subject;  // of the issuer kKeyIssuer
  Kind kind = Kind::Service;
  std::string tenant = "default";
  std::vector<std::string> roles;
  std::vector<std::string> scopes;
  WallTime created_at{};
  std::optional<WallTime> expires_at;
  std::optional<WallTime> revoked_at;
  std::optional<WallTime> last_used_at;  // to within kLastUsedStep
};

// SHA-256 over salt and secret, hex. A slow hash protects secrets that people choose, by making
// each guess dear; nobody guesses 256 random bits, and a slow one would be paid on every request.
// The salt keeps equal secrets from showing as equal, should a generator ever repeat itself.
struct SecretHash {
  std::string salt;    // 32 hex digits
  std::string sha256;  // 64 hex digits
};

struct NewSecret {
  std::string id;
  std::string text;  // the key itself, to be shown once
  SecretHash hash;
};
// `ids` must be the operating system's generator outside of tests.
[[nodiscard]] NewSecret new_secret(IdSource& ids);

// The parts of a text that is a key by form and check; views into it.
struct KeyParts {
  std::string_view id;
  std::string_view secret;
};
[[nodiscard]] std::optional<KeyParts> parse_api_key(std::string_view text);

// The time it takes does not depend on where the two differ.
[[nodiscard]] bool matches(const SecretHash& hash, std::string_view secret);

}  // namespace martgate::identity
