#include "build/marts_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "base/files.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "engine/snapshot.h"
#include "engine/snapshot_lease.h"

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

fs::path history_path(const fs::path& state_folder) {
  return state_folder / "marts" / "history.jsonl";
}

// One line, synced. A short last line is a crash while writing; readers leave it out, and the line
// end in front keeps it from spoiling this one.
Status add_history(const fs::path& state_folder, const HistoryLine& line) {
  std::string text = "\n";
  JsonWriter json(text);
  json.begin_object().field("at", to_rfc3339(line.at)).field("change", name_of(line.change));
  json.field("from", line.from).field("id", line.id).end_object();
  text += "\n";
  const fs::path path = history_path(state_folder);
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  const bool is_written =
      file >= 0 && ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
      ::fsync(file) == 0;
  const int problem = errno;
  if (file >= 0) ::close(file);
  if (is_written) return {};
  return fail(Code::Unavailable,
              fmt::format("cannot write {}: {}", path.string(), std::strerror(problem)));
}

// The history line first: a crash in between leaves a line about what did not happen, which the
// next line's `from` shows, and never a change that nobody wrote down.
Status make_current(const fs::path& state_folder, std::string_view id, Change change, WallTime at) {
  const auto from = engine::current_snapshot(state_folder);
  if (from && *from == id) return {};
  // Its time is when it became current last: what pruning goes by.
  std::error_code ignored;
  fs::last_write_time(engine::snapshot_path(state_folder, id),
                      std::chrono::file_clock::from_sys(at), ignored);
  auto noted = add_history(state_folder, {at, change, std::string(id), from ? *from : ""});
  if (!noted) return noted;
  return replace_file(state_folder / "marts" / "current", fmt::format("{}\n", id));
}

void remove_leftovers(const fs::path& folder) {
  std::error_code ignored;
  fs::remove_all(folder / "building", ignored);
  for (const fs::path& file : files_in(folder)) {
    if (file.extension() == ".tmp") fs::remove(file, ignored);
  }
}

}  // namespace

std::string_view name_of(Change change) {
  switch (change) {
    case Change::Published:
      return "publish";
    case Change::RolledBack:
      return "rollback";
    case Change::Pruned:
      return "prune";
  }
  return "publish";
}

Result<MartsLock> MartsLock::take(const fs::path& state_folder) {
  const fs::path folder = state_folder / "marts";
  std::error_code problem;
  fs::create_directories(folder, problem);
  if (problem) {
    return fail(Code::Unavailable,
                fmt::format("cannot make {}: {}", folder.string(), problem.message()));
  }
  auto lock = FileLock::take(state_folder / "build.lock", "build");
  if (!lock) return tl::unexpected(lock.error());
  remove_leftovers(folder);
  return MartsLock(state_folder, std::move(*lock));
}

Result<Workplace> Workplace::make(const MartsLock& lock) {
  fs::path folder = lock.state_folder() / "marts" / "building";
  std::error_code problem;
  fs::create_directories(folder, problem);
  if (problem) {
    return fail(Code::Unavailable,
                fmt::format("cannot make {}: {}", folder.string(), problem.message()));
  }
  return Workplace(std::move(folder));
}

Workplace::Workplace(Workplace&& other) noexcept : folder_(std::exchange(other.folder_, {})) {}

Workplace::~Workplace() {
  std::error_code ignored;  // what cannot be removed now is a leftover for the next build
  if (!folder_.empty()) fs::remove_all(folder_, ignored);
}

fs::path Workplace::table_path(std::string_view model) const {
  return folder_ / fmt::format("table-{}.db", model);
}

Result<std::vector<HistoryLine>> read_history(const fs::path& state_folder) {
  std::vector<HistoryLine> lines;
  const auto text = read_file(history_path(state_folder));
  if (!text && text.error().code == Code::NotFound) return lines;
  if (!text) return tl::unexpected(text.error());
  for (const std::string_view line : split(*text, '\n')) {
    const auto json = nlohmann::json::parse(line, nullptr, false);
    const auto word = [&](const char* key) {
      const auto found = json.find(key);
      return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
    };
    if (!json.is_object()) continue;
    const auto at = parse_rfc3339(word("at"));
    const std::string change = word("change");
    for (const Change known : {Change::Published, Change::RolledBack, Change::Pruned}) {
      if (at && change == name_of(known)) lines.push_back({*at, known, word("id"), word("from")});
    }
  }
  return lines;
}

Status publish(const MartsLock& lock, const fs::path& built, std::string_view id, WallTime at) {
  const fs::path published = engine::snapshot_path(lock.state_folder(), id);
  if (const auto held = engine::read_facts(published); !held || held->id != id) {
    if (auto synced = sync_file(built); !synced) return synced;
    std::error_code problem;
    fs::rename(built, published, problem);
    if (problem) {
      return fail(Code::Unavailable,
                  fmt::format("cannot rename {}: {}", built.string(), problem.message()));
    }
    if (auto synced = sync_folder(published.parent_path()); !synced) return synced;
  }
  return make_current(lock.state_folder(), id, Change::Published, at);
}

Status roll_back(const MartsLock& lock, std::string_view id, WallTime at) {
  const std::vector<std::string> ids = published_ids(lock.state_folder());
  if (std::ranges::find(ids, id) == ids.end()) {
    return fail(Code::NotFound, fmt::format("there is no snapshot {}", shown(id, 60)),
                name_hints(id, ids), "unknown_snapshot");
  }
  const auto facts = engine::read_facts(engine::snapshot_path(lock.state_folder(), id));
  if (!facts) return tl::unexpected(facts.error());
  return make_current(lock.state_folder(), id, Change::RolledBack, at);
}

Result<std::vector<std::string>> prune(const MartsLock& lock, int keep, WallTime at) {
  std::vector<std::string> gone;
  const auto current = engine::current_snapshot(lock.state_folder());
  if (!current) return gone;
  std::vector<std::string> others = published_ids(lock.state_folder());
  std::erase(others, *current);
  for (std::size_t i = static_cast<std::size_t>(std::max(keep - 1, 0)); i < others.size(); ++i) {
    const fs::path path = engine::snapshot_path(lock.state_folder(), others[i]);
    const auto claim = engine::SnapshotLease::claim(path);
    if (!claim) continue;  // whoever reads it keeps it; the next pruning looks again
    auto noted = add_history(lock.state_folder(), {at, Change::Pruned, others[i], ""});
    if (!noted) return tl::unexpected(noted.error());
    std::error_code problem;
    if (fs::remove(path, problem)) gone.push_back(others[i]);
  }
  return gone;
}

std::vector<std::string> published_ids(const fs::path& state_folder) {
  std::vector<std::pair<fs::file_time_type, std::string>> found;
  for (const fs::path& file : files_in(state_folder / "marts")) {
    std::error_code gone;
    if (file.extension() == ".db") {
      found.emplace_back(fs::last_write_time(file, gone), file.stem().string());
    }
  }
  std::ranges::sort(found, std::greater());
  std::vector<std::string> ids;
  ids.reserve(found.size());
  for (auto& [time, id] : found) ids.push_back(std::move(id));
  return ids;
}

}  // namespace martgate::build
