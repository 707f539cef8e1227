// A SQLite database of somebody else: read-only, hardened, in one read transaction.
#pragma once

#include <filesystem>
#include <memory>

#include "base/clock.h"
#include "catalog/project.h"
#include "ingest/connect/query_rows.h"

namespace martgate::ingest {

// INTEGER and REAL become their shortest exact text, BLOB "\x" and hex digits. Text that is not
// UTF-8 or holds NUL makes a bad row.
//
// The file may be written by its owner meanwhile; the read sees one state of it. A file with a
// write-ahead log needs its folder to be writable or its -shm file to be there.
//
// Errors: give_up NotFound (no such file), InvalidArgument (not a database, no such table, more
// than one statement, anything but a SELECT); try_again Unavailable (locked longer than
// busy_ms_max); give_up ResourceExhausted, reason "read_ms_max".
[[nodiscard]] Attempt<std::unique_ptr<QueryRows>> open_sqlite_query(
    const catalog::SqliteAccess& access, const std::filesystem::path& data_folder,
    const catalog::SourceTable& table, const catalog::DatabaseRead& read,
    const std::optional<Bound>& bound, const Clock& clock);

}  // namespace martgate::ingest
