// The API keys of one moment, in memory: which principal a key stands for.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "identity/api_key.h"

namespace martgate::identity {

struct StoredKey {
  ApiKey key;
  SecretHash hash;
};

// Immutable. Threads: any.
class KeyRing {
 public:
  KeyRing() = default;
  explicit KeyRing(std::vector<StoredKey> keys);

  struct Opened {
    std::string_view id;                         // valid as long as the ring
    std::shared_ptr<const Principal> principal;  // shared with every request that uses the key
    std::optional<WallTime> expires_at;
  };
  // Errors: PermissionDenied, with one of the reasons
  //   key_malformed  no key by form or check: mistyped, or cut
  //   key_unknown    no such id, or another secret; the same work and the same words for both
  //   key_revoked, key_expired  told only to who holds the secret
  [[nodiscard]] Result<Opened> open(std::string_view text, WallTime now) const;

  // Whether the key may still be used, by its id.
  [[nodiscard]] bool holds(std::string_view id, WallTime now) const;
  [[nodiscard]] std::size_t usable_count(WallTime now) const;

 private:
  struct Entry {
    StoredKey stored;
    std::shared_ptr<const Principal> principal;
  };
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace martgate::identity
