// The demo's inventory as its page shows it, two hours after a load that never came for one source.
#include <doctest/doctest.h>

#include "build/plan.h"
#include "catalog/load.h"
#include "cli/sources_page.h"
#include "support/golden.h"

using namespace martgate;

TEST_CASE("cli: the audit of the demo's sources fits one page and names what is wrong") {
  const std::filesystem::path root(MARTGATE_SOURCE_DIR);
  const auto loaded = catalog::load_project(root);
  REQUIRE(loaded.project);
  const auto plan = build::plan_models(*loaded.project);
  REQUIRE(plan);
  REQUIRE(plan->diagnostics.empty());
  const WallTime now = *parse_rfc3339("2026-11-21T10:00:00Z");
  std::vector<ingest::TableHistory> history;
  for (const catalog::Source& source : loaded.project->sources) {
    for (const catalog::SourceTable& table : source.tables) {
      const auto age = source.common.name == "web" ? std::chrono::hours(72) : std::chrono::hours(2);
      history.push_back({source.common.name, table.raw_name, 4, 1'000, 0, 0, 0, now - age});
      if (table.raw_name == "planning_targets") history.back().quarantined = 3;
      if (table.raw_name == "ads_spend") history.back().last_loaded_at.reset();
    }
  }
  const auto audit = tools::audit_sources({*loaded.project, plan->lineage, history, now});
  const FrozenClock clock(now);
  const cli::Terminal terminal(clock, {});
  check_golden(root / "tests" / "cli" / "sources_audit.txt",
               cli::audit_page(terminal, *loaded.project, audit));
  check_golden(root / "tests" / "cli" / "sources.txt",
               cli::sources_page(terminal, *loaded.project));
}
