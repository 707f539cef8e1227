#include <doctest/doctest.h>

#include <string>

#include "catalog/csv_text.h"
#include "catalog/project_folder.h"

using namespace martgate::catalog;

namespace {

constexpr const char* kYaml =
    "kind: seed\nname: countries\ncolumns:\n"
    "  - {name: code, data_type: text, tests: [not_null, unique]}\n"
    "  - {name: tax, data_type: decimal, scale: 2}\n"
    "  - {name: is_member, data_type: boolean}\n"
    "  - {name: since, data_type: date}\n"
    "  - {name: people, data_type: integer}\n";

std::string loaded_with(const std::string& csv) {
  ProjectFolder folder = ProjectFolder::fixture("shop");
  folder.write("catalog/seeds/countries.yaml", kYaml);
  folder.write("catalog/seeds/countries.csv", csv);
  const Loaded loaded = folder.load();
  if (!loaded.project) return to_lines(loaded.diagnostics);
  const Model* seed = loaded.project->model("countries");
  REQUIRE(seed != nullptr);
  CHECK(seed->is_seed);
  CHECK(seed->layer == Layer::Staging);
  CHECK(seed->tests.size() == 2);
  return seed->sql;
}

}  // namespace

TEST_CASE("seeds: what does not fit its column is a mistake with the line of the CSV") {
  const std::string header = "code,tax,is_member,since,people\n";
  const auto mistake = [&](const std::string& row) {
    return loaded_with(header + "DE,,,,\n" + row);
  };
  CHECK(loaded_with("code,tax\n").find("countries.csv:1:1: the header is not the columns of") !=
        std::string::npos);
  CHECK(loaded_with("").find("countries.csv") != std::string::npos);
  CHECK(mistake("FR,1.234,,,\n").find("countries.csv:3:1: \"1.234\" is no decimal for tax") !=
        std::string::npos);
  CHECK(mistake("FR,1e2,,,\n").find("is no decimal") != std::string::npos);
  CHECK(mistake("FR,,yes,,\n").find("\"yes\" is no boolean for is_member") != std::string::npos);
  CHECK(mistake("FR,,,2026-02-30,\n").find("is no date for since") != std::string::npos);
  CHECK(mistake("FR,,,,1.5\n").find("is no integer for people") != std::string::npos);
  CHECK(mistake("FR,,,\n").find("4 fields, while the header has 5") != std::string::npos);
  CHECK(mistake("\"FR,,,,\n").find("a quote that does not end") != std::string::npos);
  CHECK(mistake("F\"R,,,,\n").find("a quote inside a field") != std::string::npos);
}

TEST_CASE("seeds: rows become the SELECT of a staging model, typed and quoted") {
  CHECK(loaded_with("code,tax,is_member,since,people\r\nDE,19,true,1958-01-01,84000000\r\n"
                    "\"O'Neil\",2.5,false,,\n") ==
        "SELECT column1 AS \"code\", column2 AS \"tax\", column3 AS \"is_member\", "
        "column4 AS \"since\", column5 AS \"people\" FROM (VALUES \n"
        "  ('DE', 1900, 1, '1958-01-01', 84000000),\n"
        "  ('O''Neil', 250, 0, NULL, NULL))");
  CHECK(loaded_with("code,tax,is_member,since,people\n").ends_with(" WHERE false"));
}

TEST_CASE("seeds: a half without the other is a mistake") {
  ProjectFolder folder = ProjectFolder::fixture("shop");
  folder.write("catalog/seeds/countries.yaml", kYaml);
  CHECK(to_lines(folder.load().diagnostics)
            .find("catalog/seeds/countries.csv: the file is missing") != std::string::npos);
}

TEST_CASE("seeds: CSV text keeps quotes, line ends in fields, and empty texts apart from nothing") {
  const CsvText csv = parse_csv(
      "\xEF\xBB\xBF"
      "a,\"b\n\"\"c\"\"\",\"\",\r\n1,2,3,4");
  CHECK(csv.mistake.empty());
  REQUIRE(csv.records.size() == 2);
  CHECK(csv.records[0].fields[1].text == "b\n\"c\"");
  CHECK(csv.records[0].fields[2].is_quoted);
  CHECK_FALSE(csv.records[0].fields[3].is_quoted);
  CHECK(csv.records[1].line == 3);
}
