// Whether a token is true: its issuer's signature, for us, now (RFC 9068 section 4, RFC 8725).
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "identity/key_set.h"
#include "identity/token.h"

namespace martgate::identity {

// How far the issuer's clock and ours may lie apart; for exp, nbf and iat.
inline constexpr std::chrono::seconds kClockLeeway{60};
inline constexpr std::size_t kAudiencesMax = 32;

struct TokenRules {
  std::string issuer;    // `iss`, byte by byte
  std::string audience;  // one of `aud`, byte by byte
  Algorithm algorithm = Algorithm::RS256;
  std::string type = "at+jwt";  // `typ`, as Token::type has it
  std::chrono::seconds leeway = kClockLeeway;
};

// What a true token says.
struct Claims {
  std::string issuer;
  std::string subject;
  WallTime expires_at;  // `exp` itself, without leeway
  std::shared_ptr<const Json> all;
};

// Pure. Errors: PermissionDenied, with one of the reasons
//   token_algorithm    `alg` is not the issuer's: none, HMAC and any other included
//   token_type         `typ` is not the one that is expected
//   token_key_unknown  no key of that kid; the issuer may have changed its keys
//   token_signature    the key did not sign these bytes
//   token_issuer, token_audience, token_expired, token_early
//   token_claims       a claim that is required and missing, or has another type
// The words are ASCII and say nothing of other issuers or keys: they go back to whoever sent it.
[[nodiscard]] Result<Claims> verify(const Token& token, const KeySet& keys, const TokenRules& rules,
                                    WallTime now);

}  // namespace martgate::identity
