// Access tokens: only what the issuer signed is believed, in time, for us; whatever it signed is
// read without harm.
#include <openssl/evp.h>

#include <array>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/base64.h"
#include "base/check.h"
#include "base/text.h"
#include "identity/issuer.h"
#include "identity/key_set.h"
#include "identity/token.h"
#include "identity/verify.h"
#include "input.h"

using namespace martgate;
using namespace martgate::identity;

namespace {

constexpr WallTime kNow{std::chrono::milliseconds{1'800'000'000'000}};
constexpr std::string_view kHeader = R"({"alg":"EdDSA","kid":"k1","typ":"at+jwt"})";

// Signs with a key that is the same in every run.
class TestIssuer {
 public:
  TestIssuer() : key_(make_key(), EVP_PKEY_free) { MARTGATE_CHECK(key_ != nullptr); }

  [[nodiscard]] std::string token(std::string_view header, std::string_view payload) const {
    const std::string input = base64url(header) + "." + base64url(payload);
    const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(),
                                                                     EVP_MD_CTX_free);
    std::array<unsigned char, 64> signature{};
    std::size_t size = signature.size();
    MARTGATE_CHECK(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1);
    MARTGATE_CHECK(EVP_DigestSign(context.get(), signature.data(), &size,
                                  reinterpret_cast<const unsigned char*>(input.data()),
                                  input.size()) == 1);
    return input + "." + base64url({reinterpret_cast<const char*>(signature.data()), size});
  }
  [[nodiscard]] KeySet keys() const {
    std::array<unsigned char, 32> raw{};
    std::size_t size = raw.size();
    MARTGATE_CHECK(EVP_PKEY_get_raw_public_key(key_.get(), raw.data(), &size) == 1);
    const std::string x = base64url({reinterpret_cast<const char*>(raw.data()), size});
    auto keys =
        KeySet::parse(R"({"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k1","x":")" + x + R"("}]})",
                      Algorithm::EdDSA);
    MARTGATE_CHECK(keys.has_value());
    return std::move(*keys);
  }

 private:
  static EVP_PKEY* make_key() {
    std::array<unsigned char, 32> seed{};
    seed.fill(42);
    return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size());
  }
  std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key_;
};

void check_true_token(const Token& token, const Claims& claims, const IssuerRules& rules) {
  MARTGATE_CHECK(token.algorithm == "EdDSA" && token.type == "at+jwt");
  MARTGATE_CHECK(claims.issuer == rules.token.issuer && token.issuer() == rules.token.issuer);
  MARTGATE_CHECK(claims.all->at("iss") == rules.token.issuer);
  const Json& audience = claims.all->at("aud");
  bool is_for_us = audience == rules.token.audience;
  if (audience.is_array()) {
    for (const Json& one : audience) is_for_us = is_for_us || one == rules.token.audience;
  }
  MARTGATE_CHECK(is_for_us);
  MARTGATE_CHECK(claims.all->at("exp").is_number());
  MARTGATE_CHECK(claims.expires_at + kClockLeeway >= kNow);
  const auto principal = principal_of(claims, rules);
  if (!principal) {
    MARTGATE_CHECK(principal.error().code == Code::PermissionDenied);
    return;
  }
  MARTGATE_CHECK(is_tenant_name(principal->tenant));
  MARTGATE_CHECK(principal->roles.size() <= kRolesMax && principal->scopes.size() <= kScopesMax);
  MARTGATE_CHECK(principal->actors.size() <= kActorsMax);
  MARTGATE_CHECK(principal->kind != Kind::Person || principal->actors.empty());
  MARTGATE_CHECK(is_subject_name(principal->subject.name));
}

// A key set from the network, and a signature that nobody made with its keys.
void check_key_set(fuzz::Input input) {
  static constexpr std::array<Algorithm, 3> kAlgorithms{Algorithm::RS256, Algorithm::ES256,
                                                        Algorithm::EdDSA};
  const Algorithm algorithm = kAlgorithms[input.byte() % kAlgorithms.size()];
  const std::string signature(input.until('\n'));
  const auto keys = KeySet::parse(input.rest(), algorithm);
  if (!keys) {
    MARTGATE_CHECK(keys.error().reason == "bad_jwks");
    return;
  }
  MARTGATE_CHECK(keys->size() > 0 && keys->size() <= kKeysPerSetMax);
  if (const PublicKey* key = keys->find(std::nullopt); key != nullptr) {
    MARTGATE_CHECK(keys->size() == 1 && key->algorithm() == algorithm);
    MARTGATE_CHECK(!key->verifies("a message", signature));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const TestIssuer kIssuer;
  static const KeySet kKeys = kIssuer.keys();
  static const IssuerRules kRules = [] {
    IssuerRules rules;
    rules.token.issuer = "https://login.example";
    rules.token.audience = "https://gate.example";
    rules.token.algorithm = Algorithm::EdDSA;
    rules.places.tenant = "tenant";
    return rules;
  }();
  fuzz::Input input(data, size);
  const std::uint8_t kind = input.byte();
  std::string text(input.rest());
  bool is_signed = true;
  if (kind % 4 == 3) {
    check_key_set(input);
    return 0;
  }
  if (kind % 4 == 1) {
    text = kIssuer.token(kHeader, text);  // the payload is the input
  } else if (kind % 4 == 2) {
    const std::string_view header = input.until('\n');
    text = kIssuer.token(header, input.rest());  // header and payload are
  } else {
    is_signed = false;  // the whole token is: nobody signed it
  }
  const auto token = parse_token(text);
  if (!token) {
    MARTGATE_CHECK(token.error().code == Code::InvalidArgument);
    MARTGATE_CHECK(token.error().reason == "token_malformed" ||
                   token.error().reason == "token_header");
    return 0;
  }
  MARTGATE_CHECK(text.size() <= kTokenBytesMax);
  MARTGATE_CHECK(token->signing_input + "." + base64url(token->signature) == text);
  const auto claims = verify(*token, kKeys, kRules.token, kNow);
  if (!claims) {
    MARTGATE_CHECK(claims.error().code == Code::PermissionDenied);
    MARTGATE_CHECK(is_utf8(claims.error().message));
    return 0;
  }
  // Ed25519 signatures cannot be guessed; a corpus file may hold one of ours.
  MARTGATE_CHECK(is_signed ||
                 text == kIssuer.token(kHeader, *decode_base64url(token->signing_input.substr(
                                                    token->signing_input.find('.') + 1))));
  check_true_token(*token, *claims, kRules);
  return 0;
}
