// state/keys.db: the API keys that were handed out, without their secrets.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "identity/key_ring.h"
#include "store/connection.h"

namespace martgate::identity {

inline constexpr std::size_t kApiKeysMax = 10'000;
// "Last used" is written at most this often for one key.
inline constexpr std::chrono::seconds kLastUsedStep{60};

// A SQLite file that only its owner can read (mode 0600), beside the journal and not in it, so that
// keys can be added and revoked while a server holds the journal. One object, one thread at a time.
class KeyStore {
 public:
  // Creates the file when it is not there. Errors: PermissionDenied (reason "keys_readable") when
  // others may read or write it; Unavailable; FailedPrecondition for a file of another format.
  [[nodiscard]] static Result<KeyStore> open(const std::filesystem::path& path);
  [[nodiscard]] static std::filesystem::path path_in(const std::filesystem::path& state_folder);

  // Makes a key and returns its text, which is kept nowhere. `key.id` and the times but expires_at
  // are set here. Errors: InvalidArgument for names and values that are not taken, or an expiry
  // that has passed; FailedPrecondition when a living key has the name; ResourceExhausted.
  [[nodiscard]] Result<std::string> add(ApiKey& key, const Clock& clock, IdSource& ids);

  // By id or by name; the one that is not revoked. Errors: NotFound with the nearest names;
  // FailedPrecondition when it was revoked before.
  [[nodiscard]] Result<ApiKey> revoke(std::string_view id_or_name, WallTime at);

  // In order of creation, revoked ones included.
  [[nodiscard]] Result<std::vector<StoredKey>> keys();
  Status note_use(const std::map<std::string, WallTime>& used_at_by_id);
  // Changes when another connection has written, and only then.
  [[nodiscard]] Result<std::int64_t> version();

 private:
  explicit KeyStore(store::Connection connection) : connection_(std::move(connection)) {}
  store::Connection connection_;
};

}  // namespace martgate::identity
