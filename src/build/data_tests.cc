#include "build/data_tests.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <charconv>
#include <cmath>

#include "base/check.h"
#include "base/decimal.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "build/model_table.h"

namespace martgate::build {
namespace {

using store::Sql;
using store::Value;

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

constexpr std::size_t kValueShownBytes = 80;
constexpr std::size_t kValuesShownMax = 12;

// What a run of a test found, before its severity is looked at.
struct Finding {
  bool is_good = false;
  std::string observed;
  std::string expected;
};

std::string shown_value(const Value& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return fmt::format("{}", *number);
  if (const auto* real = std::get_if<double>(&value)) return fmt::format("{}", *real);
  if (const auto* text = std::get_if<std::string>(&value)) {
    return json_quoted(shown(*text, kValueShownBytes));
  }
  return "NULL";
}

// As the column stores it: decimals are scaled integers, booleans are 0 and 1.
std::string literal_of(const catalog::Scalar& value, const catalog::Column& column) {
  const bool is_decimal = column.type == catalog::DataType::Decimal;
  const auto scaled = [&](double number) {
    return fmt::format("{}", std::llround(number * power_of_ten(column.scale)));
  };
  return std::visit(
      Overloaded{
          [](std::monostate) { return std::string("NULL"); },
          [&](bool flag) {
            if (column.type == catalog::DataType::Text)
              return std::string(flag ? "'true'" : "'false'");
            return std::string(flag ? "1" : "0");
          },
          [&](std::int64_t number) {
            return is_decimal ? scaled(static_cast<double>(number)) : fmt::format("{}", number);
          },
          [&](double number) { return is_decimal ? scaled(number) : fmt::format("{}", number); },
          [](const std::string& text) { return store::quoted_literal(text); },
      },
      value);
}

std::string shown_scalar(const catalog::Scalar& value) {
  return std::visit(Overloaded{
                        [](std::monostate) { return std::string("null"); },
                        [](bool flag) { return std::string(flag ? "true" : "false"); },
                        [](std::int64_t number) { return fmt::format("{}", number); },
                        [](double number) { return fmt::format("{}", number); },
                        [](const std::string& text) { return shown(text, kValueShownBytes); },
                    },
                    value);
}

// The line end keeps a comment at the end of the condition from swallowing what follows.
std::string and_where(const catalog::DataTest& test) {
  return test.where.empty() ? std::string() : fmt::format(" AND ({}\n)", test.where);
}

std::string unique_sql(const catalog::Model& model, const std::vector<std::string>& columns,
                       const catalog::DataTest& test) {
  std::vector<std::string> names;
  std::vector<std::string> present;
  bool is_shown = true;
  for (const std::string& name : columns) {
    names.push_back(store::quoted_identifier(name));
    present.push_back(names.back() + " IS NOT NULL");
    const catalog::Column* column = model.column(name);
    is_shown = is_shown && column != nullptr && may_show(*column);
  }
  return fmt::format(
      "SELECT count(*), min(example) FROM (SELECT {0} AS example FROM {1} WHERE {2}{3}"
      " GROUP BY {4} HAVING count(*) > 1)",
      is_shown ? join(names, " || ', ' || ") : "NULL", qualified(model), join(present, " AND "),
      and_where(test), join(names, ", "));
}

bool is_within(catalog::Comparison comparison, double low, double high, double number) {
  switch (comparison) {
    case catalog::Comparison::MustBe:
      return number == low;
    case catalog::Comparison::MustNotBe:
      return number != low;
    case catalog::Comparison::MustBeLessThan:
      return number < low;
    case catalog::Comparison::MustBeLessOrEqualTo:
      return number <= low;
    case catalog::Comparison::MustBeGreaterThan:
      return number > low;
    case catalog::Comparison::MustBeGreaterOrEqualTo:
      return number >= low;
    case catalog::Comparison::MustBeBetween:
      return number >= low && number <= high;
    case catalog::Comparison::MustNotBeBetween:
      return number < low || number > high;
  }
  return false;
}

std::string in_words(catalog::Comparison comparison, double low, double high) {
  switch (comparison) {
    case catalog::Comparison::MustBe:
      return fmt::format("{}", low);
    case catalog::Comparison::MustNotBe:
      return fmt::format("anything but {}", low);
    case catalog::Comparison::MustBeLessThan:
      return fmt::format("less than {}", low);
    case catalog::Comparison::MustBeLessOrEqualTo:
      return fmt::format("at most {}", low);
    case catalog::Comparison::MustBeGreaterThan:
      return fmt::format("more than {}", low);
    case catalog::Comparison::MustBeGreaterOrEqualTo:
      return fmt::format("at least {}", low);
    case catalog::Comparison::MustBeBetween:
      return fmt::format("between {} and {}", low, high);
    case catalog::Comparison::MustNotBeBetween:
      return fmt::format("outside {} to {}", low, high);
  }
  return {};
}

std::string expectation(const catalog::RowCount& count) {
  if (count.min && count.max) return fmt::format("between {} and {} rows", *count.min, *count.max);
  if (count.min) return fmt::format("at least {} rows", *count.min);
  if (count.max) return fmt::format("at most {} rows", *count.max);
  return "any number of rows";
}

std::string expectation(const catalog::AcceptedValues& accepted) {
  std::vector<std::string> names;
  for (const catalog::Scalar& value : accepted.values) names.push_back(shown_scalar(value));
  const std::size_t hidden = names.size() > kValuesShownMax ? names.size() - kValuesShownMax : 0;
  names.resize(names.size() - hidden);
  return "one of " + join(names, ", ") + (hidden == 0 ? "" : fmt::format(" and {} more", hidden));
}

// A number, or text that is one.
std::optional<double> number_in(const Value& value) {
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return static_cast<double>(*whole);
  if (const auto* real = std::get_if<double>(&value)) return *real;
  const auto* text = std::get_if<std::string>(&value);
  if (text == nullptr) return std::nullopt;
  double number = 0;
  const auto [end, problem] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (problem != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return number;
}

class Run {
 public:
  Run(store::Connection& connection, const catalog::Model& model, const catalog::DataTest& test,
      std::string sql)
      : connection_(connection), model_(model), test_(test), sql_(std::move(sql)) {}

  Result<Finding> operator()(const catalog::NotNull&) const {
    return none_of_rows("rows without a value", "a value in every row");
  }
  Result<Finding> operator()(const catalog::Unique& unique) const {
    return none_of_rows(unique.columns.size() > 1 ? "keys that occur more than once"
                                                  : "values that occur more than once",
                        "every value once");
  }
  Result<Finding> operator()(const catalog::AcceptedValues& accepted) const {
    return none_of_rows("rows with another value", expectation(accepted));
  }
  Result<Finding> operator()(const catalog::References& references) const {
    return none_of_rows("rows without a match",
                        fmt::format("a value of {}.{}", references.to, references.column));
  }
  Result<Finding> operator()(const catalog::RowCount& bounds) const {
    const auto rows = query();
    if (!rows) return tl::unexpected(rows.error());
    const std::int64_t count = std::get<std::int64_t>(rows->at(0, 0));
    const bool is_good = count >= bounds.min.value_or(count) && count <= bounds.max.value_or(count);
    return Finding{is_good, fmt::format("{} rows", count), expectation(bounds)};
  }

  Result<Finding> operator()(const catalog::Matches& matches) const {
    const RE2 pattern(matches.pattern, RE2::Quiet);
    if (!pattern.ok()) {
      return fail(Code::InvalidArgument,
                  fmt::format("pattern {} is refused: {}", matches.pattern, pattern.error()));
    }
    auto statement = connection_.prepare(Sql::rendered(sql_));
    if (!statement) return tl::unexpected(statement.error());
    std::int64_t count = 0;
    Value example;
    for (;;) {
      const auto more = statement->step();
      if (!more) return tl::unexpected(more.error());
      if (!*more) break;
      if (RE2::PartialMatch(statement->column_text(0), pattern)) continue;
      if (count == 0) example = statement->column(0);
      count += statement->column_int(1);
    }
    return judged(count, found(count, "rows that do not match", example),
                  "matches " + matches.pattern);
  }

  Result<Finding> operator()(const catalog::SqlCheck& check) const {
    const auto rows = query();
    if (!rows) return tl::unexpected(rows.error());
    if (rows->row_count() != 1 || rows->columns.size() != 1) {
      return fail(Code::InvalidArgument,
                  fmt::format("the query gives {} rows of {} columns instead of one value",
                              rows->row_count(), rows->columns.size()));
    }
    const std::optional<double> number = number_in(rows->at(0, 0));
    const bool is_good = number && is_within(check.comparison, check.low, check.high, *number);
    return Finding{is_good, shown_value(rows->at(0, 0)),
                   in_words(check.comparison, check.low, check.high)};
  }

 private:
  Result<store::RowSet> query() const { return connection_.query(Sql::rendered(sql_)); }

  // "3 rows with another value, such as "x""
  std::string found(std::int64_t count, std::string_view what, const Value& example) const {
    std::string text = fmt::format("{} {}", count, what);
    const catalog::Column* column = model_.column(test_.column);
    const bool is_shown = column == nullptr || may_show(*column);
    if (count > 0 && is_shown && !store::is_null(example))
      text += ", such as " + shown_value(example);
    return text;
  }

  // For queries that give the number of offenders and one of them.
  Result<Finding> none_of_rows(std::string_view what, std::string expected) const {
    const auto rows = query();
    if (!rows) return tl::unexpected(rows.error());
    const std::int64_t count = std::get<std::int64_t>(rows->at(0, 0));
    return judged(count, found(count, what, rows->at(0, 1)), std::move(expected));
  }

  // Without a threshold there must be no offender.
  Result<Finding> judged(std::int64_t count, std::string observed, std::string expected) const {
    if (!test_.threshold) return Finding{count == 0, std::move(observed), std::move(expected)};
    const catalog::Threshold& limit = *test_.threshold;
    auto number = static_cast<double>(count);
    std::string words = in_words(limit.comparison, limit.low, limit.high);
    if (limit.is_percent) {
      const auto rows = connection_.query_value(Sql::rendered(fmt::format(
          "SELECT count(*) FROM {} WHERE true{}", qualified(model_), and_where(test_))));
      if (!rows) return tl::unexpected(rows.error());
      const auto total = std::get<std::int64_t>(*rows);
      number = total == 0 ? 0 : number / static_cast<double>(total) * 100;
      observed += fmt::format(" ({:.3g}% of {})", number, total);
    }
    const std::string unit = limit.is_percent ? "%" : " offenders";
    return Finding{is_within(limit.comparison, limit.low, limit.high, number), std::move(observed),
                   fmt::format("{}, with {}{}", expected, words, unit)};
  }

  store::Connection& connection_;
  const catalog::Model& model_;
  const catalog::DataTest& test_;
  std::string sql_;
};

// A SELECT of the rows that fail a test, or of those that may (matches); empty when no row does it
// alone.
std::string failing_sql(const catalog::Model& model, const catalog::Project& project,
                        const catalog::DataTest& test) {
  const std::string table = qualified(model);
  const std::string column = store::quoted_identifier(test.column);
  std::string condition = std::visit(
      Overloaded{
          [&](const catalog::NotNull&) { return column + " IS NULL"; },
          [&](const catalog::Unique& unique) {
            std::vector<std::string> names;
            for (const std::string& name :
                 unique.columns.empty() ? std::vector{test.column} : unique.columns) {
              names.push_back(store::quoted_identifier(name));
            }
            const std::string list = join(names, ", ");
            return fmt::format(
                "({0}) IN (SELECT {0} FROM {1} WHERE true{2} GROUP BY {0} HAVING count(*) > 1)",
                list, table, and_where(test));
          },
          [&](const catalog::AcceptedValues& accepted) {
            const catalog::Column* declared = model.column(test.column);
            MARTGATE_CHECK(declared != nullptr);
            std::vector<std::string> literals;
            for (const catalog::Scalar& value : accepted.values) {
              literals.push_back(stored_literal(value, *declared));
            }
            return fmt::format("{0} IS NOT NULL AND {0} NOT IN ({1})", column,
                               join(literals, ", "));
          },
          [&](const catalog::References& references) {
            const std::string other = store::quoted_identifier(references.column);
            return fmt::format(
                "{0} IS NOT NULL AND {0} NOT IN (SELECT {1} FROM {2} WHERE {1} IS NOT NULL)",
                column, other, qualified(*project.model(references.to)));
          },
          [&](const catalog::Matches&) { return column + " IS NOT NULL"; },
          [](const catalog::RowCount&) { return std::string(); },
          [](const catalog::SqlCheck&) { return std::string(); },
      },
      test.check);
  if (condition.empty()) return {};
  return fmt::format("SELECT * FROM {} WHERE ({}){} ORDER BY rowid", table, condition,
                     and_where(test));
}

std::string row_json(const catalog::Model& model, const store::Statement& row) {
  std::string text;
  JsonWriter json(text);
  json.begin_object();
  for (int i = 0; i < row.column_count(); ++i) {
    const catalog::Column& column = model.columns[static_cast<std::size_t>(i)];
    json.key(column.name);
    const Value value = row.column(i);
    if (store::is_null(value)) {
      json.null();
    } else if (!may_show(column)) {
      json.string("***");
    } else if (const auto* number = std::get_if<std::int64_t>(&value)) {
      if (column.type == catalog::DataType::Decimal)
        json.raw(decimal_text(*number, column.scale));
      else
        json.integer(*number);
    } else if (const auto* real = std::get_if<double>(&value)) {
      json.real(*real);
    } else {
      json.string(shown(std::get<std::string>(value), kValueShownBytes));
    }
  }
  json.end_object();
  return text;
}

Result<std::vector<std::string>> failing_rows(store::Connection& connection,
                                              const catalog::Model& model,
                                              const catalog::Project& project,
                                              const catalog::DataTest& test) {
  std::vector<std::string> rows;
  const std::string sql = failing_sql(model, project, test);
  if (sql.empty()) return rows;
  auto select = connection.prepare(Sql::rendered(sql));
  if (!select) return tl::unexpected(select.error());
  const auto* matches = std::get_if<catalog::Matches>(&test.check);
  std::optional<RE2> pattern;
  int tested = 0;
  if (matches != nullptr) {
    pattern.emplace(matches->pattern, RE2::Quiet);
    const auto at = std::ranges::find(model.columns, test.column, &catalog::Column::name);
    tested = static_cast<int>(at - model.columns.begin());
  }
  while (rows.size() < engine::kFailingRowsMax) {
    const auto more = select->step();
    if (!more) return tl::unexpected(more.error());
    if (!*more) break;
    if (pattern && RE2::PartialMatch(select->column_text(tested), *pattern)) continue;
    rows.push_back(row_json(model, *select));
  }
  return rows;
}

}  // namespace

std::string stored_literal(const catalog::Scalar& value, const catalog::Column& column) {
  return literal_of(value, column);
}

std::string_view name_of(const catalog::Check& check) {
  return std::visit(Overloaded{
                        [](const catalog::NotNull&) { return "not_null"; },
                        [](const catalog::Unique&) { return "unique"; },
                        [](const catalog::AcceptedValues&) { return "accepted_values"; },
                        [](const catalog::References&) { return "relationship"; },
                        [](const catalog::Matches&) { return "matches"; },
                        [](const catalog::RowCount&) { return "row_count"; },
                        [](const catalog::SqlCheck&) { return "sql"; },
                    },
                    check);
}

std::string test_sql(const catalog::Model& model, const catalog::Project& project,
                     const catalog::DataTest& test) {
  const std::string table = qualified(model);
  const std::string column = store::quoted_identifier(test.column);
  const std::string where = and_where(test);
  return std::visit(
      Overloaded{
          [&](const catalog::NotNull&) {
            return fmt::format("SELECT count(*), NULL FROM {} WHERE {} IS NULL{}", table, column,
                               where);
          },
          [&](const catalog::Unique& unique) {
            return unique_sql(
                model, unique.columns.empty() ? std::vector{test.column} : unique.columns, test);
          },
          [&](const catalog::AcceptedValues& accepted) {
            const catalog::Column* declared = model.column(test.column);
            MARTGATE_CHECK(declared != nullptr);
            std::vector<std::string> literals;
            for (const catalog::Scalar& value : accepted.values) {
              literals.push_back(stored_literal(value, *declared));
            }
            return fmt::format(
                "SELECT count(*), min({0}) FROM {1} WHERE {0} IS NOT NULL AND {0} NOT IN ({2}){3}",
                column, table, join(literals, ", "), where);
          },
          [&](const catalog::References& references) {
            const catalog::Model* to = project.model(references.to);
            MARTGATE_CHECK(to != nullptr);
            const std::string to_column = store::quoted_identifier(references.column);
            return fmt::format(
                "SELECT count(*), min({0}) FROM {1} WHERE {0} IS NOT NULL AND {0} NOT IN"
                " (SELECT {2} FROM {3} WHERE {2} IS NOT NULL){4}",
                column, table, to_column, qualified(*to), where);
          },
          [&](const catalog::Matches&) {
            return fmt::format(
                "SELECT {0}, count(*) FROM {1} WHERE {0} IS NOT NULL{2} GROUP BY {0}", column,
                table, where);
          },
          [&](const catalog::RowCount&) {
            return fmt::format("SELECT count(*) FROM {} WHERE true{}", table, where);
          },
          [](const catalog::SqlCheck& check) { return check.query; },
      },
      test.check);
}

Result<engine::TestResult> run_test(store::Connection& connection, const catalog::Project& project,
                                    const catalog::DataTest& test) {
  const catalog::Model* model = project.model(test.model);
  MARTGATE_CHECK(model != nullptr);
  const auto finding =
      std::visit(Run(connection, *model, test, test_sql(*model, project, test)), test.check);
  if (!finding) {
    Error error =
        with_context(finding.error(), fmt::format("{}: test {}", model->common.file, test.name));
    error.code = Code::FailedPrecondition;
    error.reason = "test_broken";
    return tl::unexpected(error);
  }
  const bool is_warning = test.severity == catalog::Severity::Warn;
  engine::TestResult result;
  result.name = test.name;
  result.model = test.model;
  result.column = test.column;
  result.check = name_of(test.check);
  result.severity = is_warning ? "warn" : "error";
  if (!finding->is_good)
    result.verdict = is_warning ? engine::Verdict::Warn : engine::Verdict::Fail;
  if (!finding->is_good) {
    auto rows = failing_rows(connection, *model, project, test);
    if (!rows) return tl::unexpected(with_context(rows.error(), test.name));
    result.failing_rows = std::move(*rows);
  }
  result.observed = finding->observed;
  result.expected = finding->expected;
  return result;
}

}  // namespace martgate::build
