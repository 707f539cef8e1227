// cases/*.yaml: a question, its arguments, and SQL written by hand. The golden beside each case
// holds plan, SQL and rows for people; the rows must also be those of the hand-written SQL.
#include <doctest/doctest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "catalog/yaml.h"
#include "engine/snapshot.h"
#include "metrics/compile.h"
#include "store/connection.h"
#include "support/golden.h"
#include "support/served_project.h"
#include "tools/arguments.h"

using namespace martgate;
using nlohmann::json;

namespace {

const std::filesystem::path kFolder =
    std::filesystem::path(MARTGATE_SOURCE_DIR) / "tests" / "metrics";

json cell_of(const store::Value& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return *number;
  if (const auto* real = std::get_if<double>(&value)) return *real;
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  return nullptr;
}

// Exact decimals are compared by their digits, so text stands for a number in the hand-written
// rows.
bool same_cell(const json& by_hand, const json& found, const std::string& exact) {
  if (by_hand.is_string() && found.is_number()) return by_hand.get<std::string>() == exact;
  if (by_hand.is_number_float() || found.is_number_float()) {
    return by_hand.is_number() && found.is_number() &&
           std::abs(by_hand.get<double>() - found.get<double>()) <=
               1e-9 * std::max(1.0, std::abs(by_hand.get<double>()));
  }
  return by_hand == found;
}

// The digits of each cell as they stand in the answer's text, which a double would have lost.
std::vector<std::vector<std::string>> digits_of(const std::string& members) {
  const std::size_t begin = members.find("\"rows\":[") + 8;
  std::vector<std::vector<std::string>> rows;
  for (std::size_t at = begin; at < members.size() && members[at] != ']';) {
    if (members[at] == ',') ++at;
    std::vector<std::string> cells;
    ++at;  // the row's bracket
    std::string cell;
    bool quoted = false;
    for (; quoted || members[at] != ']'; ++at) {
      if (members[at] == '"') quoted = !quoted;
      if (members[at] == ',' && !quoted)
        cells.push_back(std::exchange(cell, ""));
      else
        cell.push_back(members[at]);
    }
    cells.push_back(cell);
    rows.push_back(std::move(cells));
    ++at;
  }
  return rows;
}

}  // namespace

TEST_CASE(
    "metrics: every case gives the rows of its hand-written SQL, and its plan is the golden one") {
  ServedProject shop(kFolder / "shop", kFolder / "shop" / "data");
  auto by_hand = store::Connection::open_readonly(
      engine::snapshot_path(shop.state_folder(), shop.report().facts.id));
  REQUIRE(by_hand);
  int cases = 0;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder / "cases")) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  for (const auto& file : files) {
    ++cases;
    CAPTURE(file.filename().string());
    const auto yaml = catalog::read_yaml(*read_file(file));
    REQUIRE(yaml.mistakes.empty());
    const json& arguments = yaml.value.at("arguments");
    const json result = shop.call("query_metrics", arguments);
    REQUIRE_MESSAGE(!result.value("isError", false), result.dump());
    const json& found = result.at("structuredContent").at("rows");
    const auto wanted =
        by_hand->query(store::Sql::rendered(yaml.value.at("by_hand").get<std::string>()));
    REQUIRE_MESSAGE(wanted, to_text(wanted ? Error{} : wanted.error()));
    REQUIRE(found.size() == wanted->row_count());
    // The raw line keeps the digits that parsing would round.
    const json message{{"jsonrpc", "2.0"},
                       {"id", 1},
                       {"method", "tools/call"},
                       {"params",
                        {{"name", "query_metrics"},
                         {"arguments", arguments},
                         {"_meta",
                          {{"io.modelcontextprotocol/protocolVersion", "2026-07-28"},
                           {"io.modelcontextprotocol/clientCapabilities", json::object()}}}}}};
    const auto digits = digits_of(shop.line(message.dump()));
    for (std::size_t r = 0; r < found.size(); ++r) {
      for (std::size_t c = 0; c < found[r].size(); ++c) {
        CHECK_MESSAGE(same_cell(cell_of(wanted->at(r, c)), found[r][c], digits[r][c]), "row ", r,
                      " column ", c, ": by hand ", cell_of(wanted->at(r, c)).dump(), ", answered ",
                      digits[r][c]);
      }
    }
    const auto query = tools::metric_query_from(arguments, 1'000);
    REQUIRE(query);
    const auto compiled = metrics::compile(shop.project(), *query);
    REQUIRE(compiled);
    std::string text = yaml.value.at("question").get<std::string>() + "\n" + arguments.dump() +
                       "\n\n" + metrics::explain(shop.project(), *compiled) + "\nRows\n";
    for (const auto& row : digits) {
      for (std::size_t c = 0; c < row.size(); ++c) text += (c == 0 ? "  " : " | ") + row[c];
      text += "\n";
    }
    auto golden = file;
    check_golden(golden.replace_extension(".golden"), text);
  }
  CHECK(cases >= 13);
}

TEST_CASE("metrics: the SQL text depends on the shape of the question, never on its values") {
  ServedProject shop(kFolder / "shop", kFolder / "shop" / "data");
  const auto sql_of = [&](const json& arguments) {
    const auto query = tools::metric_query_from(arguments, 1'000);
    REQUIRE(query);
    const auto compiled = metrics::compile(shop.project(), *query);
    REQUIRE(compiled);
    return compiled->query.sql;
  };
  const auto with = [](const char* text) { return json::parse(text); };
  const std::string one = sql_of(with(
      R"({"metrics": ["revenue"], "where": [{"field": "channel", "op": "eq", "value": "web"}]})"));
  CHECK(
      one ==
      sql_of(with(
          R"({"metrics": ["revenue"], "where": [{"field": "channel", "op": "eq", "value": "x'; DROP TABLE orders; --"}]})")));
  CHECK(one.find("web") == std::string::npos);
  const auto in = [&](int count) {
    json values = json::array();
    for (int i = 0; i < count; ++i) values.push_back("v" + std::to_string(i));
    return sql_of({{"metrics", {"revenue"}},
                   {"where", {{{"field", "channel"}, {"op", "in"}, {"value", values}}}}});
  };
  CHECK(in(3) == in(4));
  CHECK(in(4) != in(5));
  CHECK(in(5) == in(8));
}
