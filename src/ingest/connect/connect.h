// A table of a source with a connector, brought up to date.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "catalog/project.h"
#include "ingest/connect/database_pages.h"
#include "ingest/connect/pull.h"
#include "ingest/connect/secrets.h"

namespace martgate::ingest {

// Sleeps; what a run waits with unless it is given something else.
void wait_ms(std::int64_t ms);

struct ConnectOptions {
  bool full = false;
  // Begin here: a day or a time for a timestamp, a number for an integer. Tables without a cursor
  // are read as always.
  std::optional<std::string> since;
  Secrets secret = environment_secret;
  std::function<void(std::int64_t ms)> wait = wait_ms;
  std::uint64_t seed = 0;              // of the jitter; 0: from the clock
  std::int64_t page_rows = kPageRows;  // of a database table with a cursor
  std::function<void(std::int64_t rows)> progress = {};
};

// One report for the table, for a webhook one for its inbox and one for its reconciliation.
// The table is prepared in the store. Errors: of the raw store only.
[[nodiscard]] Result<std::vector<PullReport>> pull_table(
    RawStore& store, const catalog::Project& project, const catalog::Source& source,
    const catalog::SourceTable& table, const ConnectOptions& options, const Clock& clock);

}  // namespace martgate::ingest
