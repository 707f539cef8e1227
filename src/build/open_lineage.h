// What a build did, as events of the OpenLineage specification, version 2-0-2.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "build/plan.h"
#include "catalog/project.h"
#include "engine/snapshot.h"

namespace martgate::build {

inline constexpr std::string_view kOpenLineageSchema =
    "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent";

// A START and a COMPLETE for each model, in the order of the plan, one JSON object each: its job,
// the datasets it reads, and the one it writes with the facets schema, columnLineage and
// outputStatistics (rows, when the snapshot knows the model). `plan` has the detail of columns.
// Namespaces are "martgate://<project>"; a dataset is "<layer>.<name>".
[[nodiscard]] std::vector<std::string> open_lineage_events(const catalog::Project& project,
                                                           const BuildPlan& plan,
                                                           const engine::SnapshotFacts* facts,
                                                           WallTime at, IdSource& ids);

}  // namespace martgate::build
