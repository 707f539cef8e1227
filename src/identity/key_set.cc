#include "identity/key_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "json/parse.h"

namespace martgate::identity {
namespace {

tl::unexpected<Error> bad_jwks(std::string message) {
  return fail(Code::InvalidArgument, std::move(message), {}, "bad_jwks");
}

std::string_view kty_of(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::RS256:
      return "RSA";
    case Algorithm::ES256:
      return "EC";
    case Algorithm::EdDSA:
      return "OKP";
  }
  return "";
}

bool is_text(const Json& jwk, const char* name, std::string_view text) {
  const auto member = jwk.find(name);
  return member != jwk.end() && member->is_string() &&
         member->get_ref<const std::string&>() == text;
}

// Whether the publisher means this key for signatures of the algorithm.
bool is_meant_for(const Json& jwk, Algorithm algorithm) {
  if (!is_text(jwk, "kty", kty_of(algorithm))) return false;
  if (jwk.contains("use") && !is_text(jwk, "use", "sig")) return false;
  if (jwk.contains("alg") && !is_text(jwk, "alg", name_of(algorithm))) return false;
  const auto operations = jwk.find("key_ops");
  if (operations == jwk.end()) return true;
  return operations->is_array() &&
         std::ranges::any_of(*operations, [](const Json& name) { return name == "verify"; });
}

}  // namespace

Result<KeySet> KeySet::parse(std::string_view text, Algorithm algorithm) {
  const auto document = parse_ijson(text, {.bytes_max = kKeySetBytesMax, .depth_max = 8});
  if (!document) return bad_jwks(fmt::format("the key set: {}", document.error().message));
  const auto keys = document->is_object() ? document->find("keys") : document->end();
  if (keys == document->end() || !keys->is_array())
    return bad_jwks("the key set has no list \"keys\"");
  if (keys->size() > kKeysPerSetMax) {
    return bad_jwks(
        fmt::format("the key set has {} keys; accepted: {}", keys->size(), kKeysPerSetMax));
  }
  KeySet set;
  for (const Json& jwk : *keys) {
    if (!jwk.is_object() || !is_meant_for(jwk, algorithm)) continue;
    std::optional<std::string> kid;
    if (const auto member = jwk.find("kid"); member != jwk.end()) {
      if (!member->is_string() || member->get_ref<const std::string&>().size() > kKeyIdBytesMax) {
        set.skipped_.emplace_back("a key whose kid is no string of at most 200 bytes");
        continue;
      }
      kid = member->get<std::string>();
    }
    auto key = PublicKey::from_jwk(jwk, algorithm);
    if (!key) {
      set.skipped_.push_back(
          fmt::format("{}: {}", kid ? shown(*kid, 80) : "a key without kid", key.error().message));
      continue;
    }
    const auto same = [&](const Entry& entry) { return entry.kid == kid; };
    if (std::ranges::any_of(set.keys_, same)) {
      return bad_jwks(kid ? fmt::format("two keys have the kid \"{}\"", shown(*kid, 80))
                          : "two keys have no kid");
    }
    set.keys_.push_back({std::move(kid), std::move(*key)});
  }
  if (set.keys_.empty()) {
    std::string message = fmt::format("the key set has no key for {}", name_of(algorithm));
    if (!set.skipped_.empty()) message += fmt::format(" ({})", join(set.skipped_, "; "));
    return bad_jwks(std::move(message));
  }
  return set;
}

const PublicKey* KeySet::find(const std::optional<std::string>& kid) const {
  if (!kid) return keys_.size() == 1 ? &keys_.front().key : nullptr;
  const auto found = std::ranges::find(keys_, kid, &Entry::kid);
  return found == keys_.end() ? nullptr : &found->key;
}

}  // namespace martgate::identity
