// The public keys of one issuer, as its JWK Set (RFC 7517 section 5) publishes them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "identity/public_key.h"

namespace martgate::identity {

inline constexpr std::size_t kKeySetBytesMax = 256UL * 1024;
inline constexpr std::size_t kKeysPerSetMax = 64;
inline constexpr std::size_t kKeyIdBytesMax = 200;

// Threads: const calls may run at the same time.
class KeySet {
 public:
  // Takes the keys that can check `algorithm`: of its kind, not meant for something else (`use`,
  // `key_ops`, `alg`). Keys that are of that kind and still cannot be used are named in skipped().
  // Errors: InvalidArgument (reason "bad_jwks"): no JSON object with "keys", longer than
  // kKeySetBytesMax, more than kKeysPerSetMax keys, two keys with one kid, none that can be used.
  [[nodiscard]] static Result<KeySet> parse(std::string_view text, Algorithm algorithm);

  // The key of exactly that id. Without an id: the only key there is, when there is only one.
  [[nodiscard]] const PublicKey* find(const std::optional<std::string>& kid) const;
  [[nodiscard]] std::size_t size() const { return keys_.size(); }
  [[nodiscard]] const std::vector<std::string>& skipped() const { return skipped_; }

 private:
  struct Entry {
    std::optional<std::string> kid;
    PublicKey key;
  };
  std::vector<Entry> keys_;
  std::vector<std::string> skipped_;
};

}  // namespace martgate::identity
