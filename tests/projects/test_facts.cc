// Public data, known answers: every fact is asked for over MCP and must come out right.
#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "base/files.h"
#include "catalog/yaml.h"
#include "facts.h"
#include "support/served_project.h"

using namespace martgate;
using nlohmann::json;

namespace {

const std::filesystem::path kProjects =
    std::filesystem::path(MARTGATE_SOURCE_DIR) / "tests" / "projects";
const std::set<std::string> kKindsDue{"simple", "ratio", "time_grain", "quality"};

// The answer's rows as objects, so that a mapping can name their fields.
AnswerRows rows_of(const std::string& tool, const json& result) {
  if (result.value("isError", false))
    throw std::runtime_error(result.at("content")[0].value("text", ""));
  const json& data = result.at("structuredContent");
  CHECK_FALSE(data.at("envelope").at("citations").empty());
  AnswerRows rows;
  if (tool == "query_metrics") {
    for (const json& cells : data.at("rows")) {
      json row = json::object();
      for (std::size_t c = 0; c < cells.size(); ++c)
        row[data.at("columns")[c].at("name").get<std::string>()] = cells[c];
      rows.push_back(std::move(row));
    }
  } else if (tool == "check_health") {
    json row = json::object();
    for (const json& test : data.at("tests"))
      row[test.at("name").get<std::string>()] = test.at("observed");
    rows.push_back(std::move(row));
  } else {
    throw std::runtime_error("no mapping reads the answers of " + tool);
  }
  return rows;
}

void check_facts(const std::string& project, const std::string& data_name) {
  const auto data = public_data(data_name);
  if (data.empty()) {
    MESSAGE("skipped: the public data set " << data_name << " is not here");
    return;
  }
  ServedProject served(kProjects / project, data);
  const json expected = json::parse(*read_file(data / "expected.json"));
  auto mapping = catalog::read_yaml(*read_file(kProjects / project / "facts.yaml"));
  REQUIRE(mapping.mistakes.empty());
  const auto ask = [&](const std::string& tool, const json& arguments) {
    return rows_of(tool, served.call(tool, arguments));
  };
  std::set<std::string> answered;
  for (const json& entry : mapping.value) {
    const auto id = entry.at("id").get<std::string>();
    CAPTURE(id);
    const auto fact =
        std::ranges::find_if(expected.at("facts"), [&](const json& f) { return f.at("id") == id; });
    REQUIRE(fact != expected.at("facts").end());
    std::string difference;
    try {
      difference = compare_fact(*fact, entry, ask);
    } catch (const std::exception& problem) {
      difference = problem.what();
    }
    CHECK_MESSAGE(difference.empty(), id, ": ", difference);
    answered.insert(id);
  }
  for (const json& fact : expected.at("facts")) {
    if (!kKindsDue.contains(fact.at("kind"))) continue;
    CHECK_MESSAGE(answered.contains(fact.at("id")), "fact ", fact.at("id").get<std::string>(),
                  " is not asked for");
  }
  MESSAGE(data_name << ": " << answered.size() << " of " << expected.at("facts").size()
                    << " facts answered over MCP");
}

}  // namespace

TEST_CASE("facts: ravenstack answers what others published for it") {
  check_facts("ravenstack", "ravenstack");
}

TEST_CASE("facts: maven_crm answers what others published for it") {
  check_facts("maven_crm", "maven-crm");
}

TEST_CASE("facts: online_retail answers what others published for it") {
  check_facts("online_retail", "online-retail");
}
