// state/marts/: snapshots that were published, and the files of the build that runs.
//
//   <id>.db        a published snapshot, never changed again
//   building/      the files of a build that is running, or that was stopped
//   current        the id of the snapshot that answers
//   history.jsonl  what became current when, and why; a line is written before it happens
//
// A snapshot is complete, tested and synced before its name ends in .db, and `current` is replaced
// after that: whoever reads `current` at any moment finds a complete snapshot.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/files.h"
#include "base/result.h"

namespace martgate::build {

// Whoever changes state/marts/ holds this: state/build.lock, until the object's end. What builds
// that were stopped left behind is removed when it is taken.
class MartsLock {
 public:
  // Makes the folder if need be. Errors: Unavailable, reason "locked" while another process holds
  // it.
  [[nodiscard]] static Result<MartsLock> take(const std::filesystem::path& state_folder);
  [[nodiscard]] const std::filesystem::path& state_folder() const { return state_folder_; }

 private:
  MartsLock(std::filesystem::path state_folder, FileLock lock)
      : state_folder_(std::move(state_folder)), lock_(std::move(lock)) {}

  std::filesystem::path state_folder_;
  FileLock lock_;
};

// The folder of one build; it is removed with the object.
class Workplace {
 public:
  // Errors: Unavailable.
  [[nodiscard]] static Result<Workplace> make(const MartsLock& lock);
  Workplace(Workplace&& other) noexcept;
  Workplace& operator=(Workplace&&) = delete;
  ~Workplace();

  [[nodiscard]] std::filesystem::path marts_path() const { return folder_ / "marts.db"; }
  [[nodiscard]] std::filesystem::path staging_path() const { return folder_ / "staging.db"; }
  // Where one model's table is computed, before it joins the others.
  [[nodiscard]] std::filesystem::path table_path(std::string_view model) const;

 private:
  explicit Workplace(std::filesystem::path folder) : folder_(std::move(folder)) {}

  std::filesystem::path folder_;
};

enum class Change : std::uint8_t { Published, RolledBack, Pruned };
[[nodiscard]] std::string_view name_of(Change change);

struct HistoryLine {
  WallTime at{};
  Change change = Change::Published;
  std::string id;    // became current, or was removed
  std::string from;  // was current before; empty for the first, and for what was removed
};
// Oldest first; lines that are not ours are left out. Nothing when there is no history yet.
[[nodiscard]] Result<std::vector<HistoryLine>> read_history(
    const std::filesystem::path& state_folder);

// Syncs a closed file, gives it the name of the snapshot and makes it current. A snapshot of that
// id that is there already holds the same, and stays. Errors: Unavailable.
Status publish(const MartsLock& lock, const std::filesystem::path& built, std::string_view id,
               WallTime at);

// Makes a snapshot current that was published before.
// Errors: NotFound (reason "unknown_snapshot") with the ids there are; Unavailable when the file is
// damaged or cannot be named.
Status roll_back(const MartsLock& lock, std::string_view id, WallTime at);

// Removes the snapshots that became current longest ago until `keep` are left, never the current
// one and never one that is being read. Returns the ids that went.
[[nodiscard]] Result<std::vector<std::string>> prune(const MartsLock& lock, int keep, WallTime at);

// Ids of the published snapshots, the one that became current last first.
[[nodiscard]] std::vector<std::string> published_ids(const std::filesystem::path& state_folder);

}  // namespace martgate::build
