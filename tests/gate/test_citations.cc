#include <doctest/doctest.h>

#include "gate/citations.h"

using namespace martgate;
using namespace martgate::gate;

namespace {

const WallTime kNow = *parse_rfc3339("2026-11-21T10:00:00Z");

engine::SnapshotFacts snapshot() {
  engine::SnapshotFacts facts;
  facts.id = "s1";
  facts.project_digest = "p";
  facts.models = {{"orders", "marts", "", 1}};
  return facts;
}

catalog::Project project() {
  catalog::Project project;
  project.digest = "p";
  return project;
}

}  // namespace

TEST_CASE("citations: an answer from marts that read nothing may not leave") {
  tools::ToolAnswer answer;
  answer.plan_digest = "sql ran";
  const auto evidence = cite(answer, project(), snapshot(), kNow);
  REQUIRE_FALSE(evidence);
  CHECK(evidence.error().reason == "uncited");
}

TEST_CASE("citations: a table that is not of the snapshot may not be cited") {
  tools::ToolAnswer answer;
  answer.reads[{"main", "elsewhere"}] = {"x"};
  const auto evidence = cite(answer, project(), snapshot(), kNow);
  REQUIRE_FALSE(evidence);
  CHECK(evidence.error().reason == "uncited");
}

TEST_CASE("citations: tables and columns are those the engine reported") {
  tools::ToolAnswer answer;
  answer.reads[{"main", "orders"}] = {"b", "a"};
  const auto evidence = cite(answer, project(), snapshot(), kNow);
  REQUIRE(evidence);
  REQUIRE(evidence->citations.size() == 1);
  CHECK(evidence->citations[0].table == "orders");
  CHECK(evidence->citations[0].columns == std::vector<std::string>{"a", "b"});
  CHECK(evidence->citations[0].snapshot == "s1");
  CHECK(evidence->trust == tools::Trust::Unknown);
}

TEST_CASE("citations: a search that finds nothing rests on the whole catalog") {
  const auto evidence = cite({}, project(), snapshot(), kNow);
  REQUIRE(evidence);
  CHECK(evidence->citations[0].table == "catalog");
  CHECK(evidence->citations[0].definitions[0].digest == "p");
}

TEST_CASE("citations: definitions newer than the snapshot are a warning") {
  catalog::Project changed = project();
  changed.digest = "q";
  const auto evidence = cite({}, changed, snapshot(), kNow);
  REQUIRE(evidence);
  REQUIRE(evidence->warnings.size() == 1);
  CHECK(evidence->warnings[0].code == "catalog_changed");
  CHECK(evidence->trust == tools::Trust::Warn);
}

TEST_CASE("citations: a warning of a model far behind the mart says which test it is") {
  engine::SnapshotFacts facts = snapshot();
  facts.models.push_back({"stg_orders", "staging", "", 1});
  facts.lineage = {{"orders", "stg_orders", "staging", {}}};
  facts.tests = {{"stg_orders.id.unique", "stg_orders", "id", "unique", "warn",
                  engine::Verdict::Warn, "2 rows", "0"}};
  tools::ToolAnswer answer;
  answer.reads[{"main", "orders"}] = {"a"};
  const auto evidence = cite(answer, project(), facts, kNow);
  REQUIRE(evidence);
  REQUIRE(evidence->warnings.size() == 1);
  CHECK(evidence->warnings[0].code == "test_warn");
  CHECK(evidence->warnings[0].text.find("stg_orders.id.unique") == 0);
}
