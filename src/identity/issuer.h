// An issuer we trust: how its tokens are checked, and which of its claims become what.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "identity/principal.h"
#include "identity/verify.h"

namespace martgate::identity {

inline constexpr std::size_t kRolesMax = 256;
inline constexpr std::size_t kScopesMax = 128;
inline constexpr std::size_t kActorsMax = 4;
inline constexpr std::size_t kClaimBytesMax = 128;  // of one role, scope, client or tenant

// Each is a member's name ("roles", "https://x/roles") or, with a slash in front, a JSON pointer
// into the claims ("/realm_access/roles"). Empty: the default that is named.
struct ClaimPlaces {
  std::string tenant;  // default: no claim, the fixed tenant
  std::string roles;   // default: "roles"
  std::string scopes;  // default: "scope", else "scp"
  std::string client;  // default: "client_id", else "azp"
};

struct IssuerRules {
  TokenRules token;
  ClaimPlaces places;
  std::string tenant = "default";              // without places.tenant
  std::map<std::string, std::string> tenants;  // claim -> tenant; empty: the claim is the tenant
  std::optional<Kind> kind;                    // nothing: read from the claims
};

// The claims as a principal; scopes as the token has them. A token somebody acts with (`act`) is an
// agent's, one whose subject is its own client a service's, any other a person's.
// Errors: PermissionDenied: a claim of a form or size that is not taken (reason "token_claims"), a
// tenant that is not served (reason "token_tenant").
[[nodiscard]] Result<Principal> principal_of(const Claims& claims, const IssuerRules& rules);

}  // namespace martgate::identity
