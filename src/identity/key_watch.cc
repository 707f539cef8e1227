#include "identity/key_watch.h"

#include <sys/stat.h>

#include <utility>

namespace martgate::identity {

KeyWatch::KeyWatch(std::filesystem::path path, const Clock& clock)
    : path_(std::move(path)), clock_(clock), ring_(std::make_shared<const KeyRing>()) {}

Result<std::unique_ptr<KeyWatch>> KeyWatch::start(const std::filesystem::path& path,
                                                  const Clock& clock,
                                                  std::chrono::milliseconds look_every) {
  std::unique_ptr<KeyWatch> watch(new KeyWatch(path, clock));
  if (const Status read = watch->look(); !read) return tl::unexpected(read.error());
  watch->uses_written_ns_ = clock.monotonic_ns();
  KeyWatch* self = watch.get();
  watch->thread_ = std::make_unique<Repeating>([self, look_every] {
    // What cannot be read now leaves the ring as it is and is read at the next turn.
    static_cast<void>(self->look());
    const std::chrono::nanoseconds since(self->clock_.monotonic_ns() - self->uses_written_ns_);
    if (since >= kLastUsedStep) self->write_uses();
    return look_every;
  });
  return watch;
}

KeyWatch::~KeyWatch() {
  thread_.reset();
  write_uses();
}

std::shared_ptr<const KeyRing> KeyWatch::ring() const {
  const std::lock_guard lock(mutex_);
  return ring_;
}

void KeyWatch::note_use(std::string_view id, WallTime at) {
  const std::lock_guard lock(mutex_);
  uses_.insert_or_assign(std::string(id), at);
}

std::optional<KeyWatch::FileId> KeyWatch::file_id() const {
  struct stat found {};
  if (::stat(path_.c_str(), &found) != 0) return std::nullopt;
  return FileId{found.st_dev, found.st_ino};
}

Status KeyWatch::look() {
  const auto id = file_id();
  const bool is_same_file = id == opened_;
  if (!is_same_file) {
    store_.reset();
    opened_.reset();
    if (id) {
      auto store = KeyStore::open(path_);
      if (!store) {
        // Whoever replaced the file meant the old keys to end.
        use({});
        return tl::unexpected(store.error());
      }
      store_ = std::move(*store);
      opened_ = id;
    }
  }
  std::vector<StoredKey> keys;
  if (store_) {
    const auto version = store_->version();
    if (!version) return tl::unexpected(version.error());
    if (is_same_file && *version == version_) return {};
    // Read behind its version: a change in between is seen at the next turn.
    auto stored = store_->keys();
    if (!stored) return tl::unexpected(stored.error());
    keys = std::move(*stored);
    version_ = *version;
  } else if (is_same_file) {
    return {};
  }
  use(std::move(keys));
  return {};
}

void KeyWatch::use(std::vector<StoredKey> keys) {
  auto fresh = std::make_shared<const KeyRing>(std::move(keys));
  const std::lock_guard lock(mutex_);
  ring_ = std::move(fresh);
}

void KeyWatch::write_uses() {
  uses_written_ns_ = clock_.monotonic_ns();
  std::map<std::string, WallTime> uses;
  {
    const std::lock_guard lock(mutex_);
    uses.swap(uses_);
  }
  // Losing one is losing a hint for people: nothing is tried again.
  if (store_ && !uses.empty()) static_cast<void>(store_->note_use(uses));
}

}  // namespace martgate::identity
