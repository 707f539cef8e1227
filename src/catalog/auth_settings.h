// The section `auth` of martgate.yaml, checked; what it means is src/identity's to say.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace martgate::catalog {

struct AuthScopes {
  using Map = std::map<std::string, std::vector<std::string>, std::less<>>;

  std::vector<std::string> supported;
  std::vector<std::string> required;
  Map tools;
  Map implied;

  friend bool operator==(const AuthScopes&, const AuthScopes&) = default;
};

struct TokenIssuer {
  std::string issuer;
  std::string algorithm;  // RS256, ES256, EdDSA
  std::string jwks_url;   // this or jwks_file
  std::filesystem::path jwks_file;
  std::filesystem::path ca_file;
  std::string audience;
  std::string token_type;  // "at+jwt" or "jwt"
  std::string kind;        // person, agent, service; empty: read from the token
  std::string tenant = "default";
  std::map<std::string, std::string> tenants;
  std::string tenant_claim;
  std::string roles_claim;
  std::string scopes_claim;
  std::string client_claim;

  friend bool operator==(const TokenIssuer&, const TokenIssuer&) = default;
};

struct AuthSettings {
  std::string resource;  // canonical; empty without issuers
  bool anonymous = true;
  bool api_keys = true;
  AuthScopes scopes;
  std::vector<TokenIssuer> issuers;

  friend bool operator==(const AuthSettings&, const AuthSettings&) = default;
};

}  // namespace martgate::catalog
