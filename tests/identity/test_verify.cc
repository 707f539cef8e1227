// Access tokens: each attack is one change to a token that is taken.
#include <doctest/doctest.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/base64.h"
#include "base/mac.h"
#include "identity/issuer.h"
#include "identity/signer.h"
#include "identity/verify.h"

using namespace martgate;
using namespace martgate::identity;
using nlohmann::json;

namespace {

constexpr const char* kIssuer = "https://login.example";
constexpr const char* kResource = "https://marts.example/mcp";
constexpr std::int64_t kNow = 1'800'000'000;
const WallTime kNowWall{std::chrono::seconds(kNow)};

json good_claims() {
  return {{"iss", kIssuer},         {"sub", "alice"},  {"aud", kResource},
          {"exp", kNow + 600},      {"nbf", kNow - 5}, {"iat", kNow - 5},
          {"client_id", "desktop"}, {"jti", "t-1"},    {"scope", "marts.read marts.act"}};
}

json without(json object, const char* name) {
  object.erase(name);
  return object;
}

json with(json object, const char* name, json value) {
  object[name] = std::move(value);
  return object;
}

struct Issuer {
  explicit Issuer(Algorithm algorithm) : signer(algorithm), rules{kIssuer, kResource, algorithm} {}
  Signer signer;
  TokenRules rules;
  KeySet keys = *KeySet::parse(jwks_of({signer.jwk("k1")}), rules.algorithm);

  [[nodiscard]] Result<Claims> read(const std::string& text, WallTime now = kNowWall) const {
    const auto token = parse_token(text);
    if (!token) return tl::unexpected(token.error());
    return verify(*token, keys, rules, now);
  }
  // The reason of the refusal; empty when the token is taken.
  [[nodiscard]] std::string reason(const std::string& text, WallTime now = kNowWall) const {
    const auto claims = read(text, now);
    return claims ? "" : std::string(claims.error().reason);
  }
};

// One key for all that do not care which algorithm it is.
const Issuer& issuer() {
  static const Issuer one(Algorithm::ES256);
  return one;
}

std::string reason_of(const json& claims, const json& header = json::object()) {
  return issuer().reason(issuer().signer.token(claims, header));
}

}  // namespace

TEST_CASE("token: a good one is read, with each algorithm") {
  for (const Algorithm algorithm : {Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA}) {
    const Issuer one(algorithm);
    const auto claims = one.read(one.signer.token(good_claims()));
    REQUIRE_MESSAGE(claims, (claims ? "" : claims.error().message));
    CHECK(claims->subject == "alice");
    CHECK(claims->expires_at == WallTime(std::chrono::seconds(kNow + 600)));
  }
}

TEST_CASE("token: the algorithm is the issuer's, whatever the token says") {
  for (const char* alg : {"none", "None", "NONE", "nOnE", "", "HS256", "RS256", "PS256", "ES384",
                          "ES256K", "EdDSA", "es256", "ES256 "}) {
    CAPTURE(alg);
    CHECK(reason_of(good_claims(), {{"alg", alg}}) == "token_algorithm");
  }
  // Without a signature at all.
  const std::string unsigned_token =
      base64url(R"({"alg":"none","typ":"at+jwt"})") + "." + base64url(good_claims().dump()) + ".";
  CHECK(issuer().reason(unsigned_token) == "token_malformed");
  CHECK(issuer().reason(unsigned_token + "AA") == "token_algorithm");
}

TEST_CASE("token: an HMAC keyed with the public key signs nothing") {
  const Issuer rsa(Algorithm::RS256);
  const std::string input = base64url(R"({"alg":"HS256","typ":"at+jwt","kid":"k1"})") + "." +
                            base64url(good_claims().dump());
  MacKey key{};
  const std::string modulus = *decode_base64url(rsa.signer.jwk("k1")["n"].get<std::string>());
  std::copy_n(modulus.begin(), key.size(), key.begin());
  const Digest mac = hmac_sha256(key, input);
  const std::string token =
      input + "." + base64url({reinterpret_cast<const char*>(mac.data()), mac.size()});
  CHECK(rsa.reason(token) == "token_algorithm");
}

TEST_CASE("token: another issuer's key of the same id signs nothing") {
  const Issuer other(Algorithm::ES256);
  CHECK(issuer().reason(other.signer.token(good_claims())) == "token_signature");
  const Issuer rsa(Algorithm::RS256);
  CHECK(issuer().reason(rsa.signer.token(good_claims(), {{"alg", "ES256"}})) == "token_signature");
}

TEST_CASE("token: a signature of zeros signs nothing") {
  const std::string good = issuer().signer.token(good_claims());
  const std::string input = good.substr(0, good.rfind('.') + 1);
  CHECK(issuer().reason(input + base64url(std::string(64, '\0'))) == "token_signature");
}

TEST_CASE("token: a key or the place of one in the header is refused, and so is crit") {
  const json own = issuer().signer.jwk("k1");
  CHECK(reason_of(good_claims(), {{"jwk", own}}) == "token_header");
  CHECK(reason_of(good_claims(), {{"jku", "https://evil.example/jwks"}}) == "token_header");
  CHECK(reason_of(good_claims(), {{"x5u", "https://evil.example/x"}}) == "token_header");
  CHECK(reason_of(good_claims(), {{"x5c", json::array({"AA=="})}}) == "token_header");
  CHECK(reason_of(good_claims(), {{"crit", json::array({"exp"})}}) == "token_header");
  CHECK(reason_of(good_claims(), {{"crit", json::array()}}) == "token_header");
  CHECK(reason_of(good_claims(), {{"b64", false}}) == "token_header");
  CHECK(reason_of(good_claims(), {{"zip", "DEF"}}) == "token_header");
}

TEST_CASE("token: a kid is a name in a map and nothing else") {
  for (const char* kid : {"k2", "", "../../etc/passwd", "k1' OR '1'='1", "K1"}) {
    CAPTURE(kid);
    CHECK(reason_of(good_claims(), {{"kid", kid}}) == "token_key_unknown");
  }
  CHECK(reason_of(good_claims(), {{"kid", 1}}) == "token_header");
  CHECK(reason_of(good_claims(), {{"kid", std::string(201, 'k')}}) == "token_header");
  CHECK(reason_of(good_claims(), {{"kid", nullptr}}).empty());  // left out: there is one key only
}

TEST_CASE("token: typ is at+jwt, in either spelling of RFC 9068") {
  for (const char* typ : {"JWT", "id+jwt", "at+jwt;x=1", "", "secevent+jwt", "text/at+jwt"}) {
    CAPTURE(typ);
    CHECK(reason_of(good_claims(), {{"typ", typ}}) == "token_type");
  }
  CHECK(reason_of(good_claims(), {{"typ", nullptr}}) == "token_type");
  CHECK(reason_of(good_claims(), {{"typ", 1}}) == "token_header");
  CHECK(reason_of(good_claims(), {{"typ", "application/at+jwt"}}).empty());
  CHECK(reason_of(good_claims(), {{"typ", "AT+JWT"}}).empty());
}

TEST_CASE("token: the issuer is compared byte by byte") {
  for (const char* iss : {"https://login.example/", "https://LOGIN.example", "http://login.example",
                          "https://login.example.evil.example", ""}) {
    CAPTURE(iss);
    CHECK(reason_of(with(good_claims(), "iss", iss)) == "token_issuer");
  }
  CHECK(reason_of(without(good_claims(), "iss")) == "token_issuer");
  CHECK(reason_of(with(good_claims(), "iss", json::array({kIssuer}))) == "token_issuer");
}

TEST_CASE("token: the audience is ours, byte by byte, alone or in a list") {
  for (const json& aud : {json("https://marts.example"), json("https://marts.example/mcp/"),
                          json("https://other.example/mcp"), json(""), json(1), json::array(),
                          json::array({"https://other.example/mcp"}), json::array({kResource, 1}),
                          json{{kResource, true}}, json(std::vector<std::string>(33, kResource))}) {
    CAPTURE(aud.dump());
    CHECK(reason_of(with(good_claims(), "aud", aud)) == "token_audience");
  }
  CHECK(reason_of(without(good_claims(), "aud")) == "token_audience");
  CHECK(reason_of(with(good_claims(), "aud", json::array({"x", kResource}))).empty());
}

TEST_CASE("token: exp is required, a number, and in the future but for the leeway") {
  CHECK(reason_of(without(good_claims(), "exp")) == "token_claims");
  for (const json& exp : {json("1800000600"), json(nullptr), json(true), json(-1), json(1e300),
                          json(253'402'300'800)}) {
    CAPTURE(exp.dump());
    CHECK(reason_of(with(good_claims(), "exp", exp)) == "token_claims");
  }
  const json claims = with(good_claims(), "exp", kNow);
  const std::string token = issuer().signer.token(claims);
  CHECK(issuer().reason(token, kNowWall + kClockLeeway) == "token_expired");
  CHECK(issuer().reason(token, kNowWall + kClockLeeway - std::chrono::milliseconds(1)).empty());
  CHECK(reason_of(with(good_claims(), "exp", kNow + 0.5)).empty());
}

TEST_CASE("token: nbf and iat may not lie in the future but for the leeway") {
  for (const char* name : {"nbf", "iat"}) {
    CAPTURE(name);
    CHECK(reason_of(with(good_claims(), name, kNow + 61)) == "token_early");
    CHECK(reason_of(with(good_claims(), name, "now")) == "token_claims");
    CHECK(reason_of(with(good_claims(), name, kNow + 60)).empty());
    CHECK(reason_of(without(good_claims(), name)).empty());
  }
}

TEST_CASE("token: the subject is visible ASCII of a length the journal holds") {
  for (const json& sub : {json(""), json("a b"), json("a\u202eb"), json("zo\u00eb"), json(7),
                          json("a\nb"), json(std::string(121, 'a'))}) {
    CAPTURE(sub.dump());
    CHECK(reason_of(with(good_claims(), "sub", sub)) == "token_claims");
  }
  CHECK(reason_of(without(good_claims(), "sub")) == "token_claims");
  CHECK(reason_of(with(good_claims(), "sub", "auth0|5f7@x")).empty());
}

TEST_CASE("token: a member twice is refused, in header and payload") {
  const std::string header = R"({"alg":"ES256","typ":"at+jwt","kid":"k1"})";
  const std::string payload = good_claims().dump();
  const auto& signer = issuer().signer;
  CHECK(issuer().reason(signer.token_of(header, payload)).empty());
  CHECK(issuer().reason(signer.token_of(R"({"alg":"none",)" + header.substr(1), payload)) ==
        "token_malformed");
  CHECK(issuer().reason(signer.token_of(header, R"({"sub":"mallory",)" + payload.substr(1))) ==
        "token_malformed");
  CHECK(issuer().reason(signer.token_of(header, R"({"s\u0075b":"mallory",)" + payload.substr(1))) ==
        "token_malformed");
}

TEST_CASE("token: only strict base64url in three parts is a token") {
  const std::string good = issuer().signer.token(good_claims());
  const std::size_t first = good.find('.');
  const std::size_t second = good.rfind('.');
  std::vector<std::string> bad{"",
                               "..",
                               "a.b.c",
                               good + ".",
                               "." + good,
                               good + ".AAAA",
                               good.substr(0, second),
                               good + "=",
                               good + "\n",
                               " " + good,
                               std::string(good).insert(first, "="),
                               std::string(good).insert(second, "=="),
                               std::string(good).insert(5, "+"),
                               std::string(good).insert(5, " "),
                               std::string(good).insert(5, std::string(1, '\0')),
                               good + std::string(kTokenBytesMax, 'A')};
  // The last character of 64 bytes has four bits to spare: another spelling of the same bytes.
  std::string respelled = good;
  respelled.back() = static_cast<char>(respelled.back() + 1);
  bad.push_back(respelled);
  for (const std::string& text : bad) {
    CAPTURE(text);
    CHECK(issuer().reason(text) == "token_malformed");
  }
  for (const char* payload : {"[]", "1", "", "{", "{}{}", "\xff"}) {
    CHECK(issuer().reason(issuer().signer.token_of(R"({"alg":"ES256"})", payload)) ==
          "token_malformed");
  }
  CHECK(issuer().reason(issuer().signer.token_of("[]", "{}")) == "token_malformed");
  CHECK(issuer().reason(issuer().signer.token_of("{}", "{}")) == "token_header");
}

TEST_CASE("token: every changed byte of header, payload or signature is noticed") {
  const std::string good = issuer().signer.token(good_claims());
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = bad[i] == 'A' ? 'B' : 'A';
    CAPTURE(i);
    CHECK_FALSE(issuer().reason(bad).empty());
  }
}

// ---- from claims to a principal

namespace {

Result<Principal> principal(const json& claims, const IssuerRules& rules = {}) {
  Claims read{kIssuer, claims.value("sub", "alice"), {}, std::make_shared<const json>(claims)};
  return principal_of(read, rules);
}

std::string claim_refusal(const json& claims, const IssuerRules& rules = {}) {
  const auto found = principal(claims, rules);
  return found ? "" : std::string(found.error().reason);
}

}  // namespace

TEST_CASE("principal: roles, scopes, client and tenant come from their claims") {
  const auto plain = principal(with(good_claims(), "roles", {"b", "a", "b"}));
  REQUIRE(plain);
  CHECK(to_text(plain->subject) == "alice@https://login.example");
  CHECK(plain->scopes == std::vector<std::string>{"marts.act", "marts.read"});
  CHECK(plain->roles == std::vector<std::string>{"a", "b"});
  CHECK(plain->client == "desktop");
  CHECK(plain->tenant == "default");
  CHECK(plain->kind == Kind::Person);
  CHECK(plain->credential.size() == 6 + 16);
  CHECK(plain->credential.find("t-1") == std::string::npos);

  IssuerRules rules;
  rules.places = {
      .tenant = "org", .roles = "/realm_access/roles", .scopes = "scp", .client = "azp"};
  rules.tenants = {{"o-1", "north"}};
  json claims = good_claims();
  claims.update(
      {{"org", "o-1"}, {"realm_access", {{"roles", {"analyst"}}}}, {"scp", {"x"}}, {"azp", "web"}});
  const auto mapped = principal(claims, rules);
  REQUIRE(mapped);
  CHECK(mapped->tenant == "north");
  CHECK(mapped->roles == std::vector<std::string>{"analyst"});
  CHECK(mapped->scopes == std::vector<std::string>{"x"});
  CHECK(mapped->client == "web");
}

TEST_CASE("principal: a tenant that is not served, or cannot name a file, is refused") {
  IssuerRules rules;
  rules.places.tenant = "org";
  CHECK(claim_refusal(good_claims(), rules) == "token_tenant");
  for (const json& org : {json("../x"), json(""), json("."), json("a/b"), json(1)}) {
    CHECK(claim_refusal(with(good_claims(), "org", org), rules) == "token_tenant");
  }
  CHECK(claim_refusal(with(good_claims(), "org", "north"), rules).empty());
  rules.tenants = {{"o-1", "north"}};
  CHECK(claim_refusal(with(good_claims(), "org", "north"), rules) == "token_tenant");
}

TEST_CASE("principal: who acts makes an agent, its own client a service, a rule what it says") {
  const json actor{{"sub", "helper"}, {"act", {{"sub", "first"}, {"iss", "https://x.example"}}}};
  const auto agent = principal(with(good_claims(), "act", actor));
  REQUIRE(agent);
  CHECK(agent->kind == Kind::Agent);
  REQUIRE(agent->actors.size() == 2);
  CHECK(to_text(agent->actors[0]) == "helper@https://login.example");
  CHECK(to_text(agent->actors[1]) == "first@https://x.example");
  CHECK(principal(with(good_claims(), "client_id", "alice"))->kind == Kind::Service);
  IssuerRules rules;
  rules.kind = Kind::Service;
  CHECK(principal(good_claims(), rules)->kind == Kind::Service);
}

TEST_CASE("principal: claims of a wrong form or size are refused, not guessed at") {
  json deep{{"sub", "a"}};
  for (std::size_t i = 0; i < kActorsMax; ++i) deep = json{{"sub", "a"}, {"act", deep}};
  const json many(kScopesMax + 1, "s");
  for (const auto& [name, value] :
       std::vector<std::pair<const char*, json>>{{"scope", 1},
                                                 {"scope", {"a", 1}},
                                                 {"scope", {"a b"}},
                                                 {"scope", {std::string(129, 'a')}},
                                                 {"scope", {"a\u202eb"}},
                                                 {"scope", many},
                                                 {"roles", {{"a", 1}}},
                                                 {"client_id", 1},
                                                 {"client_id", "a b"},
                                                 {"act", "bot"},
                                                 {"act", json::object()},
                                                 {"act", {{"sub", "a b"}}},
                                                 {"act", deep}}) {
    CAPTURE(name);
    CAPTURE(value.dump());
    CHECK(claim_refusal(with(good_claims(), name, value)) == "token_claims");
  }
}

TEST_CASE("principal: different subjects have different texts") {
  CHECK(to_text({"a@b", "c"}) == "a@b@c");
  CHECK(to_text({"a", "keys"}) != to_text({"a", "local"}));
  CHECK(to_text(local_principal().subject) == "local");
  CHECK(to_text({"local", "keys"}) == "local@keys");
}

TEST_CASE("principal: a launch configuration names one, an agent unless it says otherwise") {
  CHECK(launched_as("alice")->kind == Kind::Agent);
  CHECK(launched_as("person:alice")->kind == Kind::Person);
  CHECK(to_text(launched_as("service:nightly")->subject) == "nightly@local");
  for (const char* bad : {"", "person:", "robot:x", "a b", "person:a:b c"})
    CHECK_FALSE(launched_as(bad));
}
