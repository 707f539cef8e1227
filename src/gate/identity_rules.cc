#include "gate/identity_rules.h"

#include "base/check.h"

namespace martgate::gate {
namespace {

// The schema has admitted no other name.
identity::Algorithm algorithm_of(const catalog::TokenIssuer& issuer) {
  const auto algorithm = identity::algorithm_named(issuer.algorithm);
  MARTGATE_CHECK(algorithm.has_value());
  return *algorithm;
}

identity::IssuerRules rules_of(const catalog::TokenIssuer& issuer) {
  identity::IssuerRules rules;
  rules.token.issuer = issuer.issuer;
  rules.token.audience = issuer.audience;
  rules.token.algorithm = algorithm_of(issuer);
  rules.token.type = issuer.token_type;
  rules.places = {.tenant = issuer.tenant_claim,
                  .roles = issuer.roles_claim,
                  .scopes = issuer.scopes_claim,
                  .client = issuer.client_claim};
  rules.tenant = issuer.tenant;
  rules.tenants = issuer.tenants;
  rules.kind = identity::kind_named(issuer.kind);
  return rules;
}

}  // namespace

identity::ScopeRules scope_rules_of(const catalog::AuthSettings& auth) {
  return {.supported = auth.scopes.supported,
          .required = auth.scopes.required,
          .tools = auth.scopes.tools,
          .implied = auth.scopes.implied};
}

identity::AuthenticationRules authentication_rules_of(const catalog::AuthSettings& auth) {
  identity::AuthenticationRules rules;
  for (const catalog::TokenIssuer& issuer : auth.issuers) rules.issuers.push_back(rules_of(issuer));
  rules.takes_api_keys = auth.api_keys;
  rules.admits_anonymous = auth.anonymous;
  rules.scopes = scope_rules_of(auth);
  return rules;
}

std::vector<identity::KeySource> key_sources_of(const catalog::AuthSettings& auth) {
  std::vector<identity::KeySource> sources;
  for (const catalog::TokenIssuer& issuer : auth.issuers) {
    sources.push_back({.issuer = issuer.issuer,
                       .algorithm = algorithm_of(issuer),
                       .file = issuer.jwks_file,
                       .url = issuer.jwks_url,
                       .ca_file = issuer.ca_file});
  }
  return sources;
}

std::optional<identity::Resource> resource_of(const catalog::Settings& settings) {
  const auto url = parse_http_url(settings.auth.resource);
  if (settings.auth.issuers.empty() || !url) return std::nullopt;
  identity::Resource resource{*url, settings.title, {}, settings.auth.scopes.supported};
  for (const catalog::TokenIssuer& issuer : settings.auth.issuers)
    resource.issuers.push_back(issuer.issuer);
  return resource;
}

std::vector<std::string> scopes_missing(const catalog::AuthSettings& auth, const Caller& caller,
                                        std::string_view tool) {
  if (!caller.has_scopes || caller.who == nullptr) return {};
  std::vector<std::string> needed = identity::scopes_for(tool, scope_rules_of(auth));
  if (identity::holds_all(caller.who->scopes, needed)) return {};
  return needed;
}

Caller caller_of(const identity::Authenticated& authenticated) {
  Caller caller;
  caller.principal = to_text(authenticated.principal->subject);
  caller.tenant = authenticated.principal->tenant;
  caller.authenticated_until = authenticated.until;
  caller.who = authenticated.principal;
  caller.has_scopes = authenticated.has_scopes;
  return caller;
}

}  // namespace martgate::gate
