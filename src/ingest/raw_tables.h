// Names and SQL texts of a source table's part of the raw store.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "catalog/project.h"
#include "store/connection.h"

namespace martgate::ingest {

// Tables that all of raw.db shares.
[[nodiscard]] Status make_bookkeeping(store::Connection& connection);
// The table of rows with every declared column, and the view of its live rows.
[[nodiscard]] Status make_raw_table(store::Connection& connection,
                                    const catalog::SourceTable& table);

[[nodiscard]] std::string rows_table_name(const catalog::SourceTable& table);
// Quoted, in declared order, behind a prefix such as "r.".
[[nodiscard]] std::vector<std::string> quoted_columns(const catalog::SourceTable& table,
                                                      std::string_view prefix = {});

// Columns whose values together appear once in the live rows: each unique column, and each of the
// table's unique keys. Indexes into the table's columns.
[[nodiscard]] std::vector<std::vector<std::size_t>> unique_keys(const catalog::SourceTable& table);

// Index of rows by hash, and of rows by the values of a unique key; made when first needed.
[[nodiscard]] Status make_hash_index(store::Connection& connection,
                                     const catalog::SourceTable& table);
[[nodiscard]] Status make_key_index(store::Connection& connection,
                                    const catalog::SourceTable& table,
                                    const std::vector<std::size_t>& key);

[[nodiscard]] std::string text_at(const store::RowSet& rows, std::size_t row, std::size_t column);
[[nodiscard]] std::int64_t int_at(const store::RowSet& rows, std::size_t row, std::size_t column);

}  // namespace martgate::ingest
