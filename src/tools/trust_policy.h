// Whether an answer may leave, given how far what it rests on can be trusted. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "catalog/project.h"
#include "engine/snapshot.h"
#include "tools/tool.h"
#include "tools/trust.h"

namespace martgate::tools {

[[nodiscard]] bool refuses(const catalog::TrustPolicy& policy, Trust trust);

// The metric's own policy, or the project's.
[[nodiscard]] const catalog::TrustPolicy& policy_of(const catalog::Project& project,
                                                    const catalog::Metric& metric);

// The worst of the marts it is computed on.
[[nodiscard]] Trust trust_of_metric(const catalog::Project& project,
                                    const engine::SnapshotFacts& facts, std::string_view metric,
                                    WallTime now);
// Metrics that their policy refuses now, in order of name.
[[nodiscard]] std::vector<std::string> refused_metrics(const catalog::Project& project,
                                                       const engine::SnapshotFacts& facts,
                                                       WallTime now);

// Each metric of the answer is held to its policy, each table beside those metrics' marts to the
// project's. Answers that read no table are always admitted: they tell, and do not count.
// Errors: FailedPrecondition, reason "stale_data", "failing_data", "unknown_data" or "warned_data":
// what is wrong, since when, who owns it, when it will work and what is answered meanwhile.
[[nodiscard]] Status admit(const ToolAnswer& answer, const catalog::Project& project,
                           const engine::SnapshotFacts& facts, WallTime now);

}  // namespace martgate::tools
