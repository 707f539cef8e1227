#include "identity/signer.h"

#include <doctest/doctest.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>

#include <array>

#include "base/base64.h"

namespace martgate::identity {
namespace {

using nlohmann::json;

std::string number_member(EVP_PKEY* key, const char* name, int bytes = 0) {
  BIGNUM* number = nullptr;
  REQUIRE(EVP_PKEY_get_bn_param(key, name, &number) == 1);
  std::string text(static_cast<std::size_t>(bytes == 0 ? BN_num_bytes(number) : bytes), '\0');
  REQUIRE(BN_bn2binpad(number, reinterpret_cast<unsigned char*>(text.data()),
                       static_cast<int>(text.size())) == static_cast<int>(text.size()));
  BN_free(number);
  return base64url(text);
}

std::string halves_of(std::string_view der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  ECDSA_SIG* pair = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()));
  REQUIRE(pair != nullptr);
  std::string text(64, '\0');
  auto* out = reinterpret_cast<unsigned char*>(text.data());
  REQUIRE(BN_bn2binpad(ECDSA_SIG_get0_r(pair), out, 32) == 32);
  REQUIRE(BN_bn2binpad(ECDSA_SIG_get0_s(pair), out + 32, 32) == 32);
  ECDSA_SIG_free(pair);
  return text;
}

}  // namespace

Signer::Signer(Algorithm algorithm, int rsa_bits) : key_(nullptr), algorithm_(algorithm) {
  switch (algorithm) {
    case Algorithm::RS256:
      key_ = EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", static_cast<std::size_t>(rsa_bits));
      break;
    case Algorithm::ES256:
      key_ = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
      break;
    case Algorithm::EdDSA:
      key_ = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
      break;
  }
  REQUIRE(key_ != nullptr);
}

Signer::~Signer() {
  EVP_PKEY_free(key_);
}

json Signer::jwk(const std::string& kid) const {
  switch (algorithm_) {
    case Algorithm::RS256:
      return {{"kty", "RSA"},
              {"kid", kid},
              {"use", "sig"},
              {"n", number_member(key_, OSSL_PKEY_PARAM_RSA_N)},
              {"e", number_member(key_, OSSL_PKEY_PARAM_RSA_E)}};
    case Algorithm::ES256:
      return {{"kty", "EC"},
              {"crv", "P-256"},
              {"kid", kid},
              {"x", number_member(key_, OSSL_PKEY_PARAM_EC_PUB_X, 32)},
              {"y", number_member(key_, OSSL_PKEY_PARAM_EC_PUB_Y, 32)}};
    case Algorithm::EdDSA: {
      std::array<unsigned char, 32> raw{};
      std::size_t size = raw.size();
      REQUIRE(EVP_PKEY_get_raw_public_key(key_, raw.data(), &size) == 1);
      return {{"kty", "OKP"},
              {"crv", "Ed25519"},
              {"kid", kid},
              {"x", base64url({reinterpret_cast<const char*>(raw.data()), size})}};
    }
  }
  return {};
}

std::string Signer::sign(std::string_view message) const {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  const char* digest = algorithm_ == Algorithm::EdDSA ? nullptr : "SHA256";
  REQUIRE(EVP_DigestSignInit_ex(context, nullptr, digest, nullptr, nullptr, key_, nullptr) == 1);
  const auto* bytes = reinterpret_cast<const unsigned char*>(message.data());
  std::size_t size = 0;
  REQUIRE(EVP_DigestSign(context, nullptr, &size, bytes, message.size()) == 1);
  std::string signature(size, '\0');
  REQUIRE(EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size, bytes,
                         message.size()) == 1);
  signature.resize(size);
  EVP_MD_CTX_free(context);
  return algorithm_ == Algorithm::ES256 ? halves_of(signature) : signature;
}

std::string Signer::token_of(std::string_view header, std::string_view payload) const {
  const std::string input = base64url(header) + "." + base64url(payload);
  return input + "." + base64url(sign(input));
}

std::string Signer::token(const json& claims, const json& header_changes,
                          const std::string& kid) const {
  json header{{"alg", std::string(name_of(algorithm_))}, {"typ", "at+jwt"}, {"kid", kid}};
  header.merge_patch(header_changes);
  return token_of(header.dump(), claims.dump());
}

std::string jwks_of(std::initializer_list<json> keys) {
  return json{{"keys", json(json::array_t(keys))}}.dump();
}

}  // namespace martgate::identity
