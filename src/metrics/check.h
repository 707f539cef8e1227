// Whether every metric's SQL is sound, found out without any data.
#pragma once

#include <vector>

#include "base/result.h"
#include "catalog/load.h"
#include "catalog/project.h"

namespace martgate::metrics {

// Prepares each metric over empty marts with the declared columns, so that a mistake in an
// expression shows with its file before anything is built. Sorted by file.
[[nodiscard]] std::vector<catalog::Diagnostic> check_metrics(const catalog::Project& project);

}  // namespace martgate::metrics
