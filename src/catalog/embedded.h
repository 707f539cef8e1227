// Files of the repository that are part of the program, by their path below their folder.
#pragma once

#include <array>
#include <span>
#include <string_view>

namespace martgate::catalog {

struct EmbeddedFile {
  std::string_view path;  // "catalog/metric.schema.json", "query_metrics.yaml"
  std::string_view text;
};

// Sorted by path.
[[nodiscard]] std::span<const EmbeddedFile> embedded_schemas();  // schemas/**/*.json
[[nodiscard]] std::span<const EmbeddedFile> embedded_tools();    // tools/*.yaml, the standard tools

}  // namespace martgate::catalog
