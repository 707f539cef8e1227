// A project in memory that a test changes, writes to a folder of its own, and loads.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "catalog/load.h"

namespace martgate::catalog {

class ProjectFolder {
 public:
  // The files of tests/catalog/fixtures/<name>.
  [[nodiscard]] static ProjectFolder fixture(const std::string& name);

  ProjectFolder();
  ~ProjectFolder();
  ProjectFolder(ProjectFolder&& other) noexcept;
  ProjectFolder& operator=(ProjectFolder&&) = delete;

  void write(const std::string& file, const std::string& text) { files_[file] = text; }
  void remove(const std::string& file) { files_.erase(file); }
  // `from` stands in the file exactly once.
  void replace(const std::string& file, const std::string& from, const std::string& to);
  [[nodiscard]] const std::map<std::string, std::string>& files() const { return files_; }

  // Writes all files into an empty folder.
  void store() const;
  // store() and load_project().
  [[nodiscard]] Loaded load(const LoadOptions& options = {}) const;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  std::map<std::string, std::string> files_;
};

// One diagnostic a line.
[[nodiscard]] std::string to_lines(const std::vector<Diagnostic>& diagnostics);

}  // namespace martgate::catalog
