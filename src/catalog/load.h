// Project folder -> checked project, or every mistake in it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "catalog/project.h"

namespace martgate::catalog {

// One mistake, at its place. line and column (in bytes) count from 1; both are 0 when the mistake
// is the file itself: missing, or lying where nothing is read.
struct Diagnostic {
  std::string file;  // relative to the project folder
  int line = 0;
  int column = 0;
  std::string message;             // one clause: what is wrong
  std::vector<std::string> hints;  // what is accepted, the nearest name
};

// «catalog/metrics/x.yaml:3:7: unknown key "ownr"; did you mean owner»
[[nodiscard]] std::string to_text(const Diagnostic& diagnostic);

struct LoadOptions {
  std::optional<std::filesystem::path> data_folder;   // instead of martgate.yaml's
  std::optional<std::filesystem::path> state_folder;  // instead of martgate.yaml's
};

struct Loaded {
  std::optional<Project> project;       // absent when there is any mistake
  std::vector<Diagnostic> diagnostics;  // sorted by file and line
};

// Reads only files under `root`, and the references of the git repository around it; never writes.
// A folder without martgate.yaml is one diagnostic.
[[nodiscard]] Loaded load_project(const std::filesystem::path& root,
                                  const LoadOptions& options = {});

// The diagnostics as one error: the first as message, the others as hints.
[[nodiscard]] Error to_error(const std::vector<Diagnostic>& diagnostics);

}  // namespace martgate::catalog
