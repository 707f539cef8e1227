#include "identity/key_ring.h"

#include <fmt/format.h>

#include <algorithm>

namespace martgate::identity {
namespace {

tl::unexpected<Error> refused(std::string_view message, std::string_view reason) {
  return fail(Code::PermissionDenied, std::string(message), {}, reason);
}

std::shared_ptr<const Principal> principal_of(const ApiKey& key) {
  Principal principal;
  principal.subject = {key.subject, std::string(kKeyIssuer)};
  principal.kind = key.kind;
  principal.tenant = key.tenant;
  principal.roles = key.roles;
  principal.scopes = key.scopes;
  std::ranges::sort(principal.roles);
  std::ranges::sort(principal.scopes);
  principal.credential = fmt::format("key:{}", key.id);
  return std::make_shared<const Principal>(std::move(principal));
}

bool is_usable(const ApiKey& key, WallTime now) {
  return !key.revoked_at && (!key.expires_at || now < *key.expires_at);
}

}  // namespace

KeyRing::KeyRing(std::vector<StoredKey> keys) {
  for (StoredKey& stored : keys) {
    std::string id = stored.key.id;
    auto principal = principal_of(stored.key);
    entries_.emplace(std::move(id), Entry{std::move(stored), std::move(principal)});
  }
}

Result<KeyRing::Opened> KeyRing::open(std::string_view text, WallTime now) const {
  const auto parts = parse_api_key(text);
  if (!parts) return refused("the API key is mistyped or cut", "key_malformed");
  // Of no secret: what an unknown id is compared with, so that it takes as long as a known one.
  static const SecretHash kNobody{std::string(32, '0'), std::string(64, '0')};
  const auto entry = entries_.find(parts->id);
  const bool is_known = entry != entries_.end();
  const bool is_match = matches(is_known ? entry->second.stored.hash : kNobody, parts->secret);
  if (!is_known || !is_match) return refused("the API key is not known", "key_unknown");
  const ApiKey& key = entry->second.stored.key;
  if (key.revoked_at) return refused("the API key was revoked", "key_revoked");
  if (!is_usable(key, now)) return refused("the API key expired", "key_expired");
  return Opened{entry->first, entry->second.principal, key.expires_at};
}

bool KeyRing::holds(std::string_view id, WallTime now) const {
  const auto entry = entries_.find(id);
  return entry != entries_.end() && is_usable(entry->second.stored.key, now);
}

std::size_t KeyRing::usable_count(WallTime now) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      entries_, [&](const auto& entry) { return is_usable(entry.second.stored.key, now); }));
}

}  // namespace martgate::identity
