#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/digest.h"
#include "base/text.h"
#include "catalog/read_objects.h"
#include "json/canonical.h"

namespace martgate::catalog {
namespace {

DataType read_data_type(const Node& node) {
  const std::string name = node.text();
  for (const DataType type : {DataType::Text, DataType::Integer, DataType::Real, DataType::Decimal,
                              DataType::Boolean, DataType::Date}) {
    if (name == name_of(type)) return type;
  }
  return DataType::Timestamp;
}

DimensionType read_dimension(const Node& node) {
  if (!node.exists()) return DimensionType::None;
  return node.at("type").text() == "time" ? DimensionType::Time : DimensionType::Categorical;
}

EntityType read_entity(const Node& node) {
  if (!node.exists()) return EntityType::None;
  return node.at("type").text() == "primary" ? EntityType::Primary : EntityType::Foreign;
}

Column read_column(const Node& node) {
  Column column;
  column.name = node.at("name").text();
  column.label = node.at("label").text(column.name);
  column.description = node.at("description").text();
  column.type = read_data_type(node.at("data_type"));
  column.scale = static_cast<int>(node.at("scale").integer());
  column.dimension = read_dimension(node.at("dimension"));
  column.entity_type = read_entity(node.at("entity"));
  column.entity = node.at("entity").at("name").text();
  column.synonyms = node.at("ai_context").at("synonyms").texts();
  column.classification = read_classification(node.at("classification"));
  return column;
}

RowCount read_row_count(const Node& node) {
  RowCount check;
  if (node.at("min").exists()) check.min = node.at("min").integer();
  if (node.at("max").exists()) check.max = node.at("max").integer();
  if (!check.min && !check.max) node.mistake("row_count without min or max");
  if (check.min && check.max && *check.min > *check.max) {
    node.at("min").mistake("min is above max");
  }
  return check;
}

struct NamedComparison {
  const char* key;
  Comparison comparison;
};
constexpr std::array kComparisons{
    NamedComparison{"must_be", Comparison::MustBe},
    NamedComparison{"must_not_be", Comparison::MustNotBe},
    NamedComparison{"must_be_less_than", Comparison::MustBeLessThan},
    NamedComparison{"must_be_less_or_equal_to", Comparison::MustBeLessOrEqualTo},
    NamedComparison{"must_be_greater_than", Comparison::MustBeGreaterThan},
    NamedComparison{"must_be_greater_or_equal_to", Comparison::MustBeGreaterOrEqualTo},
    NamedComparison{"must_be_between", Comparison::MustBeBetween},
    NamedComparison{"must_not_be_between", Comparison::MustNotBeBetween}};

// Exactly one of the words above; for a sql test and for a threshold.
Threshold read_comparison(const Node& node, std::string_view what) {
  Threshold read;
  int count = 0;
  std::vector<std::string> words;
  for (const NamedComparison& named : kComparisons) {
    words.emplace_back(named.key);
    const Node operand = node.at(named.key);
    if (!operand.exists()) continue;
    ++count;
    read.comparison = named.comparison;
    if (const std::vector<Node> bounds = operand.items(); bounds.size() == 2) {
      read.low = bounds[0].number();
      read.high = bounds[1].number();
      if (read.low > read.high) operand.mistake("the lower bound is above the upper one");
    } else {
      read.low = operand.number();
    }
  }
  if (count != 1) {
    node.mistake(count == 0 ? fmt::format("a {} that says nothing about its number", what)
                            : fmt::format("a {} with more than one comparison", what),
                 {"exactly one of " + join(words, ", ")});
  }
  return read;
}

SqlCheck read_sql_check(const Node& node) {
  const Threshold read = read_comparison(node, "sql test");
  return {node.at("query").text(), read.comparison, read.low, read.high};
}

std::vector<UnitRow> read_unit_rows(const Node& node) {
  std::vector<UnitRow> rows;
  for (const Node& item : node.items()) {
    UnitRow row;
    for (const std::string& key : item.keys()) row.emplace_back(key, read_scalar(item.at(key)));
    rows.push_back(std::move(row));
  }
  return rows;
}

UnitTest read_unit_test(const Node& node, const std::string& model) {
  UnitTest test;
  test.name = fmt::format("{}.{}", model, node.at("name").text());
  test.description = node.at("description").text();
  test.line = node.position().line;
  for (const Node& given : node.at("given").items()) {
    test.given.push_back({given.at("input").text(), read_unit_rows(given.at("rows"))});
  }
  test.expect = read_unit_rows(node.at("expect").at("rows"));
  return test;
}

std::optional<Incremental> read_incremental(const Node& node, Layer layer) {
  const Node settings = node.at("incremental");
  const bool is_declared = node.at("materialized").text() == "incremental";
  if (is_declared != settings.exists()) {
    node.at(is_declared ? "materialized" : "incremental")
        .mistake(
            is_declared ? "an incremental model without a time to go by"
                        : "incremental settings of a model that is computed whole",
            {"write materialized: incremental with incremental: {time: COLUMN, late_days: N}"});
    return std::nullopt;
  }
  if (!is_declared) return std::nullopt;
  if (layer != Layer::Marts) {
    node.at("materialized")
        .mistake("an incremental staging model", {"staging is not kept; marts can be incremental"});
  }
  return Incremental{settings.at("time").text(),
                     static_cast<int>(settings.at("late_days").integer()),
                     settings.at("unique_key").texts()};
}

Check read_check(const std::string& kind, const Node& params, const std::string& column) {
  if (kind == "unique") {
    return Unique{column.empty() ? params.at("columns").texts() : std::vector{column}};
  }
  if (kind == "accepted_values") {
    AcceptedValues check;
    for (const Node& value : params.at("values").items()) {
      check.values.push_back(read_scalar(value));
    }
    return check;
  }
  if (kind == "relationship") {
    return References{params.at("to").text(), params.at("column").text()};
  }
  if (kind == "matches") return Matches{params.at("pattern").text()};
  if (kind == "row_count") return read_row_count(params);
  if (kind == "sql") return read_sql_check(params);
  return NotNull{};
}

// "not_null", or {accepted_values: {…}} with one key.
void read_tests(const Node& node, const std::string& model, const std::string& column,
                std::vector<DataTest>& tests) {
  for (const Node& item : node.items()) {
    const std::vector<std::string> keys = item.keys();
    const std::string kind = keys.empty() ? item.text() : keys.front();
    const Node params = keys.empty() ? item : item.at(kind);
    const std::string name = params.at("name").text(kind);
    DataTest test;
    test.name = column.empty() ? fmt::format("{}.{}", model, name)
                               : fmt::format("{}.{}.{}", model, column, name);
    test.model = model;
    test.column = column;
    test.check = read_check(kind, params, column);
    test.severity = params.at("severity").text() == "warn" ? Severity::Warn : Severity::Error;
    test.where = params.at("where").text();
    test.line = item.position().line;
    if (const Node threshold = params.at("threshold"); threshold.exists()) {
      test.threshold = read_comparison(threshold, "threshold");
      test.threshold->is_percent = threshold.at("unit").text() == "percent";
    }
    const auto same = std::ranges::find(tests, test.name, &DataTest::name);
    if (same != tests.end()) {
      item.mistake(
          fmt::format("two tests are called {}", test.name),
          {fmt::format("first on line {}", same->line),
           column.empty() ? "give each a name of its own" : "join the two where conditions"});
    }
    tests.push_back(std::move(test));
  }
}

}  // namespace

Model read_model(const Node& node, Layer layer, std::string sql_file, std::string sql) {
  Model model;
  model.common = read_common(node);
  model.common.digest =
      sha256_hex(canonical_json(nlohmann::json{{"definition", *node.json()}, {"sql", sql}}));
  model.layer = layer;
  if (node.at("layer").exists() && node.at("layer").text() != name_of(layer)) {
    node.at("layer").mistake(
        fmt::format("layer {} in the folder {}", node.at("layer").text(), name_of(layer)),
        {fmt::format("write layer: {}, or move both files", name_of(layer))});
  }
  model.access = node.at("access").text() == "private" ? Access::Private : Access::Public;
  model.sql = std::move(sql);
  model.sql_file = std::move(sql_file);
  model.primary_key = node.at("primary_key").texts();
  model.agg_time_dimension = node.at("agg_time_dimension").text();
  model.freshness = read_freshness(node.at("freshness"));
  if (const Node freshness = node.at("freshness");
      freshness.exists() && model.agg_time_dimension.empty()) {
    freshness.mistake("freshness without a time to tell it by",
                      {"agg_time_dimension names the column of the events' time"});
  }
  for (const Node& item : node.at("columns").items()) {
    model.columns.push_back(read_column(item));
    read_tests(item.at("tests"), model.common.name, model.columns.back().name, model.tests);
  }
  for (const Node& item : node.at("relationships").items()) {
    model.relationships.push_back({item.at("name").text(), item.at("to").text(),
                                   item.at("from_columns").texts(), item.at("to_columns").texts()});
  }
  read_tests(node.at("tests"), model.common.name, "", model.tests);
  model.incremental = read_incremental(node, layer);
  for (const Node& index : node.at("indexes").items()) model.indexes.push_back(index.texts());
  for (const Node& test : node.at("unit_tests").items()) {
    model.unit_tests.push_back(read_unit_test(test, model.common.name));
  }
  return model;
}

}  // namespace martgate::catalog
