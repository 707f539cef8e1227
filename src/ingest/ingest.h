// Files of a project's data folder -> the raw store of its state folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "catalog/project.h"
#include "ingest/connect/connect.h"
#include "ingest/drift.h"
#include "ingest/raw_store.h"

namespace martgate::ingest {

struct IngestProgress {
  std::string_view raw_name;
  std::string_view path;
  std::int64_t rows = 0;  // of this file so far
  std::size_t files_done = 0;
  std::size_t files_total = 0;  // of this table
};

struct IngestOptions {
  bool full = false;                   // load every file again, whether or not its bytes are known
  std::optional<WallTime> since = {};  // leave files alone that were last written before
  std::vector<std::string> release = {};  // held files to let in: paths, raw tables or "all"
  std::string only = {};                  // a source or a raw table; empty: all of them
  ConnectOptions connect = {};            // of tables behind a connector; full counts there too
  std::function<void(const IngestProgress&)> progress = {};
};

struct RefusedFile {
  std::string path;  // relative to the data folder
  Error error;
};

struct HeldFile {
  std::string path;
  std::string reason;  // "holds 12 rows, 0.1 times the usual 120"
};

struct DriftedFile {
  std::string path;
  DriftEvent event;
};

struct TableReport {
  std::string source;
  std::string raw_name;
  std::size_t files_seen = 0;
  std::size_t loaded = 0;
  std::size_t replaced = 0;  // of those, loads that took the place of an earlier one
  std::size_t skipped = 0;   // the same bytes were loaded before
  std::vector<RefusedFile> refused;
  std::vector<HeldFile> held;
  std::vector<DriftedFile> drift;
  std::vector<std::string> vanished;  // paths whose rows stay live though their file is gone
  std::int64_t rows = 0;              // of the files loaded now
  std::int64_t repeated = 0;          // rows that another file holds already
  std::int64_t quarantined = 0;       // rows of them that were kept out
  std::vector<PullReport> pulls;      // of a table behind a connector; its files are pages
};

struct IngestReport {
  std::vector<TableReport> tables;  // sorted by raw name
  std::int64_t released = 0;        // held files that were let in

  [[nodiscard]] bool has_refusals() const;
  [[nodiscard]] bool has_held() const;
  [[nodiscard]] std::size_t files_loaded() const;
};

// Each file is one transaction; one that is refused or held leaves the others alone.
// Errors: Unavailable when another ingest holds state/raw.lock or the store cannot be written;
// InvalidArgument for a contract that makes no sense; NotFound when `only` names nothing.
[[nodiscard]] Result<IngestReport> ingest(const catalog::Project& project,
                                          const std::filesystem::path& state_folder,
                                          const Clock& clock, const IngestOptions& options = {});

}  // namespace martgate::ingest
