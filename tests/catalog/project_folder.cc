#include "catalog/project_folder.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <fstream>
#include <stdexcept>

#include "base/files.h"

namespace martgate::catalog {

namespace fs = std::filesystem;

ProjectFolder::ProjectFolder() {
  std::string pattern = (fs::temp_directory_path() / "martgate-catalog-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
  path_ = pattern;
}

ProjectFolder::ProjectFolder(ProjectFolder&& other) noexcept
    : path_(std::move(other.path_)), files_(std::move(other.files_)) {
  other.path_.clear();
}

ProjectFolder::~ProjectFolder() {
  std::error_code error;
  if (!path_.empty()) fs::remove_all(path_, error);
}

ProjectFolder ProjectFolder::fixture(const std::string& name) {
  ProjectFolder folder;
  const fs::path root = fs::path(MARTGATE_SOURCE_DIR) / "tests/catalog/fixtures" / name;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (!entry.is_regular_file()) continue;
    const auto text = read_file(entry.path());
    REQUIRE(text);
    folder.write(fs::relative(entry.path(), root).generic_string(), *text);
  }
  REQUIRE_FALSE(folder.files().empty());
  return folder;
}

void ProjectFolder::replace(const std::string& file, const std::string& from,
                            const std::string& to) {
  CAPTURE(file);
  CAPTURE(from);
  REQUIRE(files_.contains(file));
  std::string& text = files_.at(file);
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  REQUIRE(text.find(from, at + 1) == std::string::npos);
  text.replace(at, from.size(), to);
}

void ProjectFolder::store() const {
  for (const auto& entry : fs::directory_iterator(path_)) fs::remove_all(entry.path());
  for (const auto& [file, text] : files_) {
    fs::create_directories((path_ / file).parent_path());
    std::ofstream(path_ / file, std::ios::binary) << text;
  }
}

Loaded ProjectFolder::load(const LoadOptions& options) const {
  store();
  return load_project(path_, options);
}

std::string to_lines(const std::vector<Diagnostic>& diagnostics) {
  std::string text;
  for (const Diagnostic& diagnostic : diagnostics) text += to_text(diagnostic) + "\n";
  return text;
}

}  // namespace martgate::catalog
