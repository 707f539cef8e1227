#include "ingest/glob.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <system_error>

#include "base/text.h"

namespace martgate::ingest {
namespace {

namespace fs = std::filesystem;

// Names in `folder` that fit one part of the pattern.
Result<std::vector<std::string>> names_matching(const fs::path& folder, const std::string& part,
                                                bool is_last) {
  std::vector<std::string> names;
  std::error_code problem;
  if (!fs::is_directory(folder, problem)) return names;
  fs::directory_iterator entry(folder, problem);
  for (; !problem && entry != fs::directory_iterator(); entry.increment(problem)) {
    std::string name = entry->path().filename().string();
    if (fnmatch(part.c_str(), name.c_str(), FNM_PERIOD) != 0) continue;
    std::error_code unreadable;
    const bool is_wanted =
        is_last ? entry->is_regular_file(unreadable) : entry->is_directory(unreadable);
    if (is_wanted) names.push_back(std::move(name));
  }
  if (problem) {
    return fail(Code::Unavailable,
                fmt::format("cannot list {}: {}", folder.string(), problem.message()));
  }
  return names;
}

// True when the path, its symbolic links followed, lies outside `home`.
bool leaves(const fs::path& home, const fs::path& path) {
  std::error_code problem;
  const fs::path real = fs::canonical(path, problem);
  if (problem) return true;
  const auto end = std::ranges::mismatch(home, real);
  return end.in1 != home.end();
}

}  // namespace

Result<std::vector<std::string>> files_matching(const fs::path& folder, std::string_view pattern) {
  const std::vector<std::string_view> parts = split(pattern, '/');
  if (pattern.starts_with('/') || std::ranges::find(parts, "..") != parts.end()) {
    return fail(Code::InvalidArgument,
                fmt::format("file pattern {} leaves the data folder", shown(pattern)),
                {"a pattern starts in the data folder and holds no .."});
  }
  std::vector<std::string> found{""};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].empty() || parts[i] == ".") continue;
    std::vector<std::string> deeper;
    for (const std::string& prefix : found) {
      auto names = names_matching(folder / prefix, std::string(parts[i]), i + 1 == parts.size());
      if (!names) return names;
      for (const std::string& name : *names) {
        deeper.push_back(prefix.empty() ? name : fmt::format("{}/{}", prefix, name));
      }
    }
    found = std::move(deeper);
  }
  if (found == std::vector<std::string>{""}) found.clear();
  std::error_code problem;
  const fs::path home = fs::weakly_canonical(folder, problem);
  std::erase_if(found, [&](const std::string& path) { return leaves(home, folder / path); });
  std::ranges::sort(found);
  return found;
}

}  // namespace martgate::ingest
