#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "base/url.h"
#include "catalog/checks.h"
#include "catalog/read_objects.h"

namespace martgate::catalog {
namespace {

// A name of the journal takes a subject and its issuer: see docs/identity.md.
constexpr std::size_t kIssuerBytesMax = 120;

// Tokens and keys travel to it, or trust comes from it, so nobody on the way may read or change it.
std::optional<HttpUrl> read_url(const Node& node) {
  const std::string text = node.text();
  auto url = parse_http_url(text);
  if (!url || (!url->is_https && !is_loopback_name(url->host))) {
    node.mistake(fmt::format("\"{}\" is no URL that can be trusted", shown(text, 120)),
                 {"accepted: https://host/path, or http://127.0.0.1:port/path on this machine"});
    return std::nullopt;
  }
  return url;
}

std::string read_resource(const Node& node) {
  if (!node.exists()) return "";
  const std::string text = node.text();
  const auto url = read_url(node);
  if (!url) return text;
  const std::string canonical = url->canonical();
  // Clients compare it with the URL they use, tokens carry it: there can be one spelling only.
  if (text != canonical) {
    node.mistake(fmt::format("\"{}\" is not the canonical spelling", shown(text, 120)),
                 {fmt::format("write {}", canonical)});
  }
  return canonical;
}

std::string read_issuer_name(const Node& node) {
  std::string text = node.text();
  const auto url = read_url(node);
  if (!url) return text;
  if (text.size() > kIssuerBytesMax || text.find_first_of("@?") != std::string::npos) {
    node.mistake(
        fmt::format("\"{}\" cannot name an issuer", shown(text, 140)),
        {fmt::format("accepted: at most {} characters, no '@' and no query", kIssuerBytesMax)});
  }
  return text;
}

AuthScopes::Map read_scope_map(const Node& node) {
  AuthScopes::Map map;
  for (const std::string& key : node.keys()) map.emplace(key, node.at(key).texts());
  return map;
}

AuthScopes read_scopes(const Node& node) {
  AuthScopes scopes{.supported = node.at("supported").texts(),
                    .required = node.at("required").texts(),
                    .tools = read_scope_map(node.at("tools")),
                    .implied = read_scope_map(node.at("implied"))};
  if (scopes.supported.empty()) {
    std::set<std::string> named(scopes.required.begin(), scopes.required.end());
    for (const auto& [tool, needed] : scopes.tools) named.insert(needed.begin(), needed.end());
    scopes.supported.assign(named.begin(), named.end());
  }
  return scopes;
}

void read_key_place(const Node& node, const std::filesystem::path& root, TokenIssuer& issuer) {
  const Node url = node.at("jwks_url");
  const Node file = node.at("jwks_file");
  const Node authorities = node.at("ca_file");
  if (url.exists() == file.exists()) {
    node.mistake("an issuer's keys come from one place",
                 {"write jwks_url, or jwks_file, and not both"});
  }
  if (url.exists() && read_url(url)) issuer.jwks_url = url.text();
  if (file.exists()) issuer.jwks_file = (root / file.text()).lexically_normal();
  if (!authorities.exists()) return;
  if (!url.exists()) authorities.mistake("ca_file is for jwks_url", {"leave it out"});
  issuer.ca_file = (root / authorities.text()).lexically_normal();
}

void read_tenant(const Node& node, TokenIssuer& issuer) {
  issuer.tenant = node.at("tenant").text("default");
  issuer.tenant_claim = node.at("claims").at("tenant").text();
  const Node tenants = node.at("tenants");
  for (const std::string& value : tenants.keys())
    issuer.tenants.emplace(value, tenants.at(value).text());
  if (node.at("tenant").exists() && !issuer.tenant_claim.empty()) {
    node.at("tenant").mistake("the tenant is fixed or read from a claim",
                              {"write tenant, or claims.tenant, and not both"});
  }
  if (tenants.exists() && issuer.tenant_claim.empty())
    tenants.mistake("tenants needs the claim to look up", {"add claims: {tenant: CLAIM}"});
}

TokenIssuer read_issuer(const Node& node, const std::filesystem::path& root,
                        const std::string& resource) {
  TokenIssuer issuer;
  issuer.issuer = read_issuer_name(node.at("issuer"));
  issuer.algorithm = node.at("algorithm").text();
  read_key_place(node, root, issuer);
  issuer.audience = node.at("audience").text(resource);
  issuer.token_type = lower_ascii(node.at("token_type").text("at+jwt"));
  issuer.kind = node.at("kind").text();
  read_tenant(node, issuer);
  const Node claims = node.at("claims");
  issuer.roles_claim = claims.at("roles").text();
  issuer.scopes_claim = claims.at("scopes").text();
  issuer.client_claim = claims.at("client").text();
  return issuer;
}

}  // namespace

AuthSettings read_auth(const Node& node, const std::filesystem::path& root) {
  AuthSettings auth;
  auth.resource = read_resource(node.at("resource"));
  // A server with a public URL is reached through something on this machine, and then everything
  // comes from loopback.
  auth.anonymous = node.at("anonymous").truth(auth.resource.empty());
  auth.api_keys = node.at("api_keys").truth(true);
  auth.scopes = read_scopes(node.at("scopes"));
  for (const Node& item : node.at("issuers").items()) {
    TokenIssuer issuer = read_issuer(item, root, auth.resource);
    if (std::ranges::find(auth.issuers, issuer.issuer, &TokenIssuer::issuer) !=
        auth.issuers.end()) {
      item.at("issuer").mistake(fmt::format("the issuer {} is there twice", issuer.issuer),
                                {"an issuer has one algorithm and one set of keys"});
    }
    auth.issuers.push_back(std::move(issuer));
  }
  if (!auth.issuers.empty() && auth.resource.empty()) {
    node.at("issuers").mistake("tokens are made for a resource, and none is given",
                               {"add resource: the URL that clients connect to"});
  }
  return auth;
}

void check_auth(const Draft& draft, Report& report) {
  if (!draft.settings_document) return;
  const Node tools = Node(*draft.settings_document, report).at("auth").at("scopes").at("tools");
  const std::vector<std::string> known = draft.tools.names();
  for (const std::string& name : tools.keys()) {
    if (draft.tools.may_hold(name)) continue;
    tools.at(name).mistake(fmt::format("there is no tool \"{}\"", shown(name, 80)),
                           name_hints(name, known));
  }
}

}  // namespace martgate::catalog
