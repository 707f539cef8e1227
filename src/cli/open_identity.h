// What establishes who calls: API keys, issuers' keys, and the rules of martgate.yaml.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "catalog/project.h"
#include "cli/commands.h"
#include "gate/caller.h"
#include "identity/authenticator.h"

namespace martgate::cli {

// Credentials come from the environment, where neither a process list nor a shell's history shows
// them.
inline constexpr const char* kKeyVariable = "MARTGATE_KEY";      // an API key
inline constexpr const char* kTokenVariable = "MARTGATE_TOKEN";  // an access token, for `call`

// Members end in reverse order.
struct OpenIdentity {
  std::unique_ptr<identity::KeyFetcher> fetcher;
  std::unique_ptr<identity::KeyWatch> keys;
  std::unique_ptr<identity::IssuerKeys> issuer_keys;
  std::unique_ptr<identity::Authenticator> authenticator;
  std::string metadata_url;  // empty without issuers

  // Whether anybody could prove who they are.
  [[nodiscard]] bool has_credentials(WallTime now) const;
};

// `admits_anonymous` false overrules what the project says: the address is reached by others.
// Errors: a key store that others can read, a key file that is none.
[[nodiscard]] Result<OpenIdentity> open_identity(App& app, const catalog::Settings& settings,
                                                 bool admits_anonymous);

// The value of an environment variable that is set and not empty.
[[nodiscard]] std::optional<std::string> secret_in(const char* variable);

// What `call` shows to a server; empty when neither variable is set. Errors: InvalidArgument, both
// are, or the value holds what no credential holds.
[[nodiscard]] Result<std::string> bearer_in_environment();

// Who a process speaks for that was launched with `as` or with MARTGATE_KEY; "local" with neither.
// Errors: InvalidArgument, both were given; PermissionDenied, the key is not good.
[[nodiscard]] Result<gate::Caller> launched_caller(const OpenIdentity& identity,
                                                   const std::string& as);

}  // namespace martgate::cli
