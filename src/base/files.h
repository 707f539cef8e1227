// Whole files: read with a limit, write so that a crash leaves the old bytes or the new ones.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace martgate {

// Errors: NotFound, Unavailable (cannot be read), ResourceExhausted (longer than bytes_max).
[[nodiscard]] Result<std::string> read_file(const std::filesystem::path& path,
                                            std::uint64_t bytes_max = 64U << 20U);

// Writes beside the target, syncs, renames over it, syncs the folder. Errors: Unavailable.
[[nodiscard]] Status replace_file(const std::filesystem::path& path, std::string_view bytes);

// An exclusive advisory lock on a file that is made for it (flock); it ends with the object, or
// with the process.
class FileLock {
 public:
  // `holder` names who else may hold it: "ingest", "build".
  // Errors: Unavailable, reason "locked" when another process holds it.
  [[nodiscard]] static Result<FileLock> take(const std::filesystem::path& path,
                                             std::string_view holder);
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock();

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

// Makes durable what was renamed or created inside `folder`. Errors: Unavailable.
[[nodiscard]] Status sync_folder(const std::filesystem::path& folder);
// Makes the bytes of a closed file durable. Errors: Unavailable.
[[nodiscard]] Status sync_file(const std::filesystem::path& path);

}  // namespace martgate
