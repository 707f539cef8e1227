// The API keys of a running server: read again when keys.db changes, used keys written back.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "identity/key_ring.h"
#include "identity/key_store.h"
#include "identity/repeating.h"

namespace martgate::identity {

// The delay after which an added key works and a revoked one does not.
inline constexpr std::chrono::milliseconds kKeyLookEvery{1'000};

// Requests see the ring in memory; the file is touched by a thread of its own.
// Threads: every member may be called from any thread.
class KeyWatch {
 public:
  // `path` need not exist: there are no keys until it does. The clock outlives this.
  // Errors: those of KeyStore::open.
  [[nodiscard]] static Result<std::unique_ptr<KeyWatch>> start(
      const std::filesystem::path& path, const Clock& clock,
      std::chrono::milliseconds look_every = kKeyLookEvery);
  // Writes down the last uses.
  ~KeyWatch();
  KeyWatch(const KeyWatch&) = delete;
  KeyWatch& operator=(const KeyWatch&) = delete;

  [[nodiscard]] std::shared_ptr<const KeyRing> ring() const;
  void note_use(std::string_view id, WallTime at);
  // Looks at the file now rather than at the next turn.
  void wake() { thread_->wake(); }

 private:
  KeyWatch(std::filesystem::path path, const Clock& clock);

  // Which file the path names; a file put in its place is another one.
  struct FileId {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    friend bool operator==(const FileId&, const FileId&) = default;
  };
  [[nodiscard]] std::optional<FileId> file_id() const;
  Status look();
  void use(std::vector<StoredKey> keys);
  void write_uses();

  const std::filesystem::path path_;
  const Clock& clock_;

  // The thread's own, and start()'s before there is one.
  std::optional<KeyStore> store_;
  std::optional<FileId> opened_;
  std::int64_t version_ = 0;
  std::int64_t uses_written_ns_ = 0;

  mutable std::mutex mutex_;  // guards the two below
  std::shared_ptr<const KeyRing> ring_;
  std::map<std::string, WallTime> uses_;

  std::unique_ptr<Repeating> thread_;  // the last member: it ends before the rest does
};

}  // namespace martgate::identity
