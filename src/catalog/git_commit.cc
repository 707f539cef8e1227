#include "catalog/git_commit.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "base/files.h"
#include "base/text.h"

namespace martgate::catalog {
namespace {

namespace fs = std::filesystem;

constexpr int kSymbolicDepthMax = 5;  // as git itself follows
constexpr std::uint64_t kReferenceBytesMax = 4096;
constexpr std::uint64_t kPackedBytesMax = 16U << 20U;

std::string first_line(const fs::path& path) {
  const auto text = read_file(path, kReferenceBytesMax);
  return text ? std::string(trim(split(*text, '\n').front())) : std::string();
}

bool is_commit(std::string_view text) {
  return (text.size() == 40 || text.size() == 64) && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

std::optional<fs::path> git_folder_above(fs::path folder) {
  for (;;) {
    const fs::path git = folder / ".git";
    std::error_code error;
    if (fs::is_directory(git, error)) return git;
    if (fs::is_regular_file(git, error)) {
      const std::string line = first_line(git);
      if (!line.starts_with("gitdir: ")) return std::nullopt;
      return (folder / line.substr(8)).lexically_normal();
    }
    if (!folder.has_relative_path()) return std::nullopt;
    folder = folder.parent_path();
  }
}

// "<hex> <name>" lines; those that begin with '#' or '^' are not references.
std::string packed_reference(const fs::path& file, std::string_view name) {
  const auto text = read_file(file, kPackedBytesMax);
  if (!text) return {};
  for (const std::string_view line : split(*text, '\n')) {
    const std::size_t blank = line.find(' ');
    if (blank != std::string_view::npos && trim(line.substr(blank + 1)) == name &&
        is_commit(line.substr(0, blank))) {
      return std::string(line.substr(0, blank));
    }
  }
  return {};
}

// A name that stays inside the git folder.
bool is_reference_name(std::string_view name) {
  return name.starts_with("refs/") && name.find("..") == std::string_view::npos;
}

}  // namespace

std::string git_commit_of(const fs::path& folder) {
  const auto git = git_folder_above(folder);
  if (!git) return {};
  const std::string common_line = first_line(*git / "commondir");
  const fs::path common = common_line.empty() ? *git : *git / common_line;
  std::string value = first_line(*git / "HEAD");
  for (int depth = 0; depth < kSymbolicDepthMax && value.starts_with("ref: "); ++depth) {
    const std::string name(trim(std::string_view(value).substr(5)));
    if (!is_reference_name(name)) return {};
    value = first_line(*git / name);
    if (value.empty()) value = first_line(common / name);
    if (value.empty()) value = packed_reference(common / "packed-refs", name);
  }
  return is_commit(value) ? value : std::string();
}

}  // namespace martgate::catalog
