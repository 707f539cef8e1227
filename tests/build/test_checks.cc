// Thresholds, rows that failed, unit tests, and tests on a published snapshot.
#include <doctest/doctest.h>

#include "base/files.h"
#include "build/check_snapshot.h"
#include "build/fixture.h"
#include "build/unit_tests.h"

using namespace martgate;
using namespace martgate::build;
using catalog::Comparison;
using catalog::DataType;

namespace {

constexpr std::string_view kRows =
    "1,anna,12.50,2026-01-31\n2,bert,3.05,2026-02-28\n3,anna,0.10,2026-02-28\n4,,7,\n";

catalog::UnitTest unit_test(std::vector<catalog::UnitInput> given,
                            std::vector<catalog::UnitRow> expect) {
  catalog::UnitTest test;
  test.name = "orders.t";
  test.given = std::move(given);
  test.expect = std::move(expect);
  return test;
}

catalog::UnitRow row(std::int64_t id, const std::string& customer, double amount) {
  return {{"order_id", id}, {"customer_id", customer}, {"cents", amount}};
}

}  // namespace

TEST_CASE("checks: a threshold decides how many offenders are too many") {
  struct Case {
    catalog::Threshold threshold;
    bool is_good;
    std::string observed;
    std::string expected;
  };
  const std::string found = "1 rows without a value";
  const std::string value = "a value in every row, with ";
  const std::vector<Case> cases{
      {{Comparison::MustBe, 0, 0, false}, false, found, value + "0 offenders"},
      {{Comparison::MustBeLessThan, 1, 0, false}, false, found, value + "less than 1 offenders"},
      {{Comparison::MustBeLessThan, 2, 0, false}, true, found, value + "less than 2 offenders"},
      {{Comparison::MustBeLessOrEqualTo, 1, 0, false}, true, found, value + "at most 1 offenders"},
      {{Comparison::MustBeGreaterThan, 1, 0, false}, false, found, value + "more than 1 offenders"},
      {{Comparison::MustBeGreaterOrEqualTo, 1, 0, false},
       true,
       found,
       value + "at least 1 offenders"},
      {{Comparison::MustNotBe, 1, 0, false}, false, found, value + "anything but 1 offenders"},
      {{Comparison::MustBeBetween, 1, 3, false}, true, found, value + "between 1 and 3 offenders"},
      {{Comparison::MustNotBeBetween, 1, 3, false},
       false,
       found,
       value + "outside 1 to 3 offenders"},
      {{Comparison::MustBeLessThan, 25, 0, true},
       false,
       found + " (25% of 4)",
       value + "less than 25%"},
      {{Comparison::MustBeLessOrEqualTo, 25, 0, true},
       true,
       found + " (25% of 4)",
       value + "at most 25%"},
  };
  Shop shop;
  shop.ingest_csv(kRows);
  for (const Case& c : cases) {
    CAPTURE(c.expected);
    auto test = data_test("orders.t", "orders", "customer_id", catalog::NotNull{});
    test.threshold = c.threshold;
    test.severity = catalog::Severity::Warn;
    shop.mart("orders").tests = {test};
    shop.touch();
    const engine::TestResult result = shop.build_all().facts.tests.at(0);
    CHECK(result.verdict == (c.is_good ? engine::Verdict::Pass : engine::Verdict::Warn));
    CHECK(result.observed == c.observed);
    CHECK(result.expected == c.expected);
  }
}

TEST_CASE("checks: rows that failed are kept, as many as is bounded, restricted columns masked") {
  Shop shop;
  std::string rows;
  for (int i = 0; i < 50; ++i) rows += std::to_string(i) + ",anna,1.25,2026-01-31\n";
  shop.ingest_csv(rows + "90,bert,2,\n");
  shop.mart("orders").columns[1].classification = catalog::Classification::Restricted;
  shop.mart("orders").columns[2].scale = 2;
  const auto warned = [](catalog::DataTest test) {
    test.severity = catalog::Severity::Warn;
    return test;
  };
  shop.mart("orders").tests = {
      warned(data_test("orders.a", "orders", "day", catalog::NotNull{})),
      warned(data_test("orders.b", "orders", "customer_id", catalog::Matches{"^b"})),
      warned(data_test("orders.c", "orders", "", catalog::Unique{{"customer_id"}})),
      warned(data_test("orders.d", "orders", "", catalog::RowCount{100, {}})),
  };
  const std::string id = shop.build_all().facts.id;
  const auto facts = engine::read_facts(engine::snapshot_path(shop.state(), id));
  REQUIRE(facts);
  CHECK(facts->tests[0].failing_rows ==
        std::vector<std::string>{R"({"order_id":90,"customer_id":"***","cents":2.00,"day":null})"});
  CHECK(facts->tests[1].failing_rows.size() == engine::kFailingRowsMax);
  CHECK(facts->tests[1].failing_rows[0].find("anna") == std::string::npos);
  CHECK(facts->tests[2].failing_rows.size() == engine::kFailingRowsMax);
  CHECK(facts->tests[3].failing_rows.empty());
  // What keeps a snapshot back is written beside the snapshots.
  shop.mart("orders").tests[0].severity = catalog::Severity::Error;
  shop.touch();
  CHECK_FALSE(shop.build_all().is_published);
  const auto refused = read_file(shop.state() / "marts" / "refused.json");
  REQUIRE(refused);
  CHECK(refused->find(R"("name":"orders.a")") != std::string::npos);
  CHECK(refused->find(R"({"order_id":90,"customer_id":"***")") != std::string::npos);
}

TEST_CASE("checks: a unit test compares rows as a multiset, on the columns it names") {
  Shop shop;
  shop.mart("orders").columns[2].scale = 2;
  const catalog::UnitInput given{
      "stg_orders_typed",
      {{{"order_id", std::int64_t{1}},
        {"customer_id", std::string("a")},
        {"cents", std::int64_t{150}}},
       {{"order_id", std::int64_t{2}}, {"customer_id", std::string("b")}}}};
  const auto differences = [&](const catalog::UnitTest& test) {
    shop.mart("orders").unit_tests = {test};
    const auto results = run_unit_tests(shop.project);
    REQUIRE_MESSAGE(results, to_text(results ? Error{} : results.error()));
    REQUIRE(results->size() == 1);
    std::string text;
    for (const std::string& line : results->at(0).differences) text += line + "\n";
    CHECK(results->at(0).is_good == text.empty());
    return text;
  };
  // In any order; a decimal is written as people write it.
  CHECK(
      differences(unit_test({given}, {{{"order_id", std::int64_t{2}}, {"cents", std::monostate{}}},
                                      {{"order_id", std::int64_t{1}}, {"cents", 1.5}}})) == "");
  CHECK(differences(unit_test({given}, {row(1, "a", 1.5)})) ==
        "unexpected {order_id: 2, customer_id: \"b\", cents: null}\n");
  CHECK(differences(unit_test({given}, {row(1, "a", 1.5), row(2, "b", 0)}))
            .find("missing {order_id: 2") != std::string::npos);
  CHECK(differences(unit_test({}, {})) == "");
  // Raw rows are text, as they come.
  shop.mart("stg_orders_typed").unit_tests = {};
  shop.mart("orders").unit_tests = {};
  shop.mart("stg_orders").unit_tests = {
      unit_test({{"raw.shop_orders", {{{"id", std::int64_t{7}}, {"_row", std::int64_t{1}}}}}},
                {{{"id", std::string("7")}}})};
  const auto raw = run_unit_tests(shop.project);
  REQUIRE(raw);
  CHECK(raw->at(0).is_good);
}

TEST_CASE("checks: a unit test of what does not exist is refused, one that fails stops the build") {
  Shop shop;
  shop.ingest_csv(kRows);
  shop.mart("orders").unit_tests = {unit_test({{"stg_orders_typd", {}}}, {})};
  const auto broken = run_unit_tests(shop.project);
  REQUIRE_FALSE(broken);
  CHECK(broken.error().reason == "unit_test_broken");
  CHECK(to_text(broken.error()).find("did you mean stg_orders_typed") != std::string::npos);
  shop.mart("orders").unit_tests = {unit_test({}, {row(1, "a", 1)})};
  const auto stopped = shop.try_build();
  REQUIRE_FALSE(stopped);
  CHECK(stopped.error().reason == "unit_test_failed");
  CHECK_FALSE(engine::current_snapshot(shop.state()));
}

TEST_CASE("checks: on a snapshot, tests of marts are run and those of staging are recorded") {
  Shop shop;
  shop.ingest_csv(kRows);
  shop.mart("orders").tests = {data_test("orders.rows", "orders", "", catalog::RowCount{1, {}})};
  shop.mart("stg_orders").tests = {
      data_test("stg_orders.rows", "stg_orders", "", catalog::RowCount{1, {}})};
  const std::string id = shop.build_all().facts.id;
  // The project demands more now than when the snapshot was built.
  shop.mart("orders").tests[0].check = catalog::RowCount{5, {}};
  const auto plan = plan_models(shop.project);
  REQUIRE(plan);
  const auto tests = test_snapshot(shop.project, *plan, engine::snapshot_path(shop.state(), id));
  REQUIRE(tests);
  REQUIRE(tests->size() == 2);
  CHECK(tests->at(0).result.verdict == engine::Verdict::Fail);
  CHECK_FALSE(tests->at(0).is_recorded);
  CHECK(tests->at(1).result.verdict == engine::Verdict::Pass);
  CHECK(tests->at(1).is_recorded);
}
