#include "engine/snapshot_lease.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

namespace martgate::engine {

Result<SnapshotLease> SnapshotLease::share(const std::filesystem::path& path) {
  SnapshotLease lease(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  struct stat now {};
  // A name that went away between open and flock leaves a file nobody else will find again.
  if (lease.descriptor_ < 0 || ::flock(lease.descriptor_, LOCK_SH | LOCK_NB) != 0 ||
      ::fstat(lease.descriptor_, &now) != 0 || now.st_nlink == 0) {
    return fail(Code::Unavailable, fmt::format("there is no snapshot file {}", path.string()),
                {"run: martgate build"}, "no_snapshot");
  }
  return lease;
}

Result<SnapshotLease> SnapshotLease::claim(const std::filesystem::path& path) {
  SnapshotLease lease(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (lease.descriptor_ < 0 || ::flock(lease.descriptor_, LOCK_EX | LOCK_NB) != 0) {
    return fail(Code::Unavailable, fmt::format("{} is being read", path.string()),
                {"it can go when its last reader has ended"}, "in_use");
  }
  return lease;
}

SnapshotLease::SnapshotLease(SnapshotLease&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

SnapshotLease::~SnapshotLease() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace martgate::engine
