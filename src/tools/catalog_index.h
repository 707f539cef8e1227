// Words -> catalog objects: the index behind search_catalog and `martgate catalog search`.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/project.h"

namespace martgate::tools {

struct CatalogHit {
  std::string kind;  // "metric" | "question" | "mart" | "source"
  std::string name;
  std::string label;
  std::string description;
  std::string owner;
  std::string unit;                     // metrics
  std::vector<std::string> dimensions;  // metrics and marts
  std::vector<std::string> metrics;     // questions
  double score = 0;                     // in (0, 1], 1: every word stands in the name
};

// Best first; equal scores put metrics before questions, marts and sources, then go by name.
// `kinds` empty: all of them. Words are compared in lower case with plural endings cut; rare words
// weigh more, and a word counts for the best field it is in: name, synonym, question, description.
[[nodiscard]] std::vector<CatalogHit> search_index(const catalog::Project& project,
                                                   std::string_view text,
                                                   const std::vector<std::string>& kinds);

}  // namespace martgate::tools
