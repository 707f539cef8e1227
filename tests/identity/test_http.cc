// The whole way over real HTTP: an issuer that rotates its keys, a key store, the MCP endpoint.
#include <doctest/doctest.h>
#include <httplib.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "gate/identity_rules.h"
#include "http/authentication.h"
#include "http/listener.h"
#include "identity/authenticator.h"
#include "identity/local_issuer.h"
#include "identity/signer.h"
#include "mcp/fake_gate.h"
#include "mcp/gate_offer.h"
#include "mcp/server.h"
#include "temp_folder.h"

using namespace martgate;
using namespace martgate::identity;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

constexpr const char* kIssuer = "https://login.example";
constexpr const char* kResource = "https://marts.example/mcp";
constexpr const char* kMetadata =
    "resource_metadata=\"https://marts.example/.well-known/oauth-protected-resource/mcp\"";
constexpr const char* kDocument = "/.well-known/oauth-protected-resource";

template <class Condition>
bool eventually(Condition condition) {
  const auto give_up = std::chrono::steady_clock::now() + 20s;
  while (!condition() && std::chrono::steady_clock::now() < give_up) std::this_thread::yield();
  return condition();
}

// The fake gate, but for the scopes, which are the real rules.
class ScopedGate final : public gate::Gate {
 public:
  ScopedGate(mcp::FakeGate& inner, const catalog::AuthSettings& auth)
      : inner_(inner), auth_(auth) {}
  [[nodiscard]] std::vector<gate::ToolListing> tools(const gate::Caller& caller) const override {
    return inner_.tools(caller);
  }
  [[nodiscard]] bool has_tool(std::string_view name) const override {
    return inner_.has_tool(name);
  }
  [[nodiscard]] std::vector<std::string> scopes_missing(const gate::Caller& caller,
                                                        std::string_view tool) const override {
    return gate::scopes_missing(auth_, caller, tool);
  }
  [[nodiscard]] std::string instructions() const override { return inner_.instructions(); }
  void call(gate::CallRequest request, std::function<void(gate::CallResult)> done) override {
    inner_.call(std::move(request), std::move(done));
  }

 private:
  mcp::FakeGate& inner_;
  const catalog::AuthSettings& auth_;
};

struct Bench {
  TempFolder folder;
  SystemClock clock;
  SeededIds ids{5};
  Signer signer{Algorithm::EdDSA};
  LocalIssuer issuer{jwks_of({signer.jwk("k1")})};
  catalog::Settings settings = [this] {
    catalog::Settings made;
    made.title = "Marts";
    made.auth.resource = kResource;
    made.auth.anonymous = false;
    made.auth.scopes.required = {"marts.read"};
    made.auth.scopes.supported = {"marts.act", "marts.read"};
    made.auth.scopes.tools = {{"issue_refund", {"marts.act"}}};
    made.auth.scopes.implied = {{"marts.admin", {"marts.act", "marts.read"}}};
    catalog::TokenIssuer trusted;
    trusted.issuer = kIssuer;
    trusted.algorithm = "EdDSA";
    trusted.jwks_url = issuer.url();
    trusted.audience = kResource;
    trusted.token_type = "at+jwt";
    trusted.tenant_claim = "org";
    made.auth.issuers.push_back(std::move(trusted));
    return made;
  }();
  KeyStore store = *KeyStore::open(KeyStore::path_in(folder.path()));
  std::unique_ptr<KeyWatch> keys = *KeyWatch::start(KeyStore::path_in(folder.path()), clock);
  SystemKeyFetcher fetcher{clock};
  std::unique_ptr<IssuerKeys> issuer_keys =
      *IssuerKeys::start(gate::key_sources_of(settings.auth), fetcher, clock,
                         kept_keys_folder(folder.path()), {.ask_again_after = 0ms});
  Authenticator authenticator{gate::authentication_rules_of(settings.auth), keys.get(),
                              issuer_keys.get(), clock};
  mcp::FakeGate fake;
  ScopedGate gate{fake, settings.auth};
  mcp::GateOffer offer{gate, {"martgate", "0"}};
  mcp::Server server{offer, clock, ids};
  std::unique_ptr<http::Listener> listener = [this] {
    const Resource resource = *gate::resource_of(settings);
    http::Routes routes;
    http::add_mcp_endpoint(routes, "/mcp", server,
                           http::authenticated_by(authenticator, metadata_url(resource.url)));
    http::add_resource_metadata(routes, resource);
    auto started = http::Listener::start({}, std::move(routes), clock);
    REQUIRE(started);
    return std::move(*started);
  }();

  Bench() {
    REQUIRE(eventually([&] { return issuer_keys->find(kIssuer) != nullptr; }));
  }

  [[nodiscard]] json claims(const json& changes = json::object()) const {
    const std::int64_t now = clock.now().time_since_epoch().count() / 1'000;
    json made{{"iss", kIssuer}, {"sub", "alice"},        {"aud", kResource}, {"exp", now + 300},
              {"iat", now},     {"scope", "marts.read"}, {"org", "north"},   {"jti", "t-1"}};
    made.merge_patch(changes);
    return made;
  }
  [[nodiscard]] std::string token(const json& changes = json::object()) const {
    return signer.token(claims(changes));
  }
  std::string add_key(const std::string& name, std::vector<std::string> scopes) {
    ApiKey key;
    key.name = key.subject = name;
    key.scopes = std::move(scopes);
    return *store.add(key, clock, ids);
  }

  struct Answer {
    int status = 0;
    std::string challenge;
    std::string body;
    std::string session;
  };
  Answer send(const std::string& method, const std::string& path, httplib::Headers headers,
              const std::string& body) const {
    httplib::Client client("127.0.0.1", listener->port());
    httplib::Request request;
    request.method = method;
    request.path = path;
    headers.emplace("Content-Type", "application/json");
    request.headers = std::move(headers);
    request.body = body;
    const auto result = client.send(request);
    REQUIRE(result);
    return {result->status, result->get_header_value("WWW-Authenticate"), result->body,
            result->get_header_value("Mcp-Session-Id")};
  }
  [[nodiscard]] Answer call(const std::string& bearer,
                            const std::string& tool = "search_catalog") const {
    const json message{{"jsonrpc", "2.0"},
                       {"id", 1},
                       {"method", "tools/call"},
                       {"params",
                        {{"name", tool},
                         {"_meta",
                          {{"io.modelcontextprotocol/protocolVersion", "2026-07-28"},
                           {"io.modelcontextprotocol/clientCapabilities", json::object()}}}}}};
    httplib::Headers headers{{"MCP-Protocol-Version", "2026-07-28"},
                             {"Mcp-Method", "tools/call"},
                             {"Mcp-Name", tool},
                             {"Accept", "application/json, text/event-stream"}};
    if (!bearer.empty()) headers.emplace("Authorization", "Bearer " + bearer);
    return send("POST", "/mcp", std::move(headers), message.dump());
  }
  // "401 <challenge>"
  [[nodiscard]] std::string refusal(const std::string& bearer,
                                    const std::string& tool = "search_catalog") const {
    const Answer answer = call(bearer, tool);
    return std::to_string(answer.status) + " " + answer.challenge;
  }
};

std::string invalid(const std::string& description) {
  return "401 Bearer error=\"invalid_token\", error_description=\"" + description + "\", " +
         kMetadata + ", scope=\"marts.read\"";
}

}  // namespace

TEST_CASE("http identity: each row of the challenge table, word for word") {
  Bench bench;
  CHECK(bench.refusal("") == std::string("401 Bearer ") + kMetadata + ", scope=\"marts.read\"");
  CHECK(bench.refusal("x") == invalid("neither an API key nor an access token"));
  CHECK(bench.refusal(bench.token({{"exp", 1'000}})) == invalid("the token expired"));
  CHECK(bench.refusal(bench.token({{"iss", "https://evil.example"}})) ==
        invalid("the token's issuer is not trusted here"));
  CHECK(bench.refusal(bench.token({{"aud", "https://other.example/mcp"}})) ==
        invalid("the token is not for this server"));
  CHECK(bench.refusal(bench.token({{"org", nullptr}})) == invalid("the token names no tenant"));
  CHECK(bench.refusal(Signer(Algorithm::EdDSA).token(bench.claims())) ==
        invalid("the token's signature is not good"));
  CHECK(bench.refusal(bench.signer.token(bench.claims(), {{"alg", "none"}})) ==
        invalid("the token is not signed with the algorithm of its issuer"));
  CHECK(bench.refusal(bench.token({{"scope", "marts.act"}})) ==
        std::string("403 Bearer error=\"insufficient_scope\", error_description=\"the credential "
                    "lacks a scope\", ") +
            kMetadata + ", scope=\"marts.read\"");
  CHECK(bench.fake.seen().empty());
}

TEST_CASE("http identity: a tool that needs more names all scopes that it needs, at once") {
  Bench bench;
  CHECK(bench.refusal(bench.token(), "issue_refund") ==
        std::string("403 Bearer error=\"insufficient_scope\", ") + kMetadata +
            ", scope=\"marts.act marts.read\"");
  CHECK(bench.fake.seen().empty());
  CHECK(bench.call(bench.token({{"scope", "marts.read marts.act"}}), "issue_refund").status == 200);
  CHECK(bench.call(bench.token({{"scope", "marts.admin"}}), "issue_refund").status == 200);
}

TEST_CASE("http identity: a malformed request for authorization is a 400") {
  Bench bench;
  const auto status = [&](const std::string& path, httplib::Headers headers) {
    return bench.send("POST", path, std::move(headers), "{}").status;
  };
  const std::string good = "Bearer " + bench.token();
  CHECK(status("/mcp?access_token=" + bench.token(), {}) == 400);
  CHECK(status("/mcp?access_token=x", {{"Authorization", good}}) == 400);
  CHECK(status("/mcp", {{"Authorization", good}, {"Authorization", good}}) == 400);
  CHECK(status("/mcp", {{"Authorization", good + ", " + good}}) == 400);
  CHECK(status("/mcp", {{"Authorization", "Bearer"}}) == 400);
  const auto answer = bench.send("POST", "/mcp?access_token=secret", {}, "{}");
  CHECK(answer.body.find("secret") == std::string::npos);
  CHECK(answer.challenge.find("invalid_request") != std::string::npos);
}

TEST_CASE("http identity: every method is asked, and before a body is looked at") {
  Bench bench;
  for (const char* method : {"POST", "GET", "DELETE"}) {
    CAPTURE(method);
    CHECK(bench.send(method, "/mcp", {}, "not json").status == 401);
    CHECK(bench.send(method, "/mcp", {{"Mcp-Session-Id", "session_x"}}, "").status == 401);
  }
  CHECK(bench.send("POST", "/mcp", {{"Authorization", "Bearer " + bench.token()}}, "not json")
            .status == 400);
}

TEST_CASE("http identity: a good token's principal and tenant reach the gate") {
  Bench bench;
  CHECK(bench.call(bench.token({{"act", {{"sub", "helper"}}}})).status == 200);
  REQUIRE(bench.fake.seen().size() == 1);
  const gate::Caller& caller = bench.fake.seen().front().caller;
  CHECK(caller.principal == "alice@https://login.example");
  CHECK(caller.tenant == "north");
  REQUIRE(caller.who != nullptr);
  CHECK(caller.who->kind == Kind::Agent);
  CHECK(to_text(caller.who->actors.at(0)) == "helper@https://login.example");
  REQUIRE(caller.authenticated_until.has_value());
  CHECK(*caller.authenticated_until > bench.clock.now());
}

TEST_CASE("http identity: a session is found by its own principal's credential alone") {
  Bench bench;
  const std::string initialize =
      R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25",)"
      R"("capabilities":{},"clientInfo":{"name":"t","version":"1"}}})";
  const std::string ping = R"({"jsonrpc":"2.0","id":2,"method":"ping"})";
  const auto with = [&](const std::string& bearer, const std::string& session) {
    httplib::Headers headers{{"Accept", "application/json, text/event-stream"}};
    if (!bearer.empty()) headers.emplace("Authorization", "Bearer " + bearer);
    if (!session.empty()) headers.emplace("Mcp-Session-Id", session);
    return headers;
  };
  const auto begun = bench.send("POST", "/mcp", with(bench.token(), ""), initialize);
  REQUIRE(begun.status == 200);
  REQUIRE_FALSE(begun.session.empty());
  CHECK(bench.send("POST", "/mcp", with("", begun.session), ping).status == 401);
  CHECK(bench.send("POST", "/mcp", with(bench.token({{"sub", "mallory"}}), begun.session), ping)
            .status == 404);
  CHECK(bench.send("POST", "/mcp", with(bench.token({{"org", "south"}}), begun.session), ping)
            .status == 404);
  // A fresh token of the same principal goes on with it.
  CHECK(
      bench.send("POST", "/mcp", with(bench.token({{"jti", "t-2"}}), begun.session), ping).status ==
      200);
}

TEST_CASE("http identity: a key works when it was added and ends when it is revoked") {
  Bench bench;
  const std::string key = bench.add_key("nightly", {"marts.read"});
  const auto begun = std::chrono::steady_clock::now();
  CHECK(eventually([&] { return bench.call(key).status == 200; }));
  REQUIRE(bench.store.revoke("nightly", bench.clock.now()));
  CHECK(eventually([&] { return bench.call(key).status == 401; }));
  // Two looks, each a second apart, on a machine that is busy with other tests.
  CHECK(std::chrono::steady_clock::now() - begun < 15s);
  CHECK(bench.refusal(key) == invalid("the API key was revoked"));
  CHECK(bench.fake.seen().front().caller.principal == "nightly@keys");
}

TEST_CASE("http identity: after a rotation the new key is learnt and the old one forgotten") {
  Bench bench;
  const Signer next(Algorithm::EdDSA);
  const std::string old_token = bench.token();
  const std::string new_token = next.token(bench.claims(), json::object(), "k2");
  CHECK(bench.call(old_token).status == 200);
  CHECK(bench.refusal(new_token) == invalid("the key that signed the token is not known"));
  bench.issuer.serve(200, jwks_of({next.jwk("k2")}));
  CHECK(eventually([&] { return bench.call(new_token).status == 200; }));
  CHECK(bench.refusal(old_token) == invalid("the key that signed the token is not known"));
}

TEST_CASE("http identity: the metadata is there for every page, without a credential") {
  Bench bench;
  httplib::Client client("127.0.0.1", bench.listener->port());
  for (const std::string& path : {std::string(kDocument), std::string(kDocument) + "/mcp"}) {
    CAPTURE(path);
    const auto found = client.Get(path, {{"Origin", "https://anywhere.example"}});
    REQUIRE(found);
    CHECK(found->status == 200);
    CHECK(found->get_header_value("Access-Control-Allow-Origin") == "*");
    CHECK(found->get_header_value("Content-Type") == "application/json");
    CHECK(json::parse(found->body) == json{{"resource", kResource},
                                           {"authorization_servers", {kIssuer}},
                                           {"scopes_supported", {"marts.act", "marts.read"}},
                                           {"bearer_methods_supported", {"header"}},
                                           {"resource_name", "Marts"}});
    CHECK(client.Post(path, "", "text/plain")->status == 405);
  }
  CHECK(client.Get(std::string(kDocument) + "/other")->status == 404);
  CHECK(bench.send("POST", "/mcp", {{"Origin", "https://anywhere.example"}}, "{}").status == 403);
}
