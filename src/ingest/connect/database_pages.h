// Pages of a database table: a stretch of its query, cut where the cursor's value changes.
#pragma once

#include <memory>

#include "base/clock.h"
#include "catalog/project.h"
#include "ingest/connect/pages.h"
#include "ingest/connect/query_rows.h"

namespace martgate::ingest {

inline constexpr std::int64_t kPageRows = 100'000;  // of a table with a cursor; then the next cut

struct DatabaseStart {
  std::string cursor;                // of the last run; empty: from the beginning
  std::optional<std::string> since;  // begin here instead, this value included
  std::int64_t page_rows = kPageRows;
};

// The whole run reads one state of the database. Borrows table and clock.
[[nodiscard]] std::unique_ptr<Pages> database_pages(const catalog::SourceTable& table,
                                                    const catalog::DatabaseRead& read,
                                                    OpenQuery open, DatabaseStart start,
                                                    const Clock& clock);

}  // namespace martgate::ingest
