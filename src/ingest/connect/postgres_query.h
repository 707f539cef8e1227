// A PostgreSQL table of somebody else: one read-only transaction, rows one at a time.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "catalog/project.h"
#include "ingest/connect/query_rows.h"
#include "ingest/connect/secrets.h"

namespace martgate::ingest {

// The transaction is REPEATABLE READ, READ ONLY; rows come one by one, so memory does not grow with
// the table. Every value is the server's own text, which loses nothing, made plain where needed:
//   boolean                    true, false
//   timestamp with time zone   2026-01-31T23:59:59.123456Z, always UTC
//   bytea                      \x and hex digits
//   the others                 as psql shows them with ISO dates; json as it was stored
// Arrays, composite types and ranges are refused with the column's name: a query can unfold them.
//
// Neither ~/.pgpass nor a service file is read. What the server says is shown without the password.
//
// Errors: try_again Unavailable (no connection, server starting or full, serialization, deadlock);
// give_up PermissionDenied (credentials), InvalidArgument (no such table or column, bad query,
// unsupported type), ResourceExhausted, reason "statement_ms_max"; FailedPrecondition, reason
// "no_secret", when password_env is not set.
[[nodiscard]] Attempt<std::unique_ptr<QueryRows>> open_postgres_query(
    const catalog::PostgresAccess& access, const catalog::SourceTable& table,
    const catalog::DatabaseRead& read, const std::optional<Bound>& bound, const Secrets& secrets);

// "2026-01-31 23:59:59.5+00" -> "2026-01-31T23:59:59.5Z"; other texts (infinity, BC) as they are.
[[nodiscard]] std::string utc_text(std::string_view timestamp);

// Whether the same statement may succeed later, by the class of its SQLSTATE.
// Source: PostgreSQL 15 documentation, appendix A.
[[nodiscard]] bool is_transient_sqlstate(std::string_view sqlstate);

}  // namespace martgate::ingest
