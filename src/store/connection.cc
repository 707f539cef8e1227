#include "store/connection.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include "base/check.h"
#include "store/functions.h"

namespace martgate::store {
namespace {

constexpr int kBusyTimeoutMs = 5'000;

Code code_of(int rc) {
  switch (rc & 0xFF) {
    case SQLITE_AUTH:
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return Code::PermissionDenied;
    case SQLITE_ERROR:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_RANGE:
    case SQLITE_TOOBIG:
      return Code::InvalidArgument;
    case SQLITE_MISUSE:
      return Code::Internal;
    default:
      return Code::Unavailable;
  }
}

tl::unexpected<Error> sqlite_error(sqlite3* database, int rc) {
  return fail(code_of(rc), sqlite3_errmsg(database));
}

int bind_one(sqlite3_stmt* statement, int position, const Value& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) {
    return sqlite3_bind_int64(statement, position, *number);
  }
  if (const auto* real = std::get_if<double>(&value)) {
    return sqlite3_bind_double(statement, position, *real);
  }
  if (const auto* text = std::get_if<std::string>(&value)) {
    return sqlite3_bind_text64(statement, position, text->data(), text->size(), SQLITE_TRANSIENT,
                               SQLITE_UTF8);
  }
  return sqlite3_bind_null(statement, position);
}

// Allows SELECT, READ, FUNCTION and RECURSIVE, and writes every READ down.
int record_reads(void* context, int action, const char* first, const char* second,
                 const char* schema, const char* /*accessor*/) {
  auto& reads = *static_cast<ReadSet*>(context);
  switch (action) {
    case SQLITE_READ: {
      auto& columns = reads[{schema == nullptr ? "main" : schema, first}];
      if (second != nullptr && *second != '\0') columns.insert(second);
      return SQLITE_OK;
    }
    case SQLITE_SELECT:
    case SQLITE_RECURSIVE:
      return SQLITE_OK;
    case SQLITE_FUNCTION:
      return std::string_view(second) == "load_extension" ? SQLITE_DENY : SQLITE_OK;
    default:
      return SQLITE_DENY;
  }
}

}  // namespace

std::string quoted_identifier(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"') quoted.push_back('"');
    quoted.push_back(c);
  }
  quoted.push_back('"');
  return quoted;
}

std::string quoted_literal(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') quoted.push_back('\'');
    quoted.push_back(c);
  }
  quoted.push_back('\'');
  return quoted;
}

// ---- Statement

void Statement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

tl::unexpected<Error> Statement::error(int rc) const {
  return sqlite_error(sqlite3_db_handle(statement_.get()), rc);
}

Status Statement::bind(int index, const Value& value) {
  const int rc = bind_one(statement_.get(), index + 1, value);
  if (rc != SQLITE_OK) return error(rc);
  return {};
}

Status Statement::bind_all(std::span<const Value> values) {
  const int wanted = sqlite3_bind_parameter_count(statement_.get());
  if (std::cmp_not_equal(values.size(), wanted)) {
    return fail(Code::Internal, fmt::format("{} values for {} parameters", values.size(), wanted));
  }
  for (int i = 0; i < wanted; ++i) {
    if (auto bound = bind(i, values[static_cast<std::size_t>(i)]); !bound) return bound;
  }
  return {};
}

Status Statement::bind_borrowed(int index, std::string_view text) {
  // A null pointer would bind NULL.
  const char* bytes = text.data() == nullptr ? "" : text.data();
  const int rc = sqlite3_bind_text64(statement_.get(), index + 1, bytes, text.size(), SQLITE_STATIC,
                                     SQLITE_UTF8);
  if (rc != SQLITE_OK) return error(rc);
  return {};
}

Status Statement::bind_int(int index, std::int64_t value) {
  const int rc = sqlite3_bind_int64(statement_.get(), index + 1, value);
  if (rc != SQLITE_OK) return error(rc);
  return {};
}

Status Statement::bind_real(int index, double value) {
  const int rc = sqlite3_bind_double(statement_.get(), index + 1, value);
  if (rc != SQLITE_OK) return error(rc);
  return {};
}

Status Statement::bind_null(int index) {
  const int rc = sqlite3_bind_null(statement_.get(), index + 1);
  if (rc != SQLITE_OK) return error(rc);
  return {};
}

Result<bool> Statement::step() {
  const int rc = sqlite3_step(statement_.get());
  if (rc == SQLITE_ROW) return true;
  if (rc == SQLITE_DONE) return false;
  return error(rc);
}

Status Statement::run() {
  for (;;) {
    const auto more = step();
    if (!more) {
      reset();
      return tl::unexpected(more.error());
    }
    if (!*more) break;
  }
  reset();
  return {};
}

void Statement::reset() {
  sqlite3_reset(statement_.get());
}

int Statement::column_count() const {
  return sqlite3_column_count(statement_.get());
}

std::string Statement::column_name(int index) const {
  const char* name = sqlite3_column_name(statement_.get(), index);
  return name == nullptr ? "" : name;
}

Value Statement::column(int index) const {
  switch (sqlite3_column_type(statement_.get(), index)) {
    case SQLITE_INTEGER:
      return column_int(index);
    case SQLITE_FLOAT:
      return column_real(index);
    case SQLITE_TEXT:
    case SQLITE_BLOB:
      return column_text(index);
    default:
      return std::monostate{};
  }
}

bool Statement::column_is_null(int index) const {
  return sqlite3_column_type(statement_.get(), index) == SQLITE_NULL;
}

std::int64_t Statement::column_int(int index) const {
  return sqlite3_column_int64(statement_.get(), index);
}

double Statement::column_real(int index) const {
  return sqlite3_column_double(statement_.get(), index);
}

std::string Statement::column_text(int index) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_.get(), index));
  const int count = sqlite3_column_bytes(statement_.get(), index);
  return bytes == nullptr ? std::string() : std::string(bytes, static_cast<std::size_t>(count));
}

bool Statement::is_readonly() const {
  return sqlite3_stmt_readonly(statement_.get()) != 0;
}

Work Statement::take_work() {
  Work work;
  work.vm_steps = sqlite3_stmt_status(statement_.get(), SQLITE_STMTSTATUS_VM_STEP, 1);
  work.rows_read = sqlite3_stmt_status(statement_.get(), SQLITE_STMTSTATUS_FULLSCAN_STEP, 1);
  return work;
}

// ---- Connection

Connection::Connection(std::unique_ptr<SQLite::Database> database)
    : database_(std::move(database)) {}
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;
Connection::~Connection() = default;

Result<Connection> Connection::open_writable(const std::filesystem::path& path,
                                             Durability durability) {
  try {
    auto database = std::make_unique<SQLite::Database>(
        path.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, kBusyTimeoutMs);
    if (durability == Durability::Full) {
      database->exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;");
    } else {
      database->exec(
          "PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF; PRAGMA temp_store=MEMORY;");
    }
    // Behind the pragmas, of which a defensive connection ignores some.
    sqlite3_db_config(database->getHandle(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    return Connection(std::move(database));
  } catch (const SQLite::Exception& problem) {
    return fail(Code::Unavailable,
                fmt::format("cannot open {}: {}", path.string(), problem.what()));
  }
}

Result<Connection> Connection::open_readonly(const std::filesystem::path& path) {
  try {
    return Connection(
        std::make_unique<SQLite::Database>(path.string(), SQLite::OPEN_READONLY, kBusyTimeoutMs));
  } catch (const SQLite::Exception& problem) {
    return fail(Code::Unavailable,
                fmt::format("cannot open {}: {}", path.string(), problem.what()));
  }
}

Result<Connection> Connection::open_memory() {
  auto connection = open_writable(":memory:", Durability::Build);
  if (connection) {
    if (auto added = add_functions(connection->handle()); !added)
      return tl::unexpected(added.error());
  }
  return connection;
}

Result<Statement> Connection::prepare(Sql sql) {
  sqlite3_stmt* statement = nullptr;
  const char* tail = nullptr;
  const std::string_view text = sql.text();
  const int rc = sqlite3_prepare_v3(handle(), text.data(), static_cast<int>(text.size()), 0,
                                    &statement, &tail);
  Statement prepared(statement);
  if (rc != SQLITE_OK) return sqlite_error(handle(), rc);
  const std::string_view rest = text.substr(static_cast<std::size_t>(tail - text.data()));
  if (statement == nullptr || rest.find_first_not_of(" \t\r\n;") != std::string_view::npos) {
    return fail(Code::InvalidArgument, statement == nullptr
                                           ? "the SQL holds no statement"
                                           : "the SQL holds more than one statement");
  }
  return prepared;
}

Status Connection::execute(Sql sql) {
  const std::string text(sql.text());
  const int rc = sqlite3_exec(handle(), text.c_str(), nullptr, nullptr, nullptr);
  if (rc != SQLITE_OK) return sqlite_error(handle(), rc);
  return {};
}

Result<RowSet> Connection::query(Sql sql, std::span<const Value> values) {
  auto statement = prepare(sql);
  if (!statement) return tl::unexpected(statement.error());
  if (auto bound = statement->bind_all(values); !bound) return tl::unexpected(bound.error());
  RowSet rows;
  const int columns = statement->column_count();
  for (int i = 0; i < columns; ++i) rows.columns.push_back(statement->column_name(i));
  for (;;) {
    const auto more = statement->step();
    if (!more) return tl::unexpected(more.error());
    if (!*more) return rows;
    for (int i = 0; i < columns; ++i) rows.cells.push_back(statement->column(i));
  }
}

Result<Value> Connection::query_value(Sql sql, std::span<const Value> values) {
  auto rows = query(sql, values);
  if (!rows) return tl::unexpected(rows.error());
  if (rows->row_count() == 0) return fail(Code::NotFound, "no such row");
  return rows->cells.front();
}

Result<Connection::Prepared> Connection::prepare_select(Sql sql) {
  ReadSet reads;
  sqlite3_set_authorizer(handle(), record_reads, &reads);
  auto statement = prepare(sql);
  sqlite3_set_authorizer(handle(), nullptr, nullptr);
  if (!statement) return tl::unexpected(statement.error());
  if (!statement->is_readonly() || statement->column_count() == 0) {
    return fail(Code::PermissionDenied, "only a SELECT is accepted here");
  }
  return Prepared{std::move(*statement), std::move(reads)};
}

std::int64_t Connection::last_insert_rowid() const {
  return sqlite3_last_insert_rowid(handle());
}

std::int64_t Connection::changes() const {
  return sqlite3_changes64(handle());
}

sqlite3* Connection::handle() const {
  return database_->getHandle();
}

// ---- Transaction

Result<Transaction> Transaction::begin(Connection& connection) {
  if (auto begun = connection.execute("BEGIN IMMEDIATE"); !begun) {
    return tl::unexpected(begun.error());
  }
  return Transaction(connection);
}

Transaction::~Transaction() {
  if (connection_ != nullptr) static_cast<void>(connection_->execute("ROLLBACK"));
}

Status Transaction::commit() {
  MARTGATE_CHECK(connection_ != nullptr);
  auto committed = connection_->execute("COMMIT");
  if (committed) connection_ = nullptr;
  return committed;
}

Status Transaction::rollback() {
  MARTGATE_CHECK(connection_ != nullptr);
  return std::exchange(connection_, nullptr)->execute("ROLLBACK");
}

}  // namespace martgate::store
