// One large CSV file through the door, against sqlite3's own .import of it.
#pragma once

#include <filesystem>

#include "cli/terminal.h"

namespace martgate::bench {

// Prints rows per second of both, their ratio and the peak memory of this process. False when
// something failed. Without the sqlite3 program only the door is measured.
bool run_ingest_bench(cli::Terminal& terminal, const std::filesystem::path& folder);

}  // namespace martgate::bench
