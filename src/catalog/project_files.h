// Which files of a project folder are read, and which lie where nobody looks.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "catalog/node.h"

namespace martgate::catalog {

// Paths relative to the project folder, with '/', sorted.
struct ProjectFiles {
  std::vector<std::string> sources;
  std::vector<std::string> models;  // YAML; the SQL lies beside it
  std::vector<std::string> seeds;   // YAML; the CSV lies beside it
  std::vector<std::string> metrics;
  std::vector<std::string> tools;
  bool has_questions = false;
  bool has_jobs = false;
  bool has_tools_folder = false;
};

// Reports YAML and SQL in places that are not read, models of which one half is missing, and links
// that lead out of the folder. Files whose name begins with a dot do not count.
[[nodiscard]] ProjectFiles find_project_files(const std::filesystem::path& root, Report& report);

}  // namespace martgate::catalog
