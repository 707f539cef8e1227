// The section auth of a project as the rules of src/identity.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/project.h"
#include "gate/caller.h"
#include "identity/authenticator.h"
#include "identity/challenge.h"
#include "identity/key_source.h"
#include "identity/scopes.h"

namespace martgate::gate {

[[nodiscard]] identity::ScopeRules scope_rules_of(const catalog::AuthSettings& auth);
[[nodiscard]] identity::AuthenticationRules authentication_rules_of(
    const catalog::AuthSettings& auth);
[[nodiscard]] std::vector<identity::KeySource> key_sources_of(const catalog::AuthSettings& auth);
// Nothing without issuers: then there is nobody to send a client to.
[[nodiscard]] std::optional<identity::Resource> resource_of(const catalog::Settings& settings);

// Empty when the caller has what a call of the tool needs; else all that it needs.
[[nodiscard]] std::vector<std::string> scopes_missing(const catalog::AuthSettings& auth,
                                                      const Caller& caller, std::string_view tool);

[[nodiscard]] Caller caller_of(const identity::Authenticated& authenticated);

}  // namespace martgate::gate
