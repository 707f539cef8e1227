// What an answer rests on, from what the engine really read: never from what anyone claims.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json_writer.h"
#include "base/result.h"
#include "catalog/project.h"
#include "engine/snapshot.h"
#include "tools/tool.h"
#include "tools/trust.h"

namespace martgate::gate {

struct Definition {
  std::string name;    // "metric.net_revenue"
  std::string digest;  // SHA-256 hex
};

struct Citation {
  std::string table;                 // "orders", "metric.net_revenue", "snapshot"
  std::vector<std::string> columns;  // sorted; of tables only
  std::string layer;                 // "marts" | "staging" | "catalog" | "snapshot"
  std::string snapshot;              // id; empty for the catalog
  std::optional<WallTime> loaded_at;
  tools::Freshness freshness = tools::Freshness::Unknown;
  tools::TestCounts tests;
  std::vector<std::string> sources;  // sorted
  std::vector<Definition> definitions;
};

struct Evidence {
  std::vector<Citation> citations;
  tools::Trust trust = tools::Trust::Unknown;
  std::vector<tools::Warning> warnings;
};

// Pure. Errors: Internal (reason "uncited") when nothing stands behind the answer: it may not
// leave.
[[nodiscard]] Result<Evidence> cite(const tools::ToolAnswer& answer,
                                    const catalog::Project& project,
                                    const engine::SnapshotFacts& facts, WallTime now);

// The array of citations; `commit` is the project's and may be empty.
void write_citations(JsonWriter& json, const std::vector<Citation>& citations,
                     const std::string& commit);

// One line for the model: "source: orders (net_amount, ordered_at) from billing, shop; …".
[[nodiscard]] std::string citation_line(const Evidence& evidence);

}  // namespace martgate::gate
