// state/marts/: snapshots that were published, and the file that is being made.
//
//   <id>.db        a published snapshot, never changed again
//   <id>.building  the file of a build that is running, or that was stopped
//   <id>.staging   its staging tables
//   current        the id of the snapshot that answers
//
// A snapshot is complete, tested and synced before its name ends in .db, and `current` is replaced
// after that: whoever reads `current` at any moment finds a complete snapshot.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/files.h"
#include "base/result.h"

namespace martgate::build {

// The files of one build; what was not published is removed with the object.
class Workplace {
 public:
  // Makes the folder if need be, removes what stopped builds left. Errors: Unavailable, also when
  // another build holds state/build.lock, which the object holds until its end.
  [[nodiscard]] static Result<Workplace> enter(const std::filesystem::path& state_folder);
  Workplace(Workplace&& other) noexcept;
  Workplace& operator=(Workplace&&) = delete;
  ~Workplace();

  // Where the files of this build go. Once.
  void begin(std::string_view id);
  [[nodiscard]] const std::filesystem::path& building_path() const { return building_; }
  [[nodiscard]] const std::filesystem::path& staging_path() const { return staging_; }

  // Both files are closed. Syncs the snapshot, gives it its name, makes it current.
  Status publish();
  // Removes the oldest published snapshots beyond `keep`, never the current one.
  void prune(int keep) const;

 private:
  Workplace(std::filesystem::path state_folder, FileLock lock)
      : state_folder_(std::move(state_folder)), lock_(std::move(lock)) {}
  void remove_leftovers() const;

  std::filesystem::path state_folder_;
  FileLock lock_;
  std::string id_;
  std::filesystem::path building_;
  std::filesystem::path staging_;
};

}  // namespace martgate::build
