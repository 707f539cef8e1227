// Rows that were kept out of raw: what they are, why, and the second chance after a fix.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "catalog/project.h"

namespace martgate::ingest {

struct QuarantinedRow {
  std::int64_t id = 0;
  std::string source;
  std::string raw_name;
  std::string path;
  std::int64_t load_id = 0;
  std::int64_t line = 0;  // of the delivery
  std::int64_t row = 0;
  std::string column;  // empty when it is not one column's fault
  std::string slug;    // "not_decimal"
  std::string reason;  // one clause
  std::string raw;     // the bytes of the row
  bool is_cut = false;
  std::int64_t replayed_by = 0;  // a load; 0: it waits
  WallTime at{};
};

struct QuarantineFilter {
  std::string only;  // a source or a raw table; empty: all
  std::string slug;  // empty: all
  std::int64_t limit = 50;
  bool with_replayed = false;
};

// What waits in the quarantine of the live loads, by reason.
struct QuarantineCount {
  std::string source;
  std::string raw_name;
  std::string slug;
  std::string column;
  std::int64_t rows = 0;
  std::string example;  // one of their reasons
};

// Sorted by raw table, then most rows first. A store that does not exist holds nothing.
[[nodiscard]] Result<std::vector<QuarantineCount>> quarantine_counts(
    const std::filesystem::path& raw_store, const QuarantineFilter& filter);
// Oldest first, at most filter.limit.
[[nodiscard]] Result<std::vector<QuarantinedRow>> quarantined_rows(
    const std::filesystem::path& raw_store, const QuarantineFilter& filter);
// Errors: NotFound, reason "unknown_row".
[[nodiscard]] Result<QuarantinedRow> quarantined_row(const std::filesystem::path& raw_store,
                                                     std::int64_t id);

struct ReplayReport {
  struct Table {
    std::string raw_name;
    std::int64_t tried = 0;
    std::int64_t loaded = 0;    // are in raw now
    std::int64_t repeated = 0;  // raw held them already
    std::int64_t kept = 0;      // still break the contract, with the reason of today
    std::int64_t cut = 0;       // too long to have been kept whole: only their file has them
  };
  std::vector<Table> tables;  // sorted by raw name; those with rows to try
};

// Reads the waiting rows of live loads by the contract of today. Those that keep it become a load
// of their own, which lives as long as the load they came with; the others stay, with today's
// reason. One transaction a load, and each row once: a second replay finds nothing to do.
// Errors: as ingest().
[[nodiscard]] Result<ReplayReport> replay_quarantine(const catalog::Project& project,
                                                     const std::filesystem::path& state_folder,
                                                     const Clock& clock,
                                                     std::string_view only = {});

}  // namespace martgate::ingest
