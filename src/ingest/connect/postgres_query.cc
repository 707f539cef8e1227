#include "ingest/connect/postgres_query.h"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "base/text.h"

namespace martgate::ingest {
namespace {

struct Finish {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
struct Clear {
  void operator()(PGresult* result) const { PQclear(result); }
};
using ConnectionHandle = std::unique_ptr<PGconn, Finish>;
using ResultHandle = std::unique_ptr<PGresult, Clear>;

// How a column's text is made plain.
enum class Shape : std::uint8_t { AsIs, Boolean, UtcTime };

// Text formats that lose nothing and do not depend on who connects.
constexpr const char* kSettings =
    "SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'iso_8601';"
    " SET extra_float_digits = 3; SET bytea_output = 'hex'; SET client_encoding = 'UTF8';"
    " SET lc_monetary = 'C'; SET lock_timeout = 0; SET search_path = public";

std::string_view sslmode(catalog::Tls tls) {
  switch (tls) {
    case catalog::Tls::VerifyFull:
      return "verify-full";
    case catalog::Tls::Require:
      return "require";
    case catalog::Tls::Disable:
      return "disable";
  }
  return "verify-full";
}

class PostgresQuery final : public QueryRows {
 public:
  PostgresQuery(const catalog::PostgresAccess& access, const catalog::SourceTable& table)
      : access_(access), table_(table) {
    cells_.resize(table.columns.size());
    texts_.resize(table.columns.size());
  }

  Attempt<void> open(const catalog::DatabaseRead& read, const std::optional<Bound>& bound,
                     const Secrets& secrets) {
    if (auto connected = connect(secrets); !connected) return connected;
    for (const std::string& statement :
         {std::string(kSettings),
          fmt::format("SET statement_timeout = {}", access_.statement_ms_max),
          fmt::format("SET idle_in_transaction_session_timeout = {}", access_.statement_ms_max),
          std::string("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")}) {
      const ResultHandle result(PQexec(connection_.get(), statement.c_str()));
      if (PQresultStatus(result.get()) != PGRES_COMMAND_OK) return failure(result.get());
    }
    if (auto fits = check_names(read); !fits) return fits;
    sql_ = query_text(table_, read, bound, "$1");
    if (bound) parameter_ = bound->value;
    return restart();
  }

  Attempt<void> restart() override {
    while (ResultHandle rest{PQgetResult(connection_.get())}) {
    }
    const char* values[] = {parameter_ ? parameter_->c_str() : nullptr};
    const int sent = PQsendQueryParams(connection_.get(), sql_.c_str(), parameter_ ? 1 : 0, nullptr,
                                       values, nullptr, nullptr, 0);
    if (sent != 1 || PQsetSingleRowMode(connection_.get()) != 1) return failure(nullptr);
    return {};
  }

  Attempt<bool> step() override {
    row_.reset(PQgetResult(connection_.get()));
    if (!row_) return false;
    const ExecStatusType status = PQresultStatus(row_.get());
    if (status == PGRES_TUPLES_OK) {  // the end: no row in it
      row_.reset();
      while (ResultHandle rest{PQgetResult(connection_.get())}) {
      }
      return false;
    }
    if (status != PGRES_SINGLE_TUPLE) return failure(row_.get());
    for (std::size_t i = 0; i < cells_.size(); ++i) take_cell(i);
    return true;
  }

  std::span<const Cell> cells() const override { return cells_; }
  // The server guarantees UTF-8 without NUL.
  std::string fault() const override { return {}; }

 private:
  Attempt<void> connect(const Secrets& secrets) {
    if (!access_.password_env.empty()) {
      const auto password = secrets(access_.password_env);
      if (!password) {
        return give_up({Code::FailedPrecondition,
                        fmt::format("{} is not set", access_.password_env),
                        {"put the password into that environment variable"},
                        "no_secret"});
      }
      password_ = *password;
    }
    const std::string port = std::to_string(access_.port);
    // libpq takes whole seconds, of at least two.
    const std::string timeout =
        std::to_string(std::max<std::int64_t>(2, (access_.connect_ms_max + 999) / 1'000));
    const std::string tls(sslmode(access_.tls));
    const std::string passfile = access_.passfile.empty() ? "/dev/null" : access_.passfile;
    const std::vector<std::pair<const char*, const char*>> settings{
        {"host", access_.host.c_str()},
        {"port", port.c_str()},
        {"dbname", access_.database.c_str()},
        {"user", access_.user.c_str()},
        {"password", password_.empty() ? nullptr : password_.c_str()},
        {"passfile", passfile.c_str()},
        {"sslmode", tls.c_str()},
        {"sslrootcert", access_.ca_file.empty() ? nullptr : access_.ca_file.c_str()},
        {"connect_timeout", timeout.c_str()},
        {"client_encoding", "UTF8"},
        {"options", ""},
        {"application_name", "martgate"},
        {"gssencmode", "disable"},
        {"tcp_user_timeout", "30000"},
        {"keepalives_idle", "30"}};
    std::vector<const char*> keys;
    std::vector<const char*> values;
    for (const auto& [key, value] : settings) {
      keys.push_back(key);
      values.push_back(value);
    }
    keys.push_back(nullptr);
    values.push_back(nullptr);
    // 0: "dbname" is a name and nothing more, never a connection string.
    connection_.reset(PQconnectdbParams(keys.data(), values.data(), 0));
    if (PQstatus(connection_.get()) == CONNECTION_OK) return {};
    return connect_failure();
  }

  // A server that answers FATAL has an opinion that another attempt will not change, unless it says
  // that it is starting or full; repeated wrong passwords lock accounts. libpq tells no SQLSTATE
  // here.
  tl::unexpected<Failure> connect_failure() {
    const std::string_view text = PQerrorMessage(connection_.get());
    const auto says = [&](std::string_view words) { return text.find(words) != text.npos; };
    const bool is_busy =
        says("the database system is") || says("too many") || says("remaining connection slots");
    const bool is_refusal = (says("FATAL") && !is_busy) || says("certificate") ||
                            PQconnectionNeedsPassword(connection_.get()) != 0;
    Error error{is_refusal ? Code::PermissionDenied : Code::Unavailable,
                fmt::format("cannot connect to {}: {}", shown(access_.host, 100),
                            scrubbed(text, password_)),
                {},
                is_refusal ? "connection_refused" : "unreachable"};
    if (is_refusal) return give_up(std::move(error));
    return try_again(std::move(error));
  }

  Attempt<void> check_names(const catalog::DatabaseRead& read) {
    const std::string probe = fmt::format("SELECT * FROM {} LIMIT 0", from_text(read));
    const ResultHandle result(
        PQexecParams(connection_.get(), probe.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 0));
    if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) {
      Failure failed = std::move(failure(result.get()).value());
      const char* state = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
      if (state == nullptr || std::string_view(state) != "42P01" || read.table.empty())
        return tl::unexpected(std::move(failed));
      return unknown_table(read, std::move(failed));
    }
    std::vector<std::string> found;
    std::map<std::string, Oid> types;
    for (int i = 0; i < PQnfields(result.get()); ++i) {
      found.emplace_back(PQfname(result.get(), i));
      types[found.back()] = PQftype(result.get(), i);
    }
    if (auto fits = check_columns(table_, found); !fits) return give_up(fits.error());
    for (const catalog::SourceColumn& column : table_.columns) {
      if (auto shaped = add_shape(column.name, types.at(column.name)); !shaped) return shaped;
    }
    return {};
  }

  Attempt<void> unknown_table(const catalog::DatabaseRead& read, Failure failed) {
    // The transaction is broken by the error; the names are read in the next one.
    for (const char* statement : {"ROLLBACK", "BEGIN READ ONLY"}) {
      const ResultHandle result(PQexec(connection_.get(), statement));
      if (PQresultStatus(result.get()) != PGRES_COMMAND_OK)
        return tl::unexpected(std::move(failed));
    }
    const ResultHandle list(PQexec(
        connection_.get(),
        "SELECT CASE table_schema WHEN 'public' THEN table_name"
        " ELSE table_schema || '.' || table_name END FROM information_schema.tables"
        " WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1 LIMIT 1000"));
    if (PQresultStatus(list.get()) != PGRES_TUPLES_OK) return tl::unexpected(std::move(failed));
    std::vector<std::string> names;
    for (int i = 0; i < PQntuples(list.get()); ++i)
      names.push_back(shown(PQgetvalue(list.get(), i, 0), 80));
    return give_up({Code::InvalidArgument,
                    fmt::format("the database has no table \"{}\"", shown(read.table, 80)),
                    name_hints(read.table, names), "unknown_table"});
  }

  Attempt<void> add_shape(const std::string& column, Oid type) {
    const std::string oid = std::to_string(type);
    const char* values[] = {oid.c_str()};
    const ResultHandle result(PQexecParams(
        connection_.get(),
        "SELECT coalesce(b.typcategory, t.typcategory), coalesce(b.typname, t.typname),"
        " format_type(t.oid, NULL) FROM pg_type t"
        " LEFT JOIN pg_type b ON t.typtype = 'd' AND b.oid = t.typbasetype WHERE t.oid = $1::oid",
        1, nullptr, values, nullptr, nullptr, 0));
    if (PQresultStatus(result.get()) != PGRES_TUPLES_OK || PQntuples(result.get()) != 1)
      return failure(result.get());
    const std::string_view category = PQgetvalue(result.get(), 0, 0);
    const std::string_view name = PQgetvalue(result.get(), 0, 1);
    const bool is_many = category == "A" || category == "C" || category == "R";
    if (is_many) {
      return give_up({Code::InvalidArgument,
                      fmt::format("column {} is of type {}, which is no single value",
                                  shown(column, 80), PQgetvalue(result.get(), 0, 2)),
                      {"read it with a query: to_json(…)::text, array_to_string(…), lower(…)"},
                      "unsupported_type"});
    }
    shapes_.push_back(name == "bool"          ? Shape::Boolean
                      : name == "timestamptz" ? Shape::UtcTime
                                              : Shape::AsIs);
    return {};
  }

  void take_cell(std::size_t index) {
    const int column = static_cast<int>(index);
    Cell& cell = cells_[index];
    if (PQgetisnull(row_.get(), 0, column) != 0) {
      cell.reset();
      return;
    }
    const std::string_view value(PQgetvalue(row_.get(), 0, column),
                                 static_cast<std::size_t>(PQgetlength(row_.get(), 0, column)));
    switch (shapes_[index]) {
      case Shape::AsIs:
        cell = value;
        return;
      case Shape::Boolean:
        cell = value == "t" ? "true" : "false";
        return;
      case Shape::UtcTime:
        texts_[index] = utc_text(value);
        cell = texts_[index];
        return;
    }
  }

  tl::unexpected<Failure> failure(const PGresult* result) const {
    const char* field = result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char* primary =
        result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const std::string_view state = field == nullptr ? "" : field;
    const std::string text =
        scrubbed(primary == nullptr ? PQerrorMessage(connection_.get()) : primary, password_);
    if (state == "57014") {
      return give_up({Code::ResourceExhausted,
                      fmt::format("the statement took longer than {} ms", access_.statement_ms_max),
                      {"raise statement_ms_max, or index the cursor column"},
                      "statement_ms_max"});
    }
    const bool is_lost = PQstatus(connection_.get()) != CONNECTION_OK;
    if (state.empty() || is_lost || is_transient_sqlstate(state)) {
      return try_again({Code::Unavailable,
                        fmt::format("{}: {}", shown(access_.host, 100), text),
                        {},
                        "source_unreadable"});
    }
    const bool is_denied = state == "42501" || state.starts_with("28");
    return give_up({is_denied ? Code::PermissionDenied : Code::InvalidArgument,
                    fmt::format("{}: {} ({})", shown(access_.host, 100), text, state),
                    {},
                    "bad_query"});
  }

  const catalog::PostgresAccess& access_;
  const catalog::SourceTable& table_;
  std::string password_;
  ConnectionHandle connection_;
  ResultHandle row_;  // of one row, ends before its connection
  std::string sql_;
  std::optional<std::string> parameter_;
  std::vector<Shape> shapes_;  // of each declared column
  std::vector<std::string> texts_;
  std::vector<Cell> cells_;
};

}  // namespace

std::string utc_text(std::string_view timestamp) {
  const bool is_plain = timestamp.size() >= 22 && timestamp[4] == '-' && timestamp[10] == ' ' &&
                        timestamp.ends_with("+00");
  if (!is_plain) return std::string(timestamp);
  std::string text(timestamp.substr(0, timestamp.size() - 3));
  text[10] = 'T';
  return text + 'Z';
}

bool is_transient_sqlstate(std::string_view sqlstate) {
  constexpr std::array<std::string_view, 6> kStates{
      "40001",  // serialization failure
      "40P01",  // deadlock
      "55P03",  // lock not available
      "57P01",  // administrator shut it down
      "57P02",  // crashed
      "57P03",  // cannot connect now
  };
  return sqlstate.starts_with("08") || sqlstate.starts_with("53") || sqlstate.starts_with("58") ||
         std::ranges::find(kStates, sqlstate) != kStates.end();
}

Attempt<std::unique_ptr<QueryRows>> open_postgres_query(const catalog::PostgresAccess& access,
                                                        const catalog::SourceTable& table,
                                                        const catalog::DatabaseRead& read,
                                                        const std::optional<Bound>& bound,
                                                        const Secrets& secrets) {
  auto query = std::make_unique<PostgresQuery>(access, table);
  if (auto opened = query->open(read, bound, secrets); !opened)
    return tl::unexpected(opened.error());
  return query;
}

}  // namespace martgate::ingest
