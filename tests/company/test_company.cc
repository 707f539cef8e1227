// The demo company, end to end: generated, built, asked over MCP. Expected numbers were computed
// from the generated files by other means than martgate's SQL.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "base/files.h"
#include "catalog/yaml.h"
#include "demo/demo_data.h"
#include "support/golden.h"
#include "support/served_project.h"

using namespace martgate;
using nlohmann::json;

namespace {

struct Company {
  TempFolder data;
  std::unique_ptr<ServedProject> served;

  Company() {
    REQUIRE(write_demo_data(data.path()));
    served = std::make_unique<ServedProject>(MARTGATE_SOURCE_DIR, data.path());
  }
  json ask(const char* arguments) {
    const json result = served->call("query_metrics", json::parse(arguments));
    REQUIRE_MESSAGE(!result.value("isError", false), result.dump());
    return result.at("structuredContent");
  }
};

}  // namespace

TEST_CASE("company: every question of the catalog is answered, cited and trusted") {
  Company company;
  int asked = 0;
  for (const catalog::Question& question : company.served->project().questions) {
    CAPTURE(question.id);
    const json result = company.served->call(
        "query_metrics", {{"metrics", question.metrics}, {"group_by", question.group_by}});
    CHECK_MESSAGE(!result.value("isError", false), result.dump());
    if (result.value("isError", false)) continue;
    const json& answer = result.at("structuredContent");
    CHECK(answer.at("row_count") > 0);
    CHECK_FALSE(answer.at("envelope").at("citations").empty());
    const std::string trust = answer.at("envelope").at("trust");
    CHECK((trust == "pass" || trust == "warn"));
    ++asked;
  }
  CHECK(asked >= 20);
}

TEST_CASE("company: every example in a metric's definition is answered") {
  Company company;
  for (const catalog::Metric& metric : company.served->project().metrics) {
    for (const catalog::Example& example : metric.examples) {
      if (example.arguments_json.empty()) continue;
      CAPTURE(example.question);
      const json result =
          company.served->call("query_metrics", json::parse(example.arguments_json));
      CHECK_MESSAGE(!result.value("isError", false), result.dump());
    }
  }
}

TEST_CASE("company: every case of evals/company_core.yaml comes out as expected") {
  Company company;
  const auto suite = catalog::read_yaml(
      *read_file(std::filesystem::path(MARTGATE_SOURCE_DIR) / "evals" / "company_core.yaml"));
  REQUIRE(suite.mistakes.empty());
  CHECK(suite.value.at("cases").size() >= 5);
  for (const json& one : suite.value.at("cases")) {
    CAPTURE(one.at("id").get<std::string>());
    const json& call = one.at("calls").at(0);
    const json& expect = one.at("expect");
    const json result = company.served->call(call.at("tool"), call.at("arguments"));
    const bool is_refused = result.value("isError", false);
    CHECK(is_refused == (expect.at("status") == "invalid"));
    if (is_refused) {
      const json& error = result.at("_meta").at("martgate/envelope").at("error");
      if (expect.contains("reason")) CHECK(error.at("reason") == expect.at("reason"));
      continue;
    }
    const json& answer = result.at("structuredContent");
    for (const auto& [pointer, value] : expect.at("values").items()) {
      CHECK(answer.at(json::json_pointer(pointer)) == json::parse(value.get<std::string>()));
    }
    std::set<std::string> cited;
    for (const json& citation : answer.at("envelope").at("citations")) {
      cited.insert("model." + citation.at("table").get<std::string>());
      for (const json& definition : citation.value("definitions", json::array())) {
        cited.insert(definition.at("name").get<std::string>());
      }
    }
    for (const json& must : expect.at("citations").at("must")) {
      CHECK_MESSAGE(cited.contains(must), must.get<std::string>(), " is not cited");
    }
  }
}

TEST_CASE("company: the late carrier shows in the numbers computed by hand") {
  Company company;
  const json carriers = company.ask(
      R"({"metrics": ["cost_per_parcel", "on_time_delivery_rate", "finished_shipments"],
          "group_by": ["carrier"], "time": {"from": "2026-01-01", "to": "2027-01-01"}})");
  const json& swiftline = carriers.at("rows").at(2);
  CHECK(swiftline.at(0) == "Swiftline");
  CHECK(swiftline.at(1).get<double>() == doctest::Approx(4.5066).epsilon(0.0001));
  CHECK(swiftline.at(2).get<double>() == doctest::Approx(0.6683).epsilon(0.0001));
  CHECK(swiftline.at(3) == 609);
}

TEST_CASE("company: the tool list stays within what a model should pay for it") {
  Company company;
  std::size_t bytes = 0;
  for (const gate::ToolListing& tool : company.served->gate().tools({})) {
    bytes += tool.name.size() + tool.title.size() + tool.description.size() +
             tool.input_schema.size() + tool.output_schema.size();
  }
  CHECK(bytes / 4 <= gate::kToolListTokensMax);
  MESSAGE("the tool list takes about " << bytes / 4 << " tokens");
}

TEST_CASE("company: calls are journaled and the chain is whole") {
  Company company;
  static_cast<void>(company.ask(R"({"metrics": ["net_revenue"]})"));
  const json refused = company.served->call("query_metrics", {{"metrics", {"nonsense"}}});
  CHECK(refused.at("isError") == true);
  const json records = company.served->journal_tail(2);
  REQUIRE(records.size() == 2);
  CHECK(records[0].at("to") == "completed");
  CHECK(records[1].at("to") == "failed");
  CHECK(records[1].dump().find("nonsense") == std::string::npos);
}
