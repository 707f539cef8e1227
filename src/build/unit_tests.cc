#include "build/unit_tests.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/json_writer.h"
#include "base/text.h"
#include "build/data_tests.h"
#include "build/model_table.h"
#include "store/connection.h"

namespace martgate::build {
namespace {

using catalog::UnitRow;
using store::Sql;
using store::Value;

constexpr std::string_view kRawPrefix = "raw.";
constexpr std::size_t kDifferencesMax = 20;

struct Table {
  std::string qualified;
  const catalog::Model* model = nullptr;  // null: a raw table, all columns TEXT
  std::vector<std::string> columns;
};

tl::unexpected<Error> broken(const catalog::Model& model, const catalog::UnitTest& test,
                             std::string message, std::vector<std::string> hints) {
  return fail(
      Code::InvalidArgument,
      fmt::format("{}:{}: unit test {}: {}", model.common.file, test.line, test.name, message),
      std::move(hints), "unit_test_broken");
}

// Raw stores hold text: a number of the YAML is the text it is written as.
std::string text_literal(const catalog::Scalar& value) {
  if (std::holds_alternative<std::monostate>(value)) return "NULL";
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "'true'" : "'false'";
  if (const auto* number = std::get_if<std::int64_t>(&value)) return fmt::format("'{}'", *number);
  if (const auto* real = std::get_if<double>(&value)) return fmt::format("'{}'", *real);
  return store::quoted_literal(std::get<std::string>(value));
}

class Bench {
 public:
  explicit Bench(const catalog::Project& project) {
    for (const catalog::Source& source : project.sources) {
      for (const catalog::SourceTable& table : source.tables) {
        Table raw{"raw." + store::quoted_identifier(table.raw_name), nullptr, {}};
        for (const catalog::SourceColumn& column : table.columns)
          raw.columns.push_back(column.name);
        raw.columns.insert(raw.columns.end(), {"_load_id", "_row"});
        tables_.emplace("raw." + table.raw_name, std::move(raw));
      }
    }
    for (const catalog::Model& model : project.models) {
      Table made{qualified(model), &model, {}};
      for (const catalog::Column& column : model.columns) made.columns.push_back(column.name);
      tables_.emplace(model.common.name, std::move(made));
    }
  }

  Result<UnitTestResult> run(const catalog::Model& model, const catalog::UnitTest& test) const {
    auto inputs = open_inputs();
    if (!inputs) return tl::unexpected(inputs.error());
    for (const catalog::UnitInput& given : test.given) {
      const auto table = tables_.find(given.input);
      if (table == tables_.end()) {
        std::vector<std::string> names;
        for (const auto& [name, one] : tables_) names.push_back(name);
        return broken(model, test, fmt::format("there is no input \"{}\"", given.input),
                      name_hints(given.input, names));
      }
      for (const UnitRow& row : given.rows) {
        if (auto added = add_row(*inputs, table->second, table->second.qualified, row); !added)
          return broken(model, test, added.error().message, added.error().hints);
      }
    }
    UnitTestResult result{test.name, model.common.name, false, {}};
    auto outputs = store::Connection::open_memory();
    if (!outputs) return tl::unexpected(outputs.error());
    if (auto filled = fill(*inputs, *outputs, model); !filled) {
      result.differences.push_back(to_text(filled.error()));
      return result;
    }
    catalog::Model expected = model;
    expected.common.name += "__expected";
    expected.layer = catalog::Layer::Marts;
    if (auto made = outputs->execute(Sql::rendered(create_table_sql(expected, "main"))); !made)
      return tl::unexpected(made.error());
    for (const UnitRow& row : test.expect) {
      const Table& shape = tables_.at(model.common.name);
      if (auto added = add_row(*outputs, shape, qualified(expected), row); !added)
        return broken(model, test, added.error().message, added.error().hints);
    }
    if (auto compared = compare(*outputs, model, qualified(expected), test, result); !compared)
      return tl::unexpected(compared.error());
    result.is_good = result.differences.empty();
    return result;
  }

 private:
  Result<store::Connection> open_inputs() const {
    auto connection = store::Connection::open_memory();
    if (!connection) return connection;
    auto done = connection->execute("ATTACH ':memory:' AS staging; ATTACH ':memory:' AS raw");
    if (done) done = admit_json_tables(*connection);
    for (const auto& [name, table] : tables_) {
      if (!done) break;
      std::vector<std::string> columns;
      for (const std::string& column : table.columns) {
        columns.push_back(store::quoted_identifier(column) +
                          (column.starts_with('_') ? " INTEGER" : " TEXT"));
      }
      const std::string sql =
          table.model == nullptr
              ? fmt::format("CREATE TABLE {} ({})", table.qualified, join(columns, ", "))
              : create_table_sql(*table.model, schema_of(table.model->layer));
      done = connection->execute(Sql::rendered(sql));
    }
    if (!done) return tl::unexpected(done.error());
    return connection;
  }

  static Status add_row(store::Connection& connection, const Table& table, const std::string& into,
                        const UnitRow& row) {
    std::vector<std::string> names;
    std::vector<std::string> values;
    for (const auto& [name, value] : row) {
      if (std::ranges::find(table.columns, name) == table.columns.end()) {
        return fail(Code::InvalidArgument, fmt::format("{} has no column \"{}\"", into, name),
                    name_hints(name, table.columns));
      }
      names.push_back(store::quoted_identifier(name));
      values.push_back(table.model == nullptr ? text_literal(value)
                                              : stored_literal(value, *table.model->column(name)));
    }
    if (names.empty())
      return connection.execute(Sql::rendered("INSERT INTO " + into + " DEFAULT VALUES"));
    return connection.execute(Sql::rendered(fmt::format("INSERT INTO {} ({}) VALUES ({})", into,
                                                        join(names, ", "), join(values, ", "))));
  }

  // Both sides as multisets, on the columns that some expected row names.
  static Status compare(store::Connection& outputs, const catalog::Model& model,
                        const std::string& expected, const catalog::UnitTest& test,
                        UnitTestResult& result) {
    std::vector<std::string> names;
    for (const catalog::Column& column : model.columns) {
      const bool is_named = std::ranges::any_of(test.expect, [&](const UnitRow& row) {
        return std::ranges::any_of(row,
                                   [&](const auto& cell) { return cell.first == column.name; });
      });
      if (is_named || test.expect.empty()) names.push_back(store::quoted_identifier(column.name));
    }
    const std::string list = join(names, ", ");
    std::map<std::vector<Value>, std::int64_t> balance;
    const std::string actual = "main." + store::quoted_identifier(model.common.name);
    for (const auto& [table, sign] : {std::pair{actual, 1}, std::pair{expected, -1}}) {
      const auto rows = outputs.query(Sql::rendered(fmt::format("SELECT {} FROM {}", list, table)));
      if (!rows) return tl::unexpected(rows.error());
      for (std::size_t i = 0; i < rows->row_count(); ++i) {
        const auto row = rows->row(i);
        balance[{row.begin(), row.end()}] += sign;
      }
    }
    for (const auto& [row, count] : balance) {
      if (count == 0 || result.differences.size() >= kDifferencesMax) continue;
      std::vector<std::string> cells;
      for (std::size_t i = 0; i < row.size(); ++i) {
        cells.push_back(
            fmt::format("{}: {}", names[i].substr(1, names[i].size() - 2), shown_value(row[i])));
      }
      const std::string times =
          std::abs(count) > 1 ? fmt::format(" ({} times)", std::abs(count)) : "";
      result.differences.push_back(fmt::format("{} {{{}}}{}", count > 0 ? "unexpected" : "missing",
                                               join(cells, ", "), times));
    }
    return {};
  }

  static std::string shown_value(const Value& value) {
    if (const auto* number = std::get_if<std::int64_t>(&value)) return fmt::format("{}", *number);
    if (const auto* real = std::get_if<double>(&value)) return fmt::format("{}", *real);
    if (const auto* text = std::get_if<std::string>(&value)) return json_quoted(shown(*text));
    return "null";
  }

  std::map<std::string, Table> tables_;
};

}  // namespace

Result<std::vector<UnitTestResult>> run_unit_tests(const catalog::Project& project,
                                                   const std::set<std::string>& chosen) {
  std::vector<UnitTestResult> results;
  const Bench bench(project);
  for (const catalog::Model& model : project.models) {
    if (!chosen.empty() && !chosen.contains(model.common.name)) continue;
    for (const catalog::UnitTest& test : model.unit_tests) {
      auto result = bench.run(model, test);
      if (!result) return tl::unexpected(result.error());
      results.push_back(std::move(*result));
    }
  }
  return results;
}

}  // namespace martgate::build
