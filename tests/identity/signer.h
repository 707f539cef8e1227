// The other side of a token: a private key and what an issuer does with it.
#pragma once

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "identity/public_key.h"

struct evp_pkey_st;

namespace martgate::identity {

// Signs with OpenSSL directly, not through anything of ours but base64url.
class Signer {
 public:
  explicit Signer(Algorithm algorithm, int rsa_bits = 2'048);
  ~Signer();
  Signer(const Signer&) = delete;
  Signer& operator=(const Signer&) = delete;

  [[nodiscard]] Algorithm algorithm() const { return algorithm_; }
  [[nodiscard]] nlohmann::json jwk(const std::string& kid) const;
  // The signature in the form of JWS.
  [[nodiscard]] std::string sign(std::string_view message) const;

  // {"alg": …, "typ": "at+jwt", "kid": "k1"} with `header_changes` merged over it (RFC 7396).
  [[nodiscard]] std::string token(const nlohmann::json& claims,
                                  const nlohmann::json& header_changes = nlohmann::json::object(),
                                  const std::string& kid = "k1") const;
  // Any two texts as header and payload.
  [[nodiscard]] std::string token_of(std::string_view header, std::string_view payload) const;

 private:
  evp_pkey_st* key_;
  Algorithm algorithm_;
};

[[nodiscard]] std::string jwks_of(std::initializer_list<nlohmann::json> keys);

}  // namespace martgate::identity
