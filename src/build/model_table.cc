#include "build/model_table.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>

#include "base/json_writer.h"
#include "base/text.h"

namespace martgate::build {
namespace {

using store::Sql;
using store::Value;

constexpr std::string_view kFailed = "model_failed";
constexpr std::size_t kValueShownBytes = 120;
constexpr std::int64_t kRowsKeptOnTrial = 1'024;

std::string_view storage_of(catalog::DataType type) {
  switch (type) {
    case catalog::DataType::Integer:
    case catalog::DataType::Decimal:
    case catalog::DataType::Boolean:
      return "INTEGER";
    case catalog::DataType::Real:
      return "REAL";
    case catalog::DataType::Text:
    case catalog::DataType::Date:
    case catalog::DataType::Timestamp:
      break;
  }
  return "TEXT";
}

// A check that is NULL passes. date() gives another day for one that does not exist, but only once
// it has to count: hence the modifier.
std::string check_of(const catalog::Column& column) {
  const std::string name = store::quoted_identifier(column.name);
  switch (column.type) {
    case catalog::DataType::Boolean:
      return fmt::format("{} IN (0, 1)", name);
    case catalog::DataType::Date:
      return fmt::format("date({0}, '+0 days') IS {0} AND {0} >= '0001'", name);
    case catalog::DataType::Timestamp:
      return fmt::format("datetime({0}, '+0 days') IS {0} AND {0} >= '0001'", name);
    default:
      return {};
  }
}

std::string described(const catalog::Column& column) {
  switch (column.type) {
    case catalog::DataType::Decimal:
      return fmt::format("decimal with scale {}, an integer", column.scale);
    case catalog::DataType::Boolean:
      return "boolean, 0 or 1";
    case catalog::DataType::Date:
      return "date, YYYY-MM-DD and a real day";
    case catalog::DataType::Timestamp:
      return "timestamp, YYYY-MM-DD HH:MM:SS";
    default:
      return std::string(name_of(column.type));
  }
}

std::string shown_value(const Value& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return fmt::format("{}", *number);
  if (const auto* real = std::get_if<double>(&value)) return fmt::format("real {}", *real);
  if (const auto* text = std::get_if<std::string>(&value)) {
    return "text " + json_quoted(shown(*text, kValueShownBytes));
  }
  return "NULL";
}

// SQLite ends its messages with "orders.amount" for a type and with the check's name, which is the
// column's, for a check.
const catalog::Column* column_named_last(const catalog::Model& model, std::string_view message) {
  const auto at = message.find_last_of(" .");
  return model.column(at == std::string_view::npos ? message : message.substr(at + 1));
}

std::string key_of_row(const catalog::Model& model, const std::vector<Value>& row) {
  std::vector<std::string> parts;
  for (const std::string& name : model.primary_key) {
    const auto at = std::ranges::find(model.columns, name, &catalog::Column::name);
    if (at == model.columns.end() || !may_show(*at)) return {};
    const auto index = static_cast<std::size_t>(at - model.columns.begin());
    parts.push_back(fmt::format("{} = {}", name, shown_value(row[index])));
  }
  return join(parts, ", ");
}

Error refused_value(const catalog::Model& model, const catalog::Column& column,
                    const std::vector<Value>& row) {
  const auto index = static_cast<std::size_t>(&column - model.columns.data());
  Error error{Code::FailedPrecondition,
              fmt::format("{}: column {} ({}) cannot hold {}", model.sql_file, column.name,
                          described(column),
                          may_show(column) ? shown_value(row[index]) : "one of its values"),
              {},
              kFailed};
  if (const std::string key = key_of_row(model, row); !key.empty()) {
    error.hints.push_back("in the row with " + key);
  }
  return error;
}

std::string insert_values_sql(const catalog::Model& model) {
  std::string marks = "?";
  for (std::size_t i = 1; i < model.columns.size(); ++i) marks += ", ?";
  return fmt::format("INSERT INTO {} VALUES ({})", store::quoted_identifier(model.common.name),
                     marks);
}

// The whole statement was refused: the same rows go one by one into a table of the same definition,
// and the one that is refused there is the one to name.
Error explain_refusal(store::Connection& connection, const catalog::Model& model, Error original) {
  original.message.insert(0, model.sql_file + ": ");
  original.code = Code::FailedPrecondition;
  original.reason = kFailed;
  auto trial = store::Connection::open_memory();
  auto rows = connection.prepare_select(Sql::rendered(model.sql));
  forbid_raw_writes(connection);
  if (!trial || !rows) return original;
  catalog::Model twin = model;
  twin.layer = catalog::Layer::Marts;  // the trial has no other schema
  if (!trial->execute(Sql::rendered(create_table_sql(twin)))) return original;
  auto insert = trial->prepare(Sql::rendered(insert_values_sql(twin)));
  if (!insert) return original;
  const std::string forget = "DELETE FROM " + qualified(twin);
  std::vector<Value> row(model.columns.size());
  for (std::int64_t count = 1;; ++count) {
    const auto more = rows->statement.step();
    if (!more || !*more) return original;
    for (std::size_t i = 0; i < row.size(); ++i)
      row[i] = rows->statement.column(static_cast<int>(i));
    if (!insert->bind_all(row)) return original;
    if (auto done = insert->run(); !done) {
      const catalog::Column* column = column_named_last(model, done.error().message);
      return column == nullptr ? original : refused_value(model, *column, row);
    }
    if (count % kRowsKeptOnTrial == 0 && !trial->execute(Sql::rendered(forget))) return original;
  }
}

std::string quoted_list(const std::vector<std::string>& columns) {
  std::vector<std::string> quoted;
  quoted.reserve(columns.size());
  for (const std::string& column : columns) quoted.push_back(store::quoted_identifier(column));
  return join(quoted, ", ");
}

Status create_index(store::Connection& connection, const catalog::Model& model,
                    const std::vector<std::string>& columns, std::string_view kind) {
  const std::string index =
      store::quoted_identifier(fmt::format("{}__{}", model.common.name, join(columns, "__")));
  return connection.execute(Sql::rendered(
      fmt::format("CREATE {} {}.{} ON {} ({})", kind, schema_of(model.layer), index,
                  store::quoted_identifier(model.common.name), quoted_list(columns))));
}

// "order_id = 17 (3 rows)", or nothing when the key is not to be shown.
std::string repeated_key(store::Connection& connection, const catalog::Model& model,
                         const std::vector<std::string>& columns) {
  std::vector<std::string> conditions;
  for (const std::string& name : columns) {
    const catalog::Column* column = model.column(name);
    if (column == nullptr || !may_show(*column)) return {};
    conditions.push_back(store::quoted_identifier(name) + " IS NOT NULL");
  }
  const std::string list = quoted_list(columns);
  const auto rows = connection.query(
      Sql::rendered(fmt::format("SELECT count(*), {0} FROM {1} WHERE {2} GROUP BY {0} HAVING "
                                "count(*) > 1 ORDER BY {0} LIMIT 1",
                                list, qualified(model), join(conditions, " AND "))));
  if (!rows || rows->row_count() == 0) return {};
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    parts.push_back(fmt::format("{} = {}", columns[i], shown_value(rows->at(0, i + 1))));
  }
  return fmt::format("{} ({} rows)", join(parts, ", "), shown_value(rows->at(0, 0)));
}

int refuse_raw_writes(void* /*context*/, int action, const char* /*first*/, const char* /*second*/,
                      const char* schema, const char* /*accessor*/) {
  switch (action) {
    case SQLITE_READ:
    case SQLITE_SELECT:
    case SQLITE_FUNCTION:
    case SQLITE_RECURSIVE:
    case SQLITE_TRANSACTION:
    case SQLITE_ATTACH:
    case SQLITE_DETACH:
      return SQLITE_OK;
    default:
      return schema != nullptr && schema == kRawSchema ? SQLITE_DENY : SQLITE_OK;
  }
}

}  // namespace

std::string_view schema_of(catalog::Layer layer) {
  switch (layer) {
    case catalog::Layer::Raw:
      return kRawSchema;
    case catalog::Layer::Staging:
      return kStagingSchema;
    case catalog::Layer::Marts:
      break;
  }
  return kMartsSchema;
}

std::string qualified(const catalog::Model& model) {
  return fmt::format("{}.{}", schema_of(model.layer), store::quoted_identifier(model.common.name));
}

bool may_show(const catalog::Column& column) {
  return column.classification == catalog::Classification::Public ||
         column.classification == catalog::Classification::Internal;
}

std::string create_table_sql(const catalog::Model& model) {
  std::vector<std::string> columns;
  for (const catalog::Column& column : model.columns) {
    const std::string name = store::quoted_identifier(column.name);
    std::string definition = fmt::format("{} {}", name, storage_of(column.type));
    if (const std::string check = check_of(column); !check.empty()) {
      definition += fmt::format(" CONSTRAINT {} CHECK ({})", name, check);
    }
    columns.push_back(std::move(definition));
  }
  return fmt::format("CREATE TABLE {} ({}) STRICT", qualified(model), join(columns, ", "));
}

Result<std::int64_t> fill(store::Connection& connection, const catalog::Model& model) {
  // Nothing but a SELECT gets into the statement below.
  const auto select = connection.prepare_select(Sql::rendered(model.sql));
  forbid_raw_writes(connection);
  if (!select) {
    Error error = with_context(select.error(), model.sql_file);
    error.reason = kFailed;
    return tl::unexpected(error);
  }
  if (auto made = connection.execute(Sql::rendered(create_table_sql(model))); !made) {
    return tl::unexpected(with_context(made.error(), model.common.file));
  }
  auto insert = connection.prepare(
      Sql::rendered(fmt::format("INSERT INTO {} {}", qualified(model), model.sql)));
  if (!insert) return tl::unexpected(with_context(insert.error(), model.sql_file));
  if (auto done = insert->run(); !done) {
    return tl::unexpected(explain_refusal(connection, model, done.error()));
  }
  return connection.changes();
}

Status add_unique_index(store::Connection& connection, const catalog::Model& model,
                        const std::vector<std::string>& columns, std::string_view because) {
  if (auto made = create_index(connection, model, columns, "UNIQUE INDEX"); !made) {
    if (made.error().code != Code::InvalidArgument) return made;
    Error error{Code::FailedPrecondition,
                fmt::format("{}: ({}) of {} is not unique, as {} says", model.common.file,
                            join(columns, ", "), model.common.name, because),
                {},
                "duplicate_key"};
    if (const std::string key = repeated_key(connection, model, columns); !key.empty()) {
      error.hints.push_back("for example " + key);
    }
    return tl::unexpected(error);
  }
  return {};
}

Status add_index(store::Connection& connection, const catalog::Model& model,
                 const std::vector<std::string>& columns) {
  return create_index(connection, model, columns, "INDEX");
}

Status admit_json_tables(store::Connection& connection) {
  return connection.execute("SELECT 1 FROM json_each('[]'), json_tree('[]')");
}

void forbid_raw_writes(store::Connection& connection) {
  sqlite3_set_authorizer(connection.handle(), refuse_raw_writes, nullptr);
}

}  // namespace martgate::build
