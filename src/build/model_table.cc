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

std::string insert_sql(const catalog::Model& model) {
  std::string marks = "?";
  for (std::size_t i = 1; i < model.columns.size(); ++i) marks += ", ?";
  return fmt::format("INSERT INTO main.{} VALUES ({})", store::quoted_identifier(model.common.name),
                     marks);
}

// Why the row that `select` stands on was refused.
Error refusal_of_row(const catalog::Model& model, const store::Statement& select, Error original) {
  original.message.insert(0, model.sql_file + ": ");
  if (original.code == Code::Unavailable) return original;
  original.code = Code::FailedPrecondition;
  original.reason = kFailed;
  const catalog::Column* column = column_named_last(model, original.message);
  if (column == nullptr) return original;
  std::vector<Value> row;
  row.reserve(static_cast<std::size_t>(select.column_count()));
  for (int i = 0; i < select.column_count(); ++i) row.push_back(select.column(i));
  return refused_value(model, *column, row);
}

std::string quoted_list(const std::vector<std::string>& columns) {
  std::vector<std::string> quoted;
  quoted.reserve(columns.size());
  for (const std::string& column : columns) quoted.push_back(store::quoted_identifier(column));
  return join(quoted, ", ");
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
  const auto rows = connection.query(Sql::rendered(fmt::format(
      "SELECT count(*), {0} FROM {1} WHERE {2} GROUP BY {0} HAVING "
      "count(*) > 1 ORDER BY {0} LIMIT 1",
      list, "main." + store::quoted_identifier(model.common.name), join(conditions, " AND "))));
  if (!rows || rows->row_count() == 0) return {};
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    parts.push_back(fmt::format("{} = {}", columns[i], shown_value(rows->at(0, i + 1))));
  }
  return fmt::format("{} ({} rows)", join(parts, ", "), shown_value(rows->at(0, 0)));
}

// Every row of `sql` into the model's table in `main` of `target`, which is made first.
Result<std::int64_t> fill_from(store::Connection& source, store::Connection& target,
                               const catalog::Model& model, std::string_view sql,
                               const std::vector<Value>& values) {
  // Nothing but a SELECT is run.
  auto select = source.prepare_select(Sql::rendered(sql));
  if (!select) {
    Error error = with_context(select.error(), model.sql_file);
    error.reason = kFailed;
    return tl::unexpected(error);
  }
  if (auto bound = select->statement.bind_all(values); !bound) return tl::unexpected(bound.error());
  if (auto made = target.execute(Sql::rendered(create_table_sql(model, "main"))); !made) {
    return tl::unexpected(with_context(made.error(), model.common.file));
  }
  auto insert = target.prepare(Sql::rendered(insert_sql(model)));
  if (!insert) return tl::unexpected(with_context(insert.error(), model.sql_file));
  if (auto begun = target.execute("BEGIN"); !begun) return tl::unexpected(begun.error());
  const int columns = select->statement.column_count();
  for (std::int64_t count = 0;; ++count) {
    const auto more = select->statement.step();
    if (!more) {
      Error error = with_context(more.error(), model.sql_file);
      if (error.code == Code::InvalidArgument) {
        error.code = Code::FailedPrecondition;
        error.reason = kFailed;
      }
      return tl::unexpected(error);
    }
    if (!*more) {
      if (auto done = target.execute("COMMIT"); !done) return tl::unexpected(done.error());
      return count;
    }
    // The value itself, so that a BLOB stays one and is refused.
    for (int i = 0; i < columns; ++i) {
      sqlite3_bind_value(insert->handle(), i + 1,
                         sqlite3_column_value(select->statement.handle(), i));
    }
    if (auto done = insert->run(); !done) {
      return tl::unexpected(refusal_of_row(model, select->statement, done.error()));
    }
  }
}

std::string without_semicolon(const std::string& sql) {
  const std::size_t end = sql.find_last_not_of(" \t\r\n;");
  return sql.substr(0, end == std::string::npos ? 0 : end + 1);
}

std::string table_named(const catalog::Model& model, std::string_view suffix) {
  return "main." + store::quoted_identifier(model.common.name + std::string(suffix));
}

// By key, or by time and then everything: an order that does not depend on how rows came together.
std::string order_of(const catalog::Model& model) {
  const catalog::Incremental& incremental = *model.incremental;
  if (!incremental.unique_key.empty()) return quoted_list(incremental.unique_key);
  std::vector<std::string> columns{incremental.time};
  for (const catalog::Column& column : model.columns) columns.push_back(column.name);
  return quoted_list(columns);
}

Status attach_prior(store::Connection& target, const std::filesystem::path& path) {
  auto attach = target.prepare("ATTACH ? AS prior");
  if (!attach) return tl::unexpected(attach.error());
  if (auto bound = attach->bind(0, path.string()); !bound) return bound;
  return attach->run();
}

// The day from which rows are selected again; NULL when the table before has none.
Value window_start(store::Connection& target, const catalog::Model& model,
                   const std::optional<std::string>& since) {
  if (since) return *since;
  const auto start = target.query_value(Sql::rendered(
      fmt::format("SELECT date(max({}), '-{} days') FROM prior.{}",
                  store::quoted_identifier(model.incremental->time), model.incremental->late_days,
                  store::quoted_identifier(model.common.name))));
  return start ? *start : Value();
}

// Which rows of the table before stay: those of no new key, or those before the window.
std::string kept_condition(const catalog::Model& model, const std::string& table) {
  const catalog::Incremental& incremental = *model.incremental;
  if (incremental.unique_key.empty()) {
    return "old." + store::quoted_identifier(incremental.time) + " < ?";
  }
  std::vector<std::string> same;
  for (const std::string& name : incremental.unique_key) {
    const std::string column = store::quoted_identifier(name);
    same.push_back(fmt::format("fresh.{0} IS old.{0}", column));
  }
  return fmt::format("NOT EXISTS (SELECT 1 FROM main.{} AS fresh WHERE {})", table,
                     join(same, " AND "));
}

}  // namespace

Result<std::int64_t> fill(store::Connection& source, store::Connection& target,
                          const catalog::Model& model) {
  return fill_from(source, target, model, model.sql, {});
}

Result<std::int64_t> fill_incremental(store::Connection& source, store::Connection& target,
                                      const catalog::Model& model,
                                      const std::optional<Step>& step) {
  const catalog::Incremental& incremental = *model.incremental;
  const std::string time = store::quoted_identifier(incremental.time);
  const std::string table = store::quoted_identifier(model.common.name);
  // The line end keeps a comment at the end of the SELECT from swallowing what follows.
  const std::string select = "SELECT * FROM (" + without_semicolon(model.sql) + "\n)";
  const std::string order = " ORDER BY " + order_of(model);
  if (!step) return fill_from(source, target, model, select + order, {});
  if (auto attached = attach_prior(target, step->prior); !attached)
    return tl::unexpected(attached.error());
  const Value start = window_start(target, model, step->since);
  if (store::is_null(start)) {
    if (auto done = target.execute("DETACH prior"); !done) return tl::unexpected(done.error());
    return fill_from(source, target, model, select + order, {});
  }
  // What is new, in a table of the same name in front, so that messages name the model.
  const auto fresh = fill_from(
      source, target, model,
      fmt::format("{} WHERE {} >= ? OR {} IS NULL{}", select, time, time, order), {start});
  if (!fresh) return tl::unexpected(fresh.error());
  if (!incremental.unique_key.empty()) {
    const IndexDesign key{incremental.unique_key, true, "incremental.unique_key"};
    if (auto keyed = add_indexes(target, model, std::span(&key, 1)); !keyed)
      return tl::unexpected(keyed.error());
  }
  const std::string whole = table_named(model, "__whole");
  catalog::Model twin = model;
  twin.common.name += "__whole";
  if (auto made = target.execute(Sql::rendered(create_table_sql(twin, "main"))); !made)
    return tl::unexpected(made.error());
  auto join = target.prepare(Sql::rendered(
      fmt::format("INSERT INTO {} SELECT * FROM (SELECT * FROM prior.{} AS old WHERE {} UNION ALL"
                  " SELECT * FROM main.{}){}",
                  whole, table, kept_condition(model, table), table, order)));
  if (!join) return tl::unexpected(join.error());
  if (incremental.unique_key.empty()) {
    if (auto bound = join->bind(0, start); !bound) return tl::unexpected(bound.error());
  }
  if (auto done = join->run(); !done)
    return tl::unexpected(with_context(done.error(), model.common.file));
  const std::int64_t rows = target.changes();
  auto swapped = target.execute(Sql::rendered(fmt::format(
      "DETACH prior; DROP TABLE main.{}; ALTER TABLE {} RENAME TO {}", table, whole, table)));
  if (!swapped) return tl::unexpected(swapped.error());
  return rows;
}

Status add_indexes(store::Connection& target, const catalog::Model& model,
                   std::span<const IndexDesign> indexes) {
  for (const IndexDesign& index : indexes) {
    auto made = target.execute(Sql::rendered(create_index_sql(model, index, "main")));
    if (made) continue;
    if (made.error().code != Code::InvalidArgument || !index.is_unique) return made;
    Error error{Code::FailedPrecondition,
                fmt::format("{}: ({}) of {} is not unique, as {} says", model.common.file,
                            join(index.columns, ", "), model.common.name, index.because),
                {},
                "duplicate_key"};
    if (const std::string key = repeated_key(target, model, index.columns); !key.empty()) {
      error.hints.push_back("for example " + key);
    }
    return tl::unexpected(error);
  }
  return {};
}

Status admit_json_tables(store::Connection& connection) {
  return connection.execute("SELECT 1 FROM json_each('[]'), json_tree('[]')");
}

}  // namespace martgate::build
