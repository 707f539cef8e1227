// A claim on a snapshot file while someone reads it, so that pruning leaves it in place.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace martgate::engine {

// A shared or an exclusive flock on the file, from this process or another; it ends with the object
// or with the process. SQLite's own locks are of another kind (fcntl) and are not taken on
// published snapshots, which are opened as immutable.
class SnapshotLease {
 public:
  // For readers. Errors: Unavailable (reason "no_snapshot") when the file is gone or going.
  [[nodiscard]] static Result<SnapshotLease> share(const std::filesystem::path& path);
  // For whoever removes it. Errors: Unavailable (reason "in_use") while anyone reads it.
  [[nodiscard]] static Result<SnapshotLease> claim(const std::filesystem::path& path);

  SnapshotLease(SnapshotLease&& other) noexcept;
  SnapshotLease& operator=(SnapshotLease&&) = delete;
  ~SnapshotLease();

 private:
  explicit SnapshotLease(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace martgate::engine
