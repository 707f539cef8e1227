#include "catalog/project_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <system_error>

#include "base/text.h"

namespace martgate::catalog {
namespace {

namespace fs = std::filesystem;

struct Found {
  std::string path;  // relative, with '/'
  bool is_folder = false;
};

bool is_below(const fs::path& path, const fs::path& folder) {
  const auto [end, stop] = std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
  return end == folder.end();
}

class Walk {
 public:
  Walk(const fs::path& root, Report& report) : root_(root), report_(report) {
    std::error_code error;
    real_root_ = fs::canonical(root, error);
  }

  // Entries directly in a folder, sorted; none when there is no such folder.
  [[nodiscard]] std::vector<Found> list(const std::string& folder) const {
    std::vector<Found> entries;
    std::error_code error;
    if (!fs::exists(root_ / folder, error)) return entries;
    if (!is_inside(folder)) return entries;
    for (fs::directory_iterator it(root_ / folder, error), end; !error && it != end;
         it.increment(error)) {
      const std::string name = it->path().filename().string();
      if (name.starts_with('.')) continue;
      const std::string path = folder + "/" + name;
      if (!is_inside(path)) continue;
      std::error_code kind_error;
      const bool is_folder = it->is_directory(kind_error);
      if (is_folder || it->is_regular_file(kind_error)) entries.push_back({path, is_folder});
    }
    if (error) mistake(folder, fmt::format("cannot be listed: {}", error.message()));
    std::ranges::sort(entries, {}, &Found::path);
    return entries;
  }

  // The YAML files of a flat folder.
  [[nodiscard]] std::vector<std::string> yaml_files(const std::string& folder) const {
    std::vector<std::string> files;
    for (const Found& entry : list(folder)) {
      if (entry.is_folder) {
        mistake(entry.path, "a folder that is not read",
                {fmt::format("files lie directly in {}", folder)});
      } else if (entry.path.ends_with(".yaml")) {
        files.push_back(entry.path);
      } else {
        refuse_near_miss(entry.path);
      }
    }
    return files;
  }

  void refuse_near_miss(const std::string& path) const {
    if (path.ends_with(".yml")) {
      mistake(path, "a file that is not read", {"rename it to .yaml"});
    } else if (path.ends_with(".yaml") || path.ends_with(".sql")) {
      mistake(path, "a file that is not read",
              {"models lie in catalog/models/staging and catalog/models/marts"});
    }
  }

  void mistake(std::string file, std::string message, std::vector<std::string> hints = {}) const {
    report_.add({std::move(file), 0, 0, std::move(message), std::move(hints)});
  }

 private:
  [[nodiscard]] bool is_inside(const std::string& path) const {
    std::error_code error;
    const fs::path real = fs::canonical(root_ / path, error);
    if (!error && is_below(real, real_root_)) return true;
    mistake(path, error ? fmt::format("cannot be followed: {}", error.message())
                        : std::string("a link that leads out of the project folder"));
    return false;
  }

  fs::path root_;
  fs::path real_root_;
  Report& report_;
};

// The YAML files of one folder that have their SQL or CSV; the halves without the other are
// reported.
void add_pairs(const Walk& walk, const std::string& folder, const std::string& ending,
               std::vector<std::string>& models) {
  std::vector<std::string> yaml;
  std::set<std::string> sql;
  for (const Found& entry : walk.list(folder)) {
    if (entry.is_folder) {
      walk.mistake(entry.path, "a folder that is not read",
                   {fmt::format("files lie directly in {}", folder)});
    } else if (entry.path.ends_with(".yaml")) {
      yaml.push_back(entry.path);
    } else if (entry.path.ends_with(ending)) {
      sql.insert(entry.path);
    } else {
      walk.refuse_near_miss(entry.path);
    }
  }
  for (const std::string& path : yaml) {
    const std::string beside = path.substr(0, path.size() - 5) + ending;
    if (sql.erase(beside) == 0) {
      walk.mistake(
          beside, "the file is missing",
          {fmt::format("{} needs its {} beside it", path, ending == ".sql" ? "SELECT" : "rows")});
    }
    models.push_back(path);
  }
  for (const std::string& path : sql) {
    walk.mistake(path.substr(0, path.size() - 4) + ".yaml", "the file is missing",
                 {fmt::format("{} needs its columns and owner beside it", path)});
  }
}

}  // namespace

ProjectFiles find_project_files(const fs::path& root, Report& report) {
  const Walk walk(root, report);
  ProjectFiles files;
  static const std::vector<std::string> kCatalogNames{"sources", "models",         "seeds",
                                                      "metrics", "questions.yaml", "jobs.yaml"};
  for (const Found& entry : walk.list("catalog")) {
    const std::string name = entry.path.substr(std::string_view("catalog/").size());
    const bool is_known = std::ranges::find(kCatalogNames, name) != kCatalogNames.end();
    if (name == "questions.yaml" && !entry.is_folder) {
      files.has_questions = true;
    } else if (name == "jobs.yaml" && !entry.is_folder) {
      files.has_jobs = true;
    } else if (!is_known && entry.is_folder) {
      walk.mistake(entry.path, "a folder that is not read", name_hints(name, kCatalogNames));
    } else if (!entry.is_folder && (name.ends_with(".yaml") || name.ends_with(".yml"))) {
      walk.mistake(entry.path, "a file that is not read", name_hints(name, kCatalogNames));
    }
  }
  files.sources = walk.yaml_files("catalog/sources");
  files.metrics = walk.yaml_files("catalog/metrics");
  for (const Found& entry : walk.list("catalog/models")) {
    const std::string name = entry.path.substr(std::string_view("catalog/models/").size());
    if (!entry.is_folder) {
      walk.refuse_near_miss(entry.path);
    } else if (name != "staging" && name != "marts") {
      walk.mistake(entry.path, "a folder that is not read", {"accepted: staging, marts"});
    }
  }
  add_pairs(walk, "catalog/models/staging", ".sql", files.models);
  add_pairs(walk, "catalog/models/marts", ".sql", files.models);
  add_pairs(walk, "catalog/seeds", ".csv", files.seeds);
  std::error_code error;
  files.has_tools_folder = fs::exists(root / "tools", error);
  if (files.has_tools_folder) files.tools = walk.yaml_files("tools");
  return files;
}

}  // namespace martgate::catalog
