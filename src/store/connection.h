// One SQLite connection, its statements and transactions. One connection, one thread at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/sql.h"
#include "store/value.h"

struct sqlite3;
struct sqlite3_stmt;

namespace SQLite {
class Database;
}

namespace martgate::store {

// A prepared statement. Indexes of parameters and columns count from 0. Borrows its connection.
class Statement {
 public:
  Statement(Statement&&) noexcept = default;
  Statement& operator=(Statement&&) noexcept = default;

  // Errors: InvalidArgument when there is no such parameter.
  Status bind(int index, const Value& value);
  Status bind_all(std::span<const Value> values);  // their number must be the statement's
  // For statements that run once for every row. Borrowed: the text lives until run() or reset().
  Status bind_borrowed(int index, std::string_view text);
  Status bind_int(int index, std::int64_t value);
  Status bind_real(int index, double value);
  Status bind_null(int index);

  // True when a row stands ready, false at the end. After the end or an error: reset() first.
  [[nodiscard]] Result<bool> step();
  // Steps to the end; for statements that return nothing.
  Status run();
  // Keeps the bound values' memory, forgets the position.
  void reset();

  [[nodiscard]] int column_count() const;
  [[nodiscard]] std::string column_name(int index) const;
  [[nodiscard]] Value column(int index) const;
  [[nodiscard]] bool column_is_null(int index) const;
  [[nodiscard]] std::int64_t column_int(int index) const;
  [[nodiscard]] double column_real(int index) const;
  [[nodiscard]] std::string column_text(int index) const;
  [[nodiscard]] bool is_readonly() const;
  // VM steps and full-scan rows since the last reset of the counters, which it also does.
  [[nodiscard]] Work take_work();

  [[nodiscard]] sqlite3_stmt* handle() const { return statement_.get(); }

 private:
  friend class Connection;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  [[nodiscard]] tl::unexpected<Error> error(int rc) const;

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

enum class Durability : std::uint8_t {
  Full,   // WAL, synchronous FULL: an acknowledged commit survives power loss
  Build,  // rollback in memory, no sync: a file that is thrown away if anything fails before
          // publishing published
};

class Connection {
 public:
  // Opens or creates a file to write. Foreign keys on, DEFENSIVE on, busy timeout 5,000 ms.
  // Errors: Unavailable.
  [[nodiscard]] static Result<Connection> open_writable(const std::filesystem::path& path,
                                                        Durability durability);
  // Opens an existing file to read, without any promise against a hostile file: our own
  // bookkeeping.
  [[nodiscard]] static Result<Connection> open_readonly(const std::filesystem::path& path);
  // Empty, in memory, with the functions a Reader has: for trying SQL against a schema.
  [[nodiscard]] static Result<Connection> open_memory();

  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;
  ~Connection();

  // Exactly one statement; text behind it is refused.
  // Errors: InvalidArgument with SQLite's message; PermissionDenied from the authorizer.
  [[nodiscard]] Result<Statement> prepare(Sql sql);
  // A script of our own: any number of statements without results.
  Status execute(Sql sql);
  // Prepare, bind, collect every row.
  [[nodiscard]] Result<RowSet> query(Sql sql, std::span<const Value> values = {});
  // The first column of the first row. Errors: NotFound when there is no row.
  [[nodiscard]] Result<Value> query_value(Sql sql, std::span<const Value> values = {});

  // Prepares `sql` while recording what it reads and refusing everything that is not a plain
  // SELECT.
  struct Prepared {
    Statement statement;
    ReadSet reads;
  };
  [[nodiscard]] Result<Prepared> prepare_select(Sql sql);

  [[nodiscard]] std::int64_t last_insert_rowid() const;
  [[nodiscard]] std::int64_t changes() const;
  [[nodiscard]] sqlite3* handle() const;

 private:
  explicit Connection(std::unique_ptr<SQLite::Database> database);
  friend class Reader;
  std::unique_ptr<SQLite::Database> database_;
};

// Rolls back unless committed. Errors of commit are "unknown", see hardening in docs/decisions.md.
class Transaction {
 public:
  [[nodiscard]] static Result<Transaction> begin(Connection& connection);
  Transaction(Transaction&& other) noexcept : connection_(other.connection_) {
    other.connection_ = nullptr;
  }
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  Status commit();
  // What the destructor does, for whoever goes on with the connection. Errors: Unavailable.
  Status rollback();

 private:
  explicit Transaction(Connection& connection) : connection_(&connection) {}
  Connection* connection_;
};

}  // namespace martgate::store
