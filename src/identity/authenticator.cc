#include "identity/authenticator.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "json/uri.h"

namespace martgate::identity {
namespace {

constexpr std::string_view kScheme = "Bearer";
constexpr int kBadRequest = 400;
constexpr int kUnauthorized = 401;
constexpr int kForbidden = 403;
constexpr int kUnavailable = 503;

// RFC 6750 section 2.3: clients may not, and servers need not; a token in a URL is in every log.
bool has_query_token(std::string_view query) {
  return std::ranges::any_of(split(query, '&'), [](std::string_view pair) {
    return percent_decoded(pair.substr(0, pair.find('='))) == "access_token";
  });
}

bool is_scheme(std::string_view word) {
  return lower_ascii(word) == lower_ascii(kScheme);
}

}  // namespace

Shown shown_in(std::optional<std::string_view> authorization, std::string_view query) {
  if (has_query_token(query))
    return MalformedCredential{"a token belongs into the Authorization field, not into the URL"};
  if (!authorization) return NoCredential{};
  const std::size_t blank = std::min(authorization->find(' '), authorization->size());
  if (!is_scheme(authorization->substr(0, blank))) return NoCredential{};
  const std::string_view text = trim(authorization->substr(blank));
  if (text.empty()) return MalformedCredential{"Authorization names no token"};
  if (text.find_first_of(" \t,") != std::string_view::npos)
    return MalformedCredential{"Authorization holds more than one token"};
  return BearerCredential{text};
}

tl::unexpected<Refusal> Authenticator::invalid(const Error& error) const {
  return tl::unexpected(
      Refusal{kUnauthorized, {kInvalidToken, error.message, scopes_for({}, rules_.scopes)}});
}

tl::expected<Authenticated, Refusal> Authenticator::admitted(
    std::shared_ptr<const Principal> principal, std::optional<WallTime> until) const {
  auto held = with_implied(principal->scopes, rules_.scopes);
  std::vector<std::string> needed = scopes_for({}, rules_.scopes);
  if (!holds_all(held, needed)) {
    return tl::unexpected(Refusal{
        kForbidden, {kInsufficientScope, "the credential lacks a scope", std::move(needed)}});
  }
  if (held != principal->scopes) {
    Principal broader = *principal;
    broader.scopes = std::move(held);
    principal = std::make_shared<const Principal>(std::move(broader));
  }
  return Authenticated{std::move(principal), true, until};
}

tl::expected<Authenticated, Refusal> Authenticator::authenticate(const Shown& shown) const {
  if (const auto* wrong = std::get_if<MalformedCredential>(&shown)) {
    return tl::unexpected(Refusal{kBadRequest, {kInvalidRequest, std::string(wrong->why), {}}});
  }
  if (const auto* bearer = std::get_if<BearerCredential>(&shown)) {
    return bearer->text.starts_with(kApiKeyPrefix) ? open_key(bearer->text)
                                                   : open_token(bearer->text);
  }
  if (rules_.admits_anonymous) {
    static const auto kLocal = std::make_shared<const Principal>(local_principal());
    return Authenticated{kLocal, false, std::nullopt};
  }
  return tl::unexpected(Refusal{kUnauthorized, {{}, {}, scopes_for({}, rules_.scopes)}});
}

tl::expected<Authenticated, Refusal> Authenticator::open_key(std::string_view text) const {
  if (!rules_.takes_api_keys || keys_ == nullptr) {
    return invalid({Code::PermissionDenied, "API keys are not taken here", {}, "key_unknown"});
  }
  const WallTime now = clock_.now();
  const auto ring = keys_->ring();
  const auto opened = ring->open(text, now);
  if (!opened) return invalid(opened.error());
  keys_->note_use(opened->id, now);
  WallTime until = now + kKeyStreamMax;
  if (opened->expires_at) until = std::min(until, *opened->expires_at);
  return admitted(opened->principal, until);
}

tl::expected<Authenticated, Refusal> Authenticator::open_token(std::string_view text) const {
  if (text.find('.') == std::string_view::npos) {
    return invalid(
        {Code::PermissionDenied, "neither an API key nor an access token", {}, "token_malformed"});
  }
  const auto token = parse_token(text);
  if (!token) return invalid(token.error());
  const auto issuer = std::ranges::find_if(rules_.issuers, [&](const IssuerRules& rules) {
    return rules.token.issuer == token->issuer();
  });
  if (issuer == rules_.issuers.end() || issuer_keys_ == nullptr) {
    return invalid(
        {Code::PermissionDenied, "the token's issuer is not trusted here", {}, "token_issuer"});
  }
  const auto keys = issuer_keys_->find(issuer->token.issuer);
  if (keys == nullptr) {
    return tl::unexpected(
        Refusal{kUnavailable, {{}, "the keys of the token's issuer are not there yet", {}}});
  }
  const auto claims = verify(*token, *keys, issuer->token, clock_.now());
  if (!claims) {
    if (claims.error().reason == "token_key_unknown") issuer_keys_->ask_again(issuer->token.issuer);
    return invalid(claims.error());
  }
  auto principal = principal_of(*claims, *issuer);
  if (!principal) return invalid(principal.error());
  return admitted(std::make_shared<const Principal>(std::move(*principal)),
                  claims->expires_at + issuer->token.leeway);
}

}  // namespace martgate::identity
