// Signatures: published vectors first, then keys that must not be taken.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/base64.h"
#include "identity/key_set.h"
#include "identity/public_key.h"
#include "identity/signer.h"

using namespace martgate;
using namespace martgate::identity;
using nlohmann::json;

namespace {

struct Vector {
  const char* source;
  Algorithm algorithm;
  json jwk;
  std::string input;
  std::string signature;  // base64url
};

const std::string kJoe =
    ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
    "fQ";

const std::vector<Vector>& vectors() {
  static const std::vector<Vector> all{
      {"RFC 7515 appendix A.2",
       Algorithm::RS256,
       {{"kty", "RSA"},
        {"n",
         "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEz"
         "P1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf6"
         "3kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5Zw"
         "Kh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRW"
         "yuXpoQ"},
        {"e", "AQAB"}},
       "eyJhbGciOiJSUzI1NiJ9" + kJoe,
       "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp"
       "5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMH"
       "lb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w"
       "9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"},
      {"RFC 7515 appendix A.3",
       Algorithm::ES256,
       {{"kty", "EC"},
        {"crv", "P-256"},
        {"x", "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"},
        {"y", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}},
       "eyJhbGciOiJFUzI1NiJ9" + kJoe,
       "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"},
      {"RFC 8037 appendix A.4",
       Algorithm::EdDSA,
       {{"kty", "OKP"}, {"crv", "Ed25519"}, {"x", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}},
       "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
       "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"}};
  return all;
}

std::string refusal(const json& jwk, Algorithm algorithm) {
  const auto key = PublicKey::from_jwk(jwk, algorithm);
  return key ? "" : key.error().message;
}

}  // namespace

TEST_CASE("public key: no signature of a vector survives a changed bit, byte or length") {
  for (const Vector& vector : vectors()) {
    CAPTURE(vector.source);
    const auto key = PublicKey::from_jwk(vector.jwk, vector.algorithm);
    REQUIRE(key);
    const std::string good = *decode_base64url(vector.signature);
    for (std::size_t i = 0; i < good.size(); i += 7) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ 1);
      CHECK_FALSE(key->verifies(vector.input, bad));
    }
    CHECK_FALSE(key->verifies(vector.input, good + std::string(1, '\0')));
    CHECK_FALSE(key->verifies(vector.input, good.substr(1)));
    CHECK_FALSE(key->verifies(vector.input, ""));
    CHECK_FALSE(key->verifies(vector.input + "x", good));
    CHECK(key->verifies(vector.input, good));
  }
}

TEST_CASE("public key: zero and out-of-range ECDSA values sign nothing") {
  const Vector& vector = vectors()[1];
  const auto key = PublicKey::from_jwk(vector.jwk, Algorithm::ES256);
  REQUIRE(key);
  const std::string good = *decode_base64url(vector.signature);
  const std::string zero(32, '\0');
  // The order of P-256 and the same plus one (FIPS 186-4, D.1.2.3): as good as 0 and 1 modulo n.
  const std::string order = *decode_base64url("_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE");
  CHECK_FALSE(key->verifies(vector.input, zero + zero));
  CHECK_FALSE(key->verifies(vector.input, zero + good.substr(32)));
  CHECK_FALSE(key->verifies(vector.input, good.substr(0, 32) + zero));
  CHECK_FALSE(key->verifies(vector.input, order + order));
  CHECK_FALSE(key->verifies(vector.input, good.substr(0, 32) + order));
  // DER, which other libraries take, is not the form of JWS.
  CHECK_FALSE(key->verifies(vector.input, "\x30\x06\x02\x01\x01\x02\x01\x01"));
}

TEST_CASE("public key: keys that are weak, private or none of the algorithm are refused") {
  const json rsa = vectors()[0].jwk;
  const json ec = vectors()[1].jwk;
  const json ed = vectors()[2].jwk;
  const auto changed = [](json jwk, const char* name, const std::string& value) {
    jwk[name] = value;
    return jwk;
  };
  CHECK(refusal(Signer(Algorithm::RS256, 1'024).jwk("weak"), Algorithm::RS256) ==
        "the RSA key has 1024 bits; accepted: 2048 to 8192");
  CHECK_FALSE(
      refusal(changed(rsa, "n", base64url(std::string(2'048, '\xff'))), Algorithm::RS256).empty());
  CHECK_FALSE(refusal(changed(rsa, "e", "Aw"), Algorithm::RS256).empty());        // 3
  CHECK_FALSE(refusal(changed(rsa, "e", "AQAC"), Algorithm::RS256).empty());      // even
  CHECK_FALSE(refusal(changed(rsa, "e", "AQABAQAB"), Algorithm::RS256).empty());  // six bytes
  CHECK_FALSE(
      refusal(changed(rsa, "n", rsa["n"].get<std::string>() + "="), Algorithm::RS256).empty());
  CHECK(refusal(changed(rsa, "d", "AQAB"), Algorithm::RS256) ==
        "the key shows its private part; its issuer must replace it");
  CHECK_FALSE(refusal({{"kty", "oct"}, {"k", "AQAB"}}, Algorithm::RS256).empty());
  CHECK_FALSE(refusal(ec, Algorithm::RS256).empty());
  CHECK_FALSE(refusal(rsa, Algorithm::ES256).empty());
  CHECK_FALSE(refusal(ed, Algorithm::ES256).empty());
  CHECK_FALSE(refusal(ec, Algorithm::EdDSA).empty());
  CHECK_FALSE(refusal(changed(ec, "crv", "P-384"), Algorithm::ES256).empty());
  CHECK(refusal(changed(ec, "y", ec["x"].get<std::string>()), Algorithm::ES256) ==
        "the key's point is not on the curve P-256");
  CHECK_FALSE(refusal(changed(ec, "x", "AQAB"), Algorithm::ES256).empty());
  CHECK_FALSE(refusal(changed(ed, "x", "AQAB"), Algorithm::EdDSA).empty());
  CHECK_FALSE(refusal(changed(ed, "crv", "X25519"), Algorithm::EdDSA).empty());
  CHECK_FALSE(refusal(json::array(), Algorithm::EdDSA).empty());
}

TEST_CASE("key set: a kid finds exactly its key, and no kid only an only key") {
  const Signer first(Algorithm::EdDSA);
  const Signer second(Algorithm::EdDSA);
  const auto both = KeySet::parse(jwks_of({first.jwk("a"), second.jwk("../b")}), Algorithm::EdDSA);
  REQUIRE(both);
  CHECK(both->find("c") == nullptr);
  CHECK(both->find("") == nullptr);
  CHECK(both->find("A") == nullptr);
  CHECK(both->find(std::nullopt) == nullptr);
  REQUIRE(both->find("../b") != nullptr);
  CHECK(both->find("../b")->verifies("x", second.sign("x")));
  CHECK_FALSE(both->find("a")->verifies("x", second.sign("x")));
  const auto one = KeySet::parse(jwks_of({first.jwk("a")}), Algorithm::EdDSA);
  REQUIRE(one);
  REQUIRE(one->find(std::nullopt) != nullptr);
  CHECK(one->find(std::nullopt)->verifies("x", first.sign("x")));
  CHECK(one->find("b") == nullptr);
}

TEST_CASE("key set: keys meant for something else are left out, unusable ones are named") {
  const Signer good(Algorithm::RS256);
  json encryption = good.jwk("enc");
  encryption["use"] = "enc";
  json other = good.jwk("ps");
  other["alg"] = "PS256";
  json signing_only = good.jwk("ops");
  signing_only["key_ops"] = {"sign"};
  const auto set =
      KeySet::parse(jwks_of({encryption, other, signing_only, Signer(Algorithm::ES256).jwk("ec"),
                             Signer(Algorithm::RS256, 1'024).jwk("weak"), good.jwk("good")}),
                    Algorithm::RS256);
  REQUIRE(set);
  CHECK(set->size() == 1);
  CHECK(set->find("good") != nullptr);
  REQUIRE(set->skipped().size() == 1);
  CHECK(set->skipped().front() == "weak: the RSA key has 1024 bits; accepted: 2048 to 8192");
}

TEST_CASE("key set: what is no key set, or two keys of one id, is refused whole") {
  const Signer signer(Algorithm::EdDSA);
  const std::string twice = jwks_of({signer.jwk("a"), Signer(Algorithm::EdDSA).jwk("a")});
  const json many(64 + 1, signer.jwk("a"));
  for (const std::string& text :
       {std::string(), std::string("[]"), std::string("{}"), std::string(R"({"keys":{}})"),
        std::string(R"({"keys":[]})"), std::string(R"({"keys":[],"keys":[]})"), twice,
        json{{"keys", many}}.dump(), jwks_of({Signer(Algorithm::ES256).jwk("a")}),
        std::string(kKeySetBytesMax, ' ')}) {
    const auto set = KeySet::parse(text, Algorithm::EdDSA);
    REQUIRE_FALSE(set);
    CHECK(set.error().reason == "bad_jwks");
  }
}
