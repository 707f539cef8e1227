// Signature algorithms of access tokens, and the public keys that check them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "json/json_fwd.h"

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace martgate::identity {

// Asymmetric ones only: whoever can check a token must not be able to make one.
enum class Algorithm : std::uint8_t {
  RS256,  // RSASSA-PKCS1-v1_5 with SHA-256, RFC 7518 section 3.3
  ES256,  // ECDSA on P-256 with SHA-256, RFC 7518 section 3.4
  EdDSA,  // Ed25519, RFC 8037
};
[[nodiscard]] std::string_view name_of(Algorithm algorithm);  // "RS256"
[[nodiscard]] std::optional<Algorithm> algorithm_named(std::string_view name);

inline constexpr int kRsaBitsMin = 2'048;  // RFC 7518 section 3.3
inline constexpr int kRsaBitsMax = 8'192;  // checking a signature stays under a millisecond

// Threads: const calls may run at the same time.
class PublicKey {
 public:
  // The public members of a JWK (RFC 7517) whose kind fits the algorithm.
  // Errors: InvalidArgument (reason "bad_jwk"): a member that is missing or not strict base64url, a
  // weak or oversized RSA key, a point that is not on the curve, a private part.
  [[nodiscard]] static Result<PublicKey> from_jwk(const Json& jwk, Algorithm algorithm);

  // `signature` in the form of JWS: for ES256 the two halves r and s, each 32 bytes.
  [[nodiscard]] bool verifies(std::string_view message, std::string_view signature) const;
  [[nodiscard]] Algorithm algorithm() const { return algorithm_; }

 private:
  struct Free {
    void operator()(evp_pkey_st* key) const;
  };
  using Handle = std::unique_ptr<evp_pkey_st, Free>;

  PublicKey(Handle key, Algorithm algorithm) : key_(std::move(key)), algorithm_(algorithm) {}
  static Result<Handle> rsa_key(const Json& jwk);
  static Result<Handle> ec_key(const Json& jwk);
  static Result<Handle> ed_key(const Json& jwk);

  Handle key_;
  Algorithm algorithm_;
};

}  // namespace martgate::identity
