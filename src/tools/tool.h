// One tool kind: arguments in, data out, with an account of everything that was read for it.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "catalog/project.h"
#include "engine/mart_engine.h"
#include "tools/trust.h"

namespace martgate::tools {

// What a handler may look at. All of it is immutable while the call runs.
struct Context {
  const catalog::Project& project;
  const engine::MartEngine& mart;
  WallTime now;
  const catalog::Limits& limits;
  std::stop_token cancel = {};  // the caller wants the answer no more

  [[nodiscard]] store::RunLimits run_limits(std::int64_t rows_max) const {
    return {rows_max, limits.vm_steps_max, limits.wall_ms_max, cancel};
  }
};

struct Warning {
  std::string code;  // slug
  std::string text;
};

// Everything but `members` and `text` is evidence; the gate turns it into citations, trust and
// cost.
struct ToolAnswer {
  std::string members;   // the members of structuredContent, as JSON text without the outer braces
  std::string text;      // compact, for the model
  store::ReadSet reads;  // from the engine
  std::vector<const catalog::Metric*> metrics;  // definitions the numbers come from
  std::vector<std::string> catalog_objects;     // "metric.net_revenue": catalog entries shown
  bool read_facts = false;                      // shows what the snapshot says of itself
  Trust trust = Trust::Pass;                    // of what it describes, beside what it read
  std::int64_t rows = 0;
  std::int64_t limit = 0;  // 0: the kind has none
  bool truncated = false;
  store::Work work;
  std::string plan_digest;  // of the rendered SQL; empty when none ran
  std::vector<Warning> warnings;
};

using Handler = Result<ToolAnswer> (*)(const Context&, const nlohmann::json& arguments);

// Arguments have passed the kind's input schema before they get here.
[[nodiscard]] Result<ToolAnswer> search_catalog(const Context&, const nlohmann::json& arguments);
[[nodiscard]] Result<ToolAnswer> describe_asset(const Context&, const nlohmann::json& arguments);
[[nodiscard]] Result<ToolAnswer> query_metrics(const Context&, const nlohmann::json& arguments);
[[nodiscard]] Result<ToolAnswer> list_dimension_values(const Context&,
                                                       const nlohmann::json& arguments);
[[nodiscard]] Result<ToolAnswer> lookup_entity(const Context&, const nlohmann::json& arguments);
[[nodiscard]] Result<ToolAnswer> check_health(const Context&, const nlohmann::json& arguments);

[[nodiscard]] Handler handler_of(catalog::ToolKind kind);

}  // namespace martgate::tools
