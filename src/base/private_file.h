// Files that nobody but their owner may read.
#pragma once

#include <filesystem>
#include <string_view>

#include "base/result.h"

namespace martgate {

// Makes the file with mode 0600 when it is not there, before SQLite, or anybody, opens it: its -wal
// and -shm get the same mode. A file that others can read is refused rather than changed, since it
// may have been read already.
// Errors: PermissionDenied with `reason`; Unavailable, also for a symbolic link.
[[nodiscard]] Status prepare_private_file(const std::filesystem::path& path,
                                          std::string_view reason);

}  // namespace martgate
