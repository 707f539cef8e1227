// Which models of a project someone means: "orders", "orders+", "+orders", "tag:finance", a path.
#pragma once

#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "catalog/project.h"
#include "engine/snapshot.h"

namespace martgate::build {

// Every model that one of the expressions names:
//
//   orders               the model
//   tag:finance          models with this tag
//   source:billing       models that read one of its raw tables
//   catalog/models/marts the models whose file lies there; also one file, YAML or SQL
//   +x, x+, +x+          x and all it is made from, all that is made from it, both
//
// Errors: NotFound, reason "unknown_model", with the nearest names.
[[nodiscard]] Result<std::set<std::string>> select_models(
    const catalog::Project& project, const std::vector<engine::LineageEdge>& lineage,
    std::span<const std::string> expressions);

}  // namespace martgate::build
