#include "identity/public_key.h"

#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/base64.h"
#include "base/check.h"

namespace martgate::identity {
namespace {

constexpr std::size_t kCoordinateBytes = 32;  // P-256 and Ed25519
constexpr std::size_t kExponentBytesMax = 4;
// Smaller exponents are where PKCS#1 v1.5 forgeries come from (Bleichenbacher 2006).
constexpr std::uint64_t kExponentMin = 65'537;

struct FreeBn {
  void operator()(BIGNUM* number) const { BN_free(number); }
};
using Bn = std::unique_ptr<BIGNUM, FreeBn>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

Bn number_of(std::string_view big_endian) {
  Bn number(BN_bin2bn(bytes_of(big_endian), static_cast<int>(big_endian.size()), nullptr));
  MARTGATE_CHECK(number != nullptr);
  return number;
}

tl::unexpected<Error> bad_jwk(std::string message) {
  ERR_clear_error();  // OpenSSL's queue is per thread and must not be found by the next caller
  return fail(Code::InvalidArgument, std::move(message), {}, "bad_jwk");
}

Result<std::string> member_bytes(const Json& jwk, const char* name) {
  const auto member = jwk.find(name);
  if (member == jwk.end() || !member->is_string())
    return bad_jwk(fmt::format("the key has no \"{}\"", name));
  auto bytes = decode_base64url(member->get_ref<const std::string&>());
  if (!bytes || bytes->empty())
    return bad_jwk(fmt::format("the key's \"{}\" is not base64url", name));
  return std::move(*bytes);
}

std::string_view text_member(const Json& jwk, const char* name) {
  const auto member = jwk.find(name);
  const auto* text = member == jwk.end() ? nullptr : member->get_ptr<const std::string*>();
  return text == nullptr ? std::string_view() : std::string_view(*text);
}

// A key from its named parts, or null when OpenSSL refuses them.
EVP_PKEY* key_from_parts(const char* type, OSSL_PARAM_BLD* parts) {
  const std::unique_ptr<OSSL_PARAM, decltype(&OSSL_PARAM_free)> params(
      OSSL_PARAM_BLD_to_param(parts), OSSL_PARAM_free);
  const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(
      EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr), EVP_PKEY_CTX_free);
  EVP_PKEY* key = nullptr;
  if (params == nullptr || context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    return nullptr;
  }
  return key;
}

bool passes_public_check(EVP_PKEY* key) {
  const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(
      EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr), EVP_PKEY_CTX_free);
  return context != nullptr && EVP_PKEY_public_check(context.get()) == 1;
}

using Parts = std::unique_ptr<OSSL_PARAM_BLD, decltype(&OSSL_PARAM_BLD_free)>;

Parts new_parts() {
  Parts parts(OSSL_PARAM_BLD_new(), OSSL_PARAM_BLD_free);
  MARTGATE_CHECK(parts != nullptr);
  return parts;
}

// The DER form that OpenSSL takes, from r and s as JWS writes them. Nothing for other lengths and
// for a zero, which broken verifiers have taken for a signature of everything (CVE-2022-21449).
std::optional<std::string> der_signature(std::string_view halves) {
  if (halves.size() != 2 * kCoordinateBytes) return std::nullopt;
  Bn r = number_of(halves.substr(0, kCoordinateBytes));
  Bn s = number_of(halves.substr(kCoordinateBytes));
  if (BN_is_zero(r.get()) == 1 || BN_is_zero(s.get()) == 1) return std::nullopt;
  const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> pair(ECDSA_SIG_new(), ECDSA_SIG_free);
  MARTGATE_CHECK(pair != nullptr && ECDSA_SIG_set0(pair.get(), r.release(), s.release()) == 1);
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(pair.get(), &der);
  MARTGATE_CHECK(size > 0);
  std::string text(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return text;
}

}  // namespace

std::string_view name_of(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::RS256:
      return "RS256";
    case Algorithm::ES256:
      return "ES256";
    case Algorithm::EdDSA:
      return "EdDSA";
  }
  return "";
}

std::optional<Algorithm> algorithm_named(std::string_view name) {
  for (const Algorithm algorithm : {Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA}) {
    if (name == name_of(algorithm)) return algorithm;
  }
  return std::nullopt;
}

void PublicKey::Free::operator()(evp_pkey_st* key) const {
  EVP_PKEY_free(key);
}

Result<PublicKey::Handle> PublicKey::rsa_key(const Json& jwk) {
  const auto modulus = member_bytes(jwk, "n");
  if (!modulus) return tl::unexpected(modulus.error());
  const auto exponent = member_bytes(jwk, "e");
  if (!exponent) return tl::unexpected(exponent.error());
  const Bn n = number_of(*modulus);
  const int bits = BN_num_bits(n.get());
  if (bits < kRsaBitsMin || bits > kRsaBitsMax) {
    return bad_jwk(
        fmt::format("the RSA key has {} bits; accepted: {} to {}", bits, kRsaBitsMin, kRsaBitsMax));
  }
  std::uint64_t e_value = 0;
  if (exponent->size() <= kExponentBytesMax) {
    for (const char byte : *exponent) e_value = e_value << 8U | static_cast<unsigned char>(byte);
  }
  if (e_value < kExponentMin || e_value % 2 == 0 || BN_is_odd(n.get()) != 1) {
    return bad_jwk("the RSA key's exponent or modulus is none that is accepted");
  }
  const Bn e = number_of(*exponent);
  const Parts parts = new_parts();
  MARTGATE_CHECK(OSSL_PARAM_BLD_push_BN(parts.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) == 1 &&
                 OSSL_PARAM_BLD_push_BN(parts.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) == 1);
  Handle key(key_from_parts("RSA", parts.get()));
  if (key == nullptr) return bad_jwk("the RSA key cannot be used");
  return key;
}

Result<PublicKey::Handle> PublicKey::ec_key(const Json& jwk) {
  const auto x = member_bytes(jwk, "x");
  if (!x) return tl::unexpected(x.error());
  const auto y = member_bytes(jwk, "y");
  if (!y) return tl::unexpected(y.error());
  if (x->size() != kCoordinateBytes || y->size() != kCoordinateBytes)
    return bad_jwk("a coordinate of the key is not 32 bytes long");
  const std::string point = "\x04" + *x + *y;  // uncompressed, SEC 1 section 2.3.3
  const Parts parts = new_parts();
  MARTGATE_CHECK(OSSL_PARAM_BLD_push_utf8_string(parts.get(), OSSL_PKEY_PARAM_GROUP_NAME,
                                                 "prime256v1", 0) == 1 &&
                 OSSL_PARAM_BLD_push_octet_string(parts.get(), OSSL_PKEY_PARAM_PUB_KEY,
                                                  point.data(), point.size()) == 1);
  Handle key(key_from_parts("EC", parts.get()));
  if (key == nullptr || !passes_public_check(key.get()))
    return bad_jwk("the key's point is not on the curve P-256");
  return key;
}

Result<PublicKey::Handle> PublicKey::ed_key(const Json& jwk) {
  const auto x = member_bytes(jwk, "x");
  if (!x) return tl::unexpected(x.error());
  if (x->size() != kCoordinateBytes) return bad_jwk("the key is not 32 bytes long");
  Handle key(EVP_PKEY_new_raw_public_key_ex(nullptr, "ED25519", nullptr, bytes_of(*x), x->size()));
  if (key == nullptr) return bad_jwk("the Ed25519 key cannot be used");
  return key;
}

Result<PublicKey> PublicKey::from_jwk(const Json& jwk, Algorithm algorithm) {
  if (!jwk.is_object()) return bad_jwk("the key is no JSON object");
  // "d" of RSA, EC and OKP keys; "k" of symmetric ones.
  if (jwk.contains("d") || jwk.contains("k"))
    return bad_jwk("the key shows its private part; its issuer must replace it");
  const std::string_view kty = text_member(jwk, "kty");
  const std::string_view crv = text_member(jwk, "crv");
  Result<Handle> key = bad_jwk(fmt::format("the key does not fit {}", name_of(algorithm)));
  switch (algorithm) {
    case Algorithm::RS256:
      if (kty == "RSA") key = rsa_key(jwk);
      break;
    case Algorithm::ES256:
      if (kty == "EC" && crv == "P-256") key = ec_key(jwk);
      break;
    case Algorithm::EdDSA:
      if (kty == "OKP" && crv == "Ed25519") key = ed_key(jwk);
      break;
  }
  if (!key) return tl::unexpected(key.error());
  return PublicKey(std::move(*key), algorithm);
}

bool PublicKey::verifies(std::string_view message, std::string_view signature) const {
  std::string der;
  if (algorithm_ == Algorithm::ES256) {
    auto converted = der_signature(signature);
    if (!converted) return false;
    der = std::move(*converted);
    signature = der;
  }
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  MARTGATE_CHECK(context != nullptr);
  // Ed25519 hashes inside (RFC 8032); RSA keys use PKCS#1 v1.5 padding unless told otherwise.
  const char* digest = algorithm_ == Algorithm::EdDSA ? nullptr : "SHA256";
  const bool is_good = EVP_DigestVerifyInit_ex(context.get(), nullptr, digest, nullptr, nullptr,
                                               key_.get(), nullptr) == 1 &&
                       EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(),
                                        bytes_of(message), message.size()) == 1;
  ERR_clear_error();
  return is_good;
}

}  // namespace martgate::identity
