// Who sent a request, from what it shows: the one decision every transport asks for.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "identity/challenge.h"
#include "identity/issuer.h"
#include "identity/issuer_keys.h"
#include "identity/key_watch.h"
#include "identity/principal.h"
#include "identity/scopes.h"

namespace martgate::identity {

// ---- what a request shows

struct NoCredential {};
struct BearerCredential {
  std::string_view text;
};
// Not a question of who asks: the request itself is wrong (RFC 6750 section 3.1, invalid_request).
struct MalformedCredential {
  std::string_view why;
};
using Shown = std::variant<NoCredential, BearerCredential, MalformedCredential>;

// `authorization` is the value of the field, `query` that of the URL without '?'. Another scheme
// than Bearer shows nothing that counts here.
[[nodiscard]] Shown shown_in(std::optional<std::string_view> authorization, std::string_view query);

// ---- the answer

struct Authenticated {
  std::shared_ptr<const Principal> principal;  // shared with the request, its session and streams
  bool has_scopes = false;                     // false: nothing was shown, so scopes say nothing
  // When the credential must be shown again; streams that are open then end.
  std::optional<WallTime> until;
};

struct Refusal {
  int status = 401;  // 400, 401, 403, or 503 when the issuer's keys are not there
  Challenge challenge;
};

struct AuthenticationRules {
  std::vector<IssuerRules> issuers;
  bool takes_api_keys = true;
  // A request that shows nothing is local_principal(): for servers that only this machine reaches.
  bool admits_anonymous = true;
  ScopeRules scopes;
};

// A stream opened with an API key, which may be revoked, ends at the latest after this long.
inline constexpr std::chrono::minutes kKeyStreamMax{15};

// Touches neither disk nor network. Threads: any.
class Authenticator {
 public:
  // `keys` and `issuer_keys` may be null when the rules have no use for them; all outlive this.
  Authenticator(AuthenticationRules rules, KeyWatch* keys, IssuerKeys* issuer_keys,
                const Clock& clock)
      : rules_(std::move(rules)), keys_(keys), issuer_keys_(issuer_keys), clock_(clock) {}

  // On every request: a session is no credential.
  [[nodiscard]] tl::expected<Authenticated, Refusal> authenticate(const Shown& shown) const;
  [[nodiscard]] const AuthenticationRules& rules() const { return rules_; }

 private:
  [[nodiscard]] tl::expected<Authenticated, Refusal> open_key(std::string_view text) const;
  [[nodiscard]] tl::expected<Authenticated, Refusal> open_token(std::string_view text) const;
  [[nodiscard]] tl::unexpected<Refusal> invalid(const Error& error) const;
  [[nodiscard]] tl::expected<Authenticated, Refusal> admitted(
      std::shared_ptr<const Principal> principal, std::optional<WallTime> until) const;

  AuthenticationRules rules_;
  KeyWatch* keys_;
  IssuerKeys* issuer_keys_;
  const Clock& clock_;
};

}  // namespace martgate::identity
