#include "identity/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "identity/principal.h"

namespace martgate::identity {
namespace {

// 9999-12-31T23:59:59Z. What lies behind it is no date, and would overflow arithmetic.
constexpr double kNumericDateMax = 253'402'300'799.0;

tl::unexpected<Error> refused(std::string message, std::string_view reason) {
  return fail(Code::PermissionDenied, std::move(message), {}, reason);
}

// NumericDate (RFC 7519 section 2): a JSON number of seconds, a fraction allowed.
std::optional<WallTime> numeric_date(const Json& value) {
  if (!value.is_number()) return std::nullopt;
  const auto seconds = value.get<double>();
  if (!(seconds >= 0 && seconds <= kNumericDateMax)) return std::nullopt;
  return WallTime(std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1'000)));
}

bool names_audience(const Json& aud, const std::string& audience) {
  if (aud.is_string()) return aud.get_ref<const std::string&>() == audience;
  if (!aud.is_array() || aud.size() > kAudiencesMax) return false;
  // One entry that is no string makes the list something we do not understand.
  if (!std::ranges::all_of(aud, [](const Json& entry) { return entry.is_string(); })) return false;
  return std::ranges::any_of(
      aud, [&](const Json& entry) { return entry.get_ref<const std::string&>() == audience; });
}

Status check_times(const Json& claims, const TokenRules& rules, WallTime now, WallTime& expires) {
  const auto exp = claims.find("exp");
  if (exp == claims.end()) return refused("the token has no exp", "token_claims");
  const auto end = numeric_date(*exp);
  if (!end) return refused("the token's exp is no date", "token_claims");
  if (now >= *end + rules.leeway) return refused("the token expired", "token_expired");
  expires = *end;
  for (const char* name : {"nbf", "iat"}) {
    const auto member = claims.find(name);
    if (member == claims.end()) continue;
    const auto begin = numeric_date(*member);
    if (!begin) return refused(fmt::format("the token's {} is no date", name), "token_claims");
    if (*begin > now + rules.leeway)
      return refused(fmt::format("the token's {} lies in the future", name), "token_early");
  }
  return {};
}

}  // namespace

Result<Claims> verify(const Token& token, const KeySet& keys, const TokenRules& rules,
                      WallTime now) {
  if (token.algorithm != name_of(rules.algorithm)) {
    return refused("the token is not signed with the algorithm of its issuer", "token_algorithm");
  }
  if (token.type != rules.type) {
    return refused(fmt::format("the token's typ is not {}", rules.type), "token_type");
  }
  const PublicKey* key = keys.find(token.kid);
  if (key == nullptr)
    return refused("the key that signed the token is not known", "token_key_unknown");
  if (key->algorithm() != rules.algorithm || !key->verifies(token.signing_input, token.signature)) {
    return refused("the token's signature is not good", "token_signature");
  }

  const Json& all = *token.claims;
  if (token.issuer() != rules.issuer)
    return refused("the token's issuer is not trusted here", "token_issuer");
  const auto aud = all.find("aud");
  if (aud == all.end() || !names_audience(*aud, rules.audience))
    return refused("the token is not for this server", "token_audience");
  Claims claims;
  claims.issuer = rules.issuer;
  if (const Status times = check_times(all, rules, now, claims.expires_at); !times)
    return tl::unexpected(times.error());
  const auto sub = all.find("sub");
  const auto* subject = sub == all.end() ? nullptr : sub->get_ptr<const std::string*>();
  if (subject == nullptr || !is_subject_name(*subject)) {
    return refused(
        fmt::format("the token's sub is not 1 to {} visible ASCII characters", kSubjectBytesMax),
        "token_claims");
  }
  claims.subject = *subject;
  claims.all = token.claims;
  return claims;
}

}  // namespace martgate::identity
