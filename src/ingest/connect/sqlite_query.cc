#include "ingest/connect/sqlite_query.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>

#include "base/json_writer.h"
#include "base/text.h"
#include "ingest/connect/growing.h"

namespace martgate::ingest {
namespace {

namespace fs = std::filesystem;

constexpr int kProgressOps = 10'000;  // virtual machine steps between two looks at the clock
constexpr int kValueBytesMax = 64 << 20;
constexpr int kSqlBytesMax = 1 << 20;

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using DatabaseHandle = std::unique_ptr<sqlite3, CloseDatabase>;
using StatementHandle = std::unique_ptr<sqlite3_stmt, Finalize>;

// The database's owner may have put anything into it: only reading, and no function that reaches
// out of it.
int only_reading(void* /*context*/, int action, const char* /*first*/, const char* second,
                 const char* /*schema*/, const char* /*accessor*/) {
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE:
      return SQLITE_OK;
    case SQLITE_FUNCTION:
      return std::string_view(second) == "load_extension" ? SQLITE_DENY : SQLITE_OK;
    default:
      return SQLITE_DENY;
  }
}

class SqliteQuery final : public QueryRows {
 public:
  SqliteQuery(const catalog::SqliteAccess& access, const catalog::SourceTable& table,
              const Clock& clock)
      : access_(access), table_(table), clock_(clock) {
    texts_.resize(table.columns.size());
    cells_.resize(table.columns.size());
  }

  Attempt<void> open(const fs::path& data_folder, const catalog::DatabaseRead& read,
                     const std::optional<Bound>& bound) {
    deadline_ns_ = clock_.monotonic_ns() + access_.read_ms_max * 1'000'000;
    if (auto done = open_file(data_folder); !done) return done;
    if (auto done = run("BEGIN"); !done) return done;
    sqlite3_set_authorizer(database_.get(), only_reading, nullptr);
    if (auto done = check_names(read); !done) return done;
    auto statement = prepare(query_text(table_, read, bound, "?1"));
    if (!statement) return tl::unexpected(statement.error());
    statement_ = std::move(*statement);
    if (!bound) return {};
    // An integer has to be compared as one: to SQLite every text is greater than every number.
    const auto number = read_integer(bound->value);
    const bool is_integer = read.cursor && read.cursor->type == catalog::CursorType::Integer;
    const int rc = is_integer && number
                       ? sqlite3_bind_int64(statement_.get(), 1, *number)
                       : sqlite3_bind_text(statement_.get(), 1, bound->value.data(),
                                           static_cast<int>(bound->value.size()), SQLITE_TRANSIENT);
    if (rc != SQLITE_OK) return failure(rc);
    return {};
  }

  Attempt<bool> step() override {
    fault_.clear();
    const int rc = sqlite3_step(statement_.get());
    if (rc == SQLITE_DONE) return false;
    if (rc != SQLITE_ROW) return failure(rc);
    for (std::size_t i = 0; i < cells_.size(); ++i) take_cell(static_cast<int>(i));
    return true;
  }

  std::span<const Cell> cells() const override { return cells_; }
  std::string fault() const override { return fault_; }

  Attempt<void> restart() override {
    sqlite3_reset(statement_.get());
    return {};
  }

 private:
  Attempt<void> open_file(const fs::path& data_folder) {
    std::error_code problem;
    // The folder may be reached through a link, the database may not be one.
    const fs::path path = fs::canonical(data_folder, problem) / access_.database;
    const bool is_file = !problem && fs::is_regular_file(path, problem);
    if (!is_file) {
      return give_up({Code::NotFound,
                      fmt::format("there is no database {}", shown(access_.database)),
                      {fmt::format("it is looked for in {}", data_folder.string())},
                      "no_database"});
    }
    sqlite3* handle = nullptr;
    const int rc = sqlite3_open_v2(path.c_str(), &handle,
                                   SQLITE_OPEN_READONLY | SQLITE_OPEN_NOFOLLOW, nullptr);
    database_.reset(handle);
    if (rc != SQLITE_OK) return failure(rc);
    sqlite3_busy_timeout(handle, static_cast<int>(access_.busy_ms_max));
    for (const auto& [word, value] : {std::pair{SQLITE_DBCONFIG_DEFENSIVE, 1},
                                      {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
                                      {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
                                      {SQLITE_DBCONFIG_DQS_DML, 0},
                                      {SQLITE_DBCONFIG_DQS_DDL, 0},
                                      {SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1}}) {
      sqlite3_db_config(handle, word, value, nullptr);
    }
    for (const auto& [limit, value] : {std::pair{SQLITE_LIMIT_LENGTH, kValueBytesMax},
                                       {SQLITE_LIMIT_SQL_LENGTH, kSqlBytesMax},
                                       {SQLITE_LIMIT_ATTACHED, 0},
                                       {SQLITE_LIMIT_EXPR_DEPTH, 500}}) {
      sqlite3_limit(handle, limit, value);
    }
    sqlite3_progress_handler(handle, kProgressOps, &is_late, this);
    return run("PRAGMA query_only = ON; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0");
  }

  static int is_late(void* context) {
    const auto& query = *static_cast<SqliteQuery*>(context);
    return query.clock_.monotonic_ns() > query.deadline_ns_ ? 1 : 0;
  }

  Attempt<void> run(const char* sql) {
    const int rc = sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr);
    if (rc != SQLITE_OK) return failure(rc);
    return {};
  }

  Attempt<StatementHandle> prepare(const std::string& sql) {
    sqlite3_stmt* prepared = nullptr;
    const char* tail = nullptr;
    const int rc = sqlite3_prepare_v2(database_.get(), sql.c_str(), static_cast<int>(sql.size()),
                                      &prepared, &tail);
    StatementHandle statement(prepared);
    if (rc != SQLITE_OK) return failure(rc);
    if (statement == nullptr || !trim(tail).empty() ||
        sqlite3_stmt_readonly(statement.get()) == 0) {
      return give_up({Code::InvalidArgument, "query is not one SELECT", {}, "bad_query"});
    }
    return statement;
  }

  // The source's own names, so that a wrong one is answered with the nearest.
  Attempt<void> check_names(const catalog::DatabaseRead& read) {
    auto probe = prepare(fmt::format("SELECT * FROM {} LIMIT 0", from_text(read)));
    if (!probe) {
      if (probe.error().is_transient || read.table.empty()) return tl::unexpected(probe.error());
      return unknown_table(read, std::move(probe.error()));
    }
    std::vector<std::string> found;
    const int count = sqlite3_column_count(probe->get());
    found.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) found.emplace_back(sqlite3_column_name(probe->get(), i));
    if (auto fits = check_columns(table_, found); !fits) return give_up(fits.error());
    return {};
  }

  Attempt<void> unknown_table(const catalog::DatabaseRead& read, Failure failed) {
    auto list =
        prepare("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') ORDER BY 1");
    if (!list) return tl::unexpected(std::move(failed));
    std::vector<std::string> names;
    while (sqlite3_step(list->get()) == SQLITE_ROW) {
      names.emplace_back(reinterpret_cast<const char*>(sqlite3_column_text(list->get(), 0)));
    }
    if (std::ranges::find(names, read.table) != names.end())
      return tl::unexpected(std::move(failed));
    for (std::string& name : names) name = shown(name, 80);
    return give_up({Code::InvalidArgument,
                    fmt::format("the database has no table \"{}\"", shown(read.table, 80)),
                    name_hints(read.table, names), "unknown_table"});
  }

  void take_cell(int index) {
    std::string& text = texts_[static_cast<std::size_t>(index)];
    Cell& cell = cells_[static_cast<std::size_t>(index)];
    sqlite3_stmt* statement = statement_.get();
    const int type = sqlite3_column_type(statement, index);
    text.clear();
    if (type == SQLITE_NULL) {
      cell.reset();
      return;
    }
    if (type == SQLITE_INTEGER) {
      text = std::to_string(sqlite3_column_int64(statement, index));
    } else if (type == SQLITE_FLOAT) {
      JsonWriter(text).real(sqlite3_column_double(statement, index));
      if (text == "null")
        text = sqlite3_column_double(statement, index) > 0 ? "Infinity" : "-Infinity";
    } else {
      const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement, index));
      const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, index));
      const std::string_view value(bytes == nullptr ? "" : bytes, size);
      text = type == SQLITE_BLOB ? hex_text(value) : std::string(value);
      if (type == SQLITE_TEXT && fault_.empty()) fault_ = fault_of(value, index);
    }
    cell = text;
  }

  [[nodiscard]] std::string fault_of(std::string_view value, int index) const {
    const std::string& name = table_.columns[static_cast<std::size_t>(index)].name;
    if (!is_utf8(value)) return fmt::format("holds bytes that are not UTF-8 in {}", name);
    if (value.find('\0') != std::string_view::npos)
      return fmt::format("holds a NUL character in {}", name);
    return {};
  }

  tl::unexpected<Failure> failure(int rc) {
    const std::string message =
        shown(database_ == nullptr ? sqlite3_errstr(rc) : sqlite3_errmsg(database_.get()), 200);
    const std::string place = shown(access_.database, 120);
    switch (rc & 0xFF) {
      case SQLITE_BUSY:
      case SQLITE_LOCKED:
        return try_again({Code::Unavailable,
                          fmt::format("{} is locked by its writer: {}", place, message),
                          {},
                          "source_locked"});
      case SQLITE_IOERR:
      case SQLITE_PROTOCOL:
      case SQLITE_NOMEM:
        return try_again(
            {Code::Unavailable, fmt::format("{}: {}", place, message), {}, "source_unreadable"});
      case SQLITE_INTERRUPT:
        return give_up(
            {Code::ResourceExhausted,
             fmt::format("reading {} took longer than {} ms", place, access_.read_ms_max),
             {"raise read_ms_max, or give the table a cursor"},
             "read_ms_max"});
      case SQLITE_AUTH:
        return give_up({Code::PermissionDenied,
                        fmt::format("the query does more than read: {}", message),
                        {"accepted: one SELECT over the database's own tables"},
                        "bad_query"});
      default:
        return give_up({Code::InvalidArgument,
                        fmt::format("{}: {}", place, message),
                        {},
                        "source_unreadable"});
    }
  }

  const catalog::SqliteAccess& access_;
  const catalog::SourceTable& table_;
  const Clock& clock_;
  std::int64_t deadline_ns_ = 0;
  DatabaseHandle database_;
  StatementHandle statement_;  // ends before its database
  std::vector<std::string> texts_;
  std::vector<Cell> cells_;
  std::string fault_;
};

}  // namespace

Attempt<std::unique_ptr<QueryRows>> open_sqlite_query(const catalog::SqliteAccess& access,
                                                      const fs::path& data_folder,
                                                      const catalog::SourceTable& table,
                                                      const catalog::DatabaseRead& read,
                                                      const std::optional<Bound>& bound,
                                                      const Clock& clock) {
  auto query = std::make_unique<SqliteQuery>(access, table, clock);
  if (auto opened = query->open(data_folder, read, bound); !opened)
    return tl::unexpected(opened.error());
  return query;
}

}  // namespace martgate::ingest
