#include "identity/issuer.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/digest.h"
#include "base/text.h"

namespace martgate::identity {
namespace {

constexpr std::size_t kDigestDigits = 16;  // of a credential's name in the journal: 64 bits

tl::unexpected<Error> bad_claim(std::string message, std::string_view reason = "token_claims") {
  return fail(Code::PermissionDenied, std::move(message), {}, reason);
}

// Null when there is no such claim.
const Json* claim_at(const Json& claims, const std::string& place) {
  if (place.starts_with('/')) {
    const Json::json_pointer pointer(place);
    return claims.contains(pointer) ? &claims.at(pointer) : nullptr;
  }
  const auto member = claims.find(place);
  return member == claims.end() ? nullptr : &*member;
}

const Json* first_claim(const Json& claims, const std::string& place,
                        std::initializer_list<const char*> defaults) {
  if (!place.empty()) return claim_at(claims, place);
  for (const char* name : defaults) {
    if (const Json* found = claim_at(claims, name)) return found;
  }
  return nullptr;
}

bool is_word(std::string_view text) {
  return !text.empty() && text.size() <= kClaimBytesMax && shown(text) == text &&
         text.find_first_of(" \t") == std::string_view::npos;
}

// A list of words, or one string of words with blanks between them; sorted, each once.
Result<std::vector<std::string>> words_of(const Json* claim, std::string_view what,
                                          std::size_t count_max) {
  std::vector<std::string> words;
  if (claim == nullptr) return words;
  if (claim->is_string()) {
    for (const std::string_view word : split(claim->get_ref<const std::string&>(), ' ')) {
      if (!word.empty()) words.emplace_back(word);
    }
  } else if (claim->is_array() && std::ranges::all_of(*claim, &Json::is_string)) {
    words = claim->get<std::vector<std::string>>();
  } else {
    return bad_claim(fmt::format("the token's {} are no list of words", what));
  }
  if (words.size() > count_max)
    return bad_claim(
        fmt::format("the token has {} {}; accepted: {}", words.size(), what, count_max));
  if (!std::ranges::all_of(words, is_word))
    return bad_claim(fmt::format("one of the token's {} is no word", what));
  std::ranges::sort(words);
  words.erase(std::unique(words.begin(), words.end()), words.end());
  return words;
}

// RFC 8693 section 4.1: the outermost `act` acts now, nested ones acted before.
Result<std::vector<Subject>> actors_of(const Claims& claims) {
  std::vector<Subject> actors;
  const Json* level = claim_at(*claims.all, "act");
  while (level != nullptr) {
    const auto text = [&](const char* name, const std::string& fallback) {
      const auto member = level->is_object() ? level->find(name) : level->end();
      if (!level->is_object() || member == level->end()) return fallback;
      return member->is_string() ? member->get<std::string>() : std::string();
    };
    Subject actor{text("sub", ""), text("iss", claims.issuer)};
    if (!is_subject_name(actor.name) || !is_subject_name(actor.issuer))
      return bad_claim("the token's act names nobody");
    if (actors.size() == kActorsMax)
      return bad_claim(fmt::format("the token's act is nested deeper than {}", kActorsMax));
    actors.push_back(std::move(actor));
    const auto next = level->find("act");
    level = next == level->end() ? nullptr : &*next;
  }
  return actors;
}

Result<std::string> tenant_of(const Json& claims, const IssuerRules& rules) {
  if (rules.places.tenant.empty()) return rules.tenant;
  const Json* claim = claim_at(claims, rules.places.tenant);
  if (claim == nullptr || !claim->is_string())
    return bad_claim("the token names no tenant", "token_tenant");
  const auto& name = claim->get_ref<const std::string&>();
  if (!rules.tenants.empty()) {
    const auto found = rules.tenants.find(name);
    if (found == rules.tenants.end())
      return bad_claim("the token's tenant is not served here", "token_tenant");
    return found->second;
  }
  if (!is_tenant_name(name))
    return bad_claim("the token's tenant is not served here", "token_tenant");
  return name;
}

// What the journal calls this token: its `jti`, or the whole payload, digested.
std::string credential_of(const Json& claims) {
  const auto jti = claims.find("jti");
  const bool has_id = jti != claims.end() && jti->is_string();
  const std::string digest =
      sha256_hex(has_id ? jti->get_ref<const std::string&>() : claims.dump());
  return fmt::format("token:{}", digest.substr(0, kDigestDigits));
}

}  // namespace

Result<Principal> principal_of(const Claims& claims, const IssuerRules& rules) {
  const Json& all = *claims.all;
  Principal principal;
  principal.subject = {claims.subject, claims.issuer};
  auto tenant = tenant_of(all, rules);
  if (!tenant) return tl::unexpected(tenant.error());
  principal.tenant = std::move(*tenant);
  if (const Json* client = first_claim(all, rules.places.client, {"client_id", "azp"})) {
    if (!client->is_string() || !is_word(client->get_ref<const std::string&>()))
      return bad_claim("the token's client is no word");
    principal.client = client->get<std::string>();
  }
  auto roles = words_of(first_claim(all, rules.places.roles, {"roles"}), "roles", kRolesMax);
  if (!roles) return tl::unexpected(roles.error());
  principal.roles = std::move(*roles);
  auto scopes =
      words_of(first_claim(all, rules.places.scopes, {"scope", "scp"}), "scopes", kScopesMax);
  if (!scopes) return tl::unexpected(scopes.error());
  principal.scopes = std::move(*scopes);
  auto actors = actors_of(claims);
  if (!actors) return tl::unexpected(actors.error());
  principal.actors = std::move(*actors);
  if (rules.kind)
    principal.kind = *rules.kind;
  else if (!principal.actors.empty())
    principal.kind = Kind::Agent;
  else
    principal.kind = principal.client == claims.subject ? Kind::Service : Kind::Person;
  principal.credential = credential_of(all);
  return principal;
}

}  // namespace martgate::identity
