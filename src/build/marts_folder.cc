#include "build/marts_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <utility>
#include <vector>

#include "base/files.h"
#include "engine/snapshot.h"

namespace martgate::build {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code problem;
  for (fs::directory_iterator entry(folder, problem); !problem && entry != fs::directory_iterator();
       entry.increment(problem)) {
    files.push_back(entry->path());
  }
  return files;
}

}  // namespace

Result<Workplace> Workplace::enter(const fs::path& state_folder) {
  std::error_code problem;
  fs::create_directories(state_folder / "marts", problem);
  if (problem) {
    return fail(
        Code::Unavailable,
        fmt::format("cannot make {}: {}", (state_folder / "marts").string(), problem.message()));
  }
  auto lock = FileLock::take(state_folder / "build.lock", "build");
  if (!lock) return tl::unexpected(lock.error());
  Workplace place(state_folder, std::move(*lock));
  place.remove_leftovers();
  return place;
}

Workplace::Workplace(Workplace&& other) noexcept
    : state_folder_(std::move(other.state_folder_)),
      lock_(std::move(other.lock_)),
      id_(std::move(other.id_)),
      building_(std::exchange(other.building_, {})),
      staging_(std::exchange(other.staging_, {})) {}

Workplace::~Workplace() {
  std::error_code ignored;  // what cannot be removed now is a leftover for the next build
  if (!building_.empty()) fs::remove(building_, ignored);
  if (!staging_.empty()) fs::remove(staging_, ignored);
}

void Workplace::remove_leftovers() const {
  for (const fs::path& file : files_in(state_folder_ / "marts")) {
    const fs::path kind = file.extension();
    std::error_code ignored;
    if (kind == ".building" || kind == ".staging" || kind == ".tmp") fs::remove(file, ignored);
  }
}

void Workplace::begin(std::string_view id) {
  id_ = id;
  building_ = state_folder_ / "marts" / fmt::format("{}.building", id);
  staging_ = state_folder_ / "marts" / fmt::format("{}.staging", id);
}

Status Workplace::publish() {
  if (auto synced = sync_file(building_); !synced) return synced;
  const fs::path published = engine::snapshot_path(state_folder_, id_);
  std::error_code problem;
  fs::rename(building_, published, problem);
  if (problem) {
    return fail(Code::Unavailable,
                fmt::format("cannot rename {}: {}", building_.string(), problem.message()));
  }
  if (auto synced = sync_folder(published.parent_path()); !synced) return synced;
  return replace_file(state_folder_ / "marts" / "current", id_ + "\n");
}

void Workplace::prune(int keep) const {
  const auto current = engine::current_snapshot(state_folder_);
  if (!current) return;
  std::vector<std::pair<fs::file_time_type, fs::path>> others;
  for (const fs::path& file : files_in(state_folder_ / "marts")) {
    if (file.extension() != ".db" || file.stem() == *current) continue;
    std::error_code gone;
    others.emplace_back(fs::last_write_time(file, gone), file);
  }
  std::ranges::sort(others, std::greater());
  const auto kept = static_cast<std::size_t>(std::max(keep - 1, 0));
  for (std::size_t i = kept; i < others.size(); ++i) {
    std::error_code ignored;  // readers of the file keep it open and finish on it
    fs::remove(others[i].second, ignored);
  }
}

}  // namespace martgate::build
