// The loop that every connector runs in: pages into the raw store, each with the cursor behind it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "catalog/project.h"
#include "ingest/connect/pages.h"
#include "ingest/connect/pull_store.h"
#include "ingest/connect/unseen_rows.h"
#include "ingest/raw_store.h"

namespace martgate::ingest {

// One table, one way to poll it.
struct PullJob {
  const std::string& source;
  const catalog::SourceTable& table;
  std::string name;                     // of its cursor: the raw table, or "<raw table>/reconcile"
  std::string_view system;              // "sqlite"
  std::string_view page_name = "page";  // deliveries are "page-000000000001"
  RowIdentity identity = RowIdentity::Content;
  catalog::Retry retry;
  std::int64_t wait_ms_max = 60'000;  // a longer wish of the other side ends the run
  // A run that begins at `cursor`, or at `since` when it is given.
  std::function<std::unique_ptr<Pages>(const std::string& cursor,
                                       const std::optional<std::string>& since)>
      open;
};

struct PullOptions {
  bool full = false;  // from the beginning; rows that are there already are not loaded again
  std::optional<std::string> since;
  std::function<void(std::int64_t ms)> wait;  // blocks
  // Rows of this run so far; called before each commit and behind it.
  std::function<void(std::int64_t rows)> progress = {};
};

struct PullReport {
  PullRun run;
  std::optional<Error> error;  // of the source; what was loaded before it stays
};

// Writes the run into _martgate_pull_runs, however it ended.
// Errors: of the raw store only.
[[nodiscard]] Result<PullReport> pull(RawStore& store, PullStore& pulls, const PullJob& job,
                                      const PullOptions& options, const Clock& clock,
                                      Random& random);

}  // namespace martgate::ingest
