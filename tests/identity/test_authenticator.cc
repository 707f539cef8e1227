// The decision over a request's credential, and the words of a refusal.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "base/files.h"
#include "identity/authenticator.h"
#include "identity/signer.h"
#include "temp_folder.h"

using namespace martgate;
using namespace martgate::identity;
using nlohmann::json;

namespace {

constexpr const char* kIssuer = "https://login.example";
constexpr const char* kResource = "https://marts.example/mcp";
constexpr std::int64_t kNow = 1'800'000'000;

std::string kind_of(std::optional<std::string_view> authorization, std::string_view query = {}) {
  const Shown shown = shown_in(authorization, query);
  if (const auto* bearer = std::get_if<BearerCredential>(&shown))
    return "bearer " + std::string(bearer->text);
  return std::holds_alternative<NoCredential>(shown) ? "none" : "malformed";
}

struct Bench {
  TempFolder folder;
  FrozenClock clock{WallTime(std::chrono::seconds(kNow))};
  SystemKeyFetcher fetcher{clock};
  SeededIds ids{3};
  Signer signer{Algorithm::ES256};
  KeyStore store = *KeyStore::open(KeyStore::path_in(folder.path()));
  std::string key_text = [this] {
    ApiKey key;
    key.name = key.subject = "nightly";
    key.scopes = {"marts.admin"};
    return *store.add(key, clock, ids);
  }();
  std::unique_ptr<KeyWatch> keys = *KeyWatch::start(KeyStore::path_in(folder.path()), clock);
  std::unique_ptr<IssuerKeys> issuer_keys = [this] {
    KeySource source{kIssuer, Algorithm::ES256, folder.path() / "jwks.json", {}, {}};
    REQUIRE(replace_file(source.file, jwks_of({signer.jwk("k1")})));
    return *IssuerKeys::start({source}, fetcher, clock, folder.path() / "issuers");
  }();
  AuthenticationRules rules = [] {
    AuthenticationRules made;
    IssuerRules issuer;
    issuer.token = {kIssuer, kResource, Algorithm::ES256};
    made.issuers.push_back(std::move(issuer));
    made.scopes.required = {"marts.read"};
    made.scopes.implied = {{"marts.admin", {"marts.read", "marts.act"}}};
    made.admits_anonymous = false;
    return made;
  }();

  [[nodiscard]] tl::expected<Authenticated, Refusal> ask(const std::string& credential) const {
    const Authenticator authenticator(rules, keys.get(), issuer_keys.get(), clock);
    if (credential.empty()) return authenticator.authenticate(NoCredential{});
    return authenticator.authenticate(BearerCredential{credential});
  }
  [[nodiscard]] std::string token(const json& changes = json::object()) const {
    json claims{{"iss", kIssuer},
                {"sub", "alice"},
                {"aud", kResource},
                {"exp", kNow + 60},
                {"scope", "marts.read"}};
    claims.merge_patch(changes);
    return signer.token(claims);
  }
  // "401 invalid_token: words", "" when admitted
  [[nodiscard]] std::string refusal(const std::string& credential) const {
    const auto answer = ask(credential);
    if (answer) return "";
    const Challenge& challenge = answer.error().challenge;
    return std::to_string(answer.error().status) + " " + std::string(challenge.error) + ": " +
           challenge.description;
  }
};

}  // namespace

TEST_CASE("credential: a token in the URL, two at once and none behind the scheme are malformed") {
  CHECK(kind_of("Bearer a", "access_token=x") == "malformed");
  CHECK(kind_of({}, "x=1&access_token=") == "malformed");
  CHECK(kind_of({}, "access%5Ftoken=x") == "malformed");
  CHECK(kind_of("Bearer a b") == "malformed");
  CHECK(kind_of("Bearer a,b") == "malformed");
  CHECK(kind_of("Bearer a, Bearer b") == "malformed");
  CHECK(kind_of("Bearer") == "malformed");
  CHECK(kind_of("Bearer  ") == "malformed");
  CHECK(kind_of({}) == "none");
  CHECK(kind_of({}, "my_access_token=x&access_tokens=y") == "none");
  CHECK(kind_of("Basic YTpi") == "none");
  CHECK(kind_of("Bearertoken") == "none");
  CHECK(kind_of("bearer   a.b.c") == "bearer a.b.c");
  CHECK(kind_of("BEARER a") == "bearer a");
}

TEST_CASE(
    "authenticator: nothing shown is refused without an error, unless anonymous is admitted") {
  Bench bench;
  CHECK(bench.refusal("") == "401 : ");
  CHECK(bench.ask("").error().challenge.scopes == std::vector<std::string>{"marts.read"});
  bench.rules.admits_anonymous = true;
  const auto local = bench.ask("");
  REQUIRE(local);
  CHECK(to_text(local->principal->subject) == "local");
  CHECK(local->principal->kind == Kind::Agent);
  CHECK_FALSE(local->has_scopes);
  // What is shown must be good even where nothing need be shown.
  CHECK(bench.refusal("x") == "401 invalid_token: neither an API key nor an access token");
  CHECK(bench.refusal("x.y") == "401 invalid_token: the token has not three parts");
}

TEST_CASE("authenticator: a token is refused with the reason its sender can act on") {
  const Bench bench;
  CHECK(bench.refusal(bench.token({{"exp", kNow - 60}})) == "401 invalid_token: the token expired");
  CHECK(bench.refusal(bench.token({{"aud", "https://other.example"}})) ==
        "401 invalid_token: the token is not for this server");
  CHECK(bench.refusal(bench.token({{"iss", "https://other.example"}})) ==
        "401 invalid_token: the token's issuer is not trusted here");
  CHECK(bench.refusal(bench.signer.token({{"iss", kIssuer}}, {{"kid", "k2"}})) ==
        "401 invalid_token: the key that signed the token is not known");
  CHECK(bench.refusal(bench.token({{"scope", "marts.act"}})) ==
        "403 insufficient_scope: the credential lacks a scope");
}

TEST_CASE("authenticator: a good token is a principal until it expires") {
  const Bench bench;
  const auto answer = bench.ask(bench.token());
  REQUIRE(answer);
  CHECK(to_text(answer->principal->subject) == "alice@https://login.example");
  CHECK(answer->has_scopes);
  CHECK(answer->until == bench.clock.now() + std::chrono::seconds(60) + kClockLeeway);
}

TEST_CASE("authenticator: a key is refused when keys are off, and has its scopes and their parts") {
  Bench bench;
  const auto answer = bench.ask(bench.key_text);
  REQUIRE(answer);
  CHECK(answer->principal->scopes ==
        std::vector<std::string>{"marts.act", "marts.admin", "marts.read"});
  CHECK(answer->until == bench.clock.now() + kKeyStreamMax);
  CHECK(bench.refusal(bench.key_text.substr(1)) ==
        "401 invalid_token: neither an API key nor an access token");
  CHECK(bench.refusal(bench.key_text + "a") == "401 invalid_token: the API key is mistyped or cut");
  bench.rules.takes_api_keys = false;
  CHECK(bench.refusal(bench.key_text) == "401 invalid_token: API keys are not taken here");
}

TEST_CASE("authenticator: without an issuer's keys nobody is told that a token is bad") {
  Bench bench;
  KeySource source{kIssuer, Algorithm::ES256, {}, "http://127.0.0.1:9/jwks", {}};
  bench.issuer_keys =
      *IssuerKeys::start({source}, bench.fetcher, bench.clock, bench.folder.path() / "other");
  CHECK(bench.refusal(bench.token()) == "503 : the keys of the token's issuer are not there yet");
}

TEST_CASE("scopes: implications are followed to their end, circles included") {
  const ScopeRules rules{.supported = {},
                         .required = {"b", "a"},
                         .tools = {{"refund", {"act", "a"}}},
                         .implied = {{"all", {"some"}}, {"some", {"one", "all"}}}};
  CHECK(with_implied({"all"}, rules) == std::vector<std::string>{"all", "one", "some"});
  CHECK(with_implied({"one"}, rules) == std::vector<std::string>{"one"});
  CHECK(scopes_for("refund", rules) == std::vector<std::string>{"a", "act", "b"});
  CHECK(scopes_for("other", rules) == std::vector<std::string>{"a", "b"});
  CHECK_FALSE(holds_all({"a"}, {"a", "b"}));
  CHECK(holds_all({"a", "b", "c"}, {"a", "c"}));
}

TEST_CASE("challenge: no text can end a value or the field") {
  const std::string value = www_authenticate(
      {kInvalidToken, "a\"b\\c\r\nX: y\x01\xc3\xa9", {"s\"x"}}, "https://a.example/\"");
  CHECK(value ==
        "Bearer error=\"invalid_token\", error_description=\"a'b'c''X: y'''\", "
        "resource_metadata=\"https://a.example/'\", scope=\"s'x\"");
  CHECK(www_authenticate({}, "") == "Bearer");
  CHECK(www_authenticate({{}, {}, {"a", "b"}}, "https://m.example/x") ==
        "Bearer resource_metadata=\"https://m.example/x\", scope=\"a b\"");
}

TEST_CASE("metadata: its place has the resource's path behind the well-known name") {
  const auto place = [](const char* url) { return metadata_url(*parse_http_url(url)); };
  CHECK(place("https://Marts.Example/mcp") ==
        "https://marts.example/.well-known/oauth-protected-resource/mcp");
  CHECK(place("https://marts.example:8443/a/mcp/") ==
        "https://marts.example:8443/.well-known/oauth-protected-resource/a/mcp");
  CHECK(place("https://marts.example") ==
        "https://marts.example/.well-known/oauth-protected-resource");
  const Resource resource{*parse_http_url(kResource), "Marts", {kIssuer}, {"marts.read"}};
  CHECK(json::parse(metadata_json(resource)) == json{{"resource", kResource},
                                                     {"authorization_servers", {kIssuer}},
                                                     {"scopes_supported", {"marts.read"}},
                                                     {"bearer_methods_supported", {"header"}},
                                                     {"resource_name", "Marts"}});
}
