#include <doctest/doctest.h>

#include "tools/cells.h"
#include "tools/trust.h"

using namespace martgate;
using namespace martgate::tools;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

const WallTime kNow = *parse_rfc3339("2026-11-21T10:00:00Z");

catalog::Source billing() {
  catalog::Source source;
  source.common.name = "billing";
  source.freshness.warn_after = hours(24);
  source.freshness.error_after = hours(48);
  catalog::SourceTable table;
  table.name = "invoices";
  table.raw_name = "billing_invoices";
  source.tables.push_back(table);
  return source;
}

// billing_invoices -> stg_invoices -> orders, with one test on each model.
engine::SnapshotFacts facts(std::optional<WallTime> loaded_at) {
  engine::SnapshotFacts facts;
  facts.loaded.push_back({"billing", "billing_invoices", 1, 10, 0, loaded_at});
  facts.models = {{"stg_invoices", "staging", "", 10}, {"orders", "marts", "", 10}};
  facts.lineage = {{"orders", "stg_invoices", "staging", {}},
                   {"stg_invoices", "billing_invoices", "raw", {}}};
  facts.tests = {{"a", "stg_invoices", "", "", "warn", engine::Verdict::Pass, "", ""},
                 {"b", "orders", "", "", "warn", engine::Verdict::Pass, "", ""}};
  return facts;
}

Trust trust_at(std::optional<WallTime> loaded_at,
               engine::Verdict staging_verdict = engine::Verdict::Pass) {
  catalog::Project project;
  project.sources.push_back(billing());
  engine::SnapshotFacts known = facts(loaded_at);
  known.tests[0].verdict = staging_verdict;
  return trust_of(standing_of(project, known, "orders", kNow));
}

}  // namespace

TEST_CASE("trust: what was never loaded is unknown, however many tests pass") {
  CHECK(trust_at(std::nullopt) == Trust::Unknown);
}

TEST_CASE(
    "trust: age turns to warn and stale at the source's own limits, which still count as kept") {
  CHECK(trust_at(kNow - hours(24)) == Trust::Pass);
  CHECK(trust_at(kNow - hours(24) - minutes(1)) == Trust::Warn);
  CHECK(trust_at(kNow - hours(48)) == Trust::Warn);
  CHECK(trust_at(kNow - hours(48) - minutes(1)) == Trust::Stale);
}

TEST_CASE("trust: a failing test of a model far behind the mart counts") {
  CHECK(trust_at(kNow, engine::Verdict::Warn) == Trust::Warn);
  CHECK(trust_at(kNow, engine::Verdict::Fail) == Trust::Fail);
}

TEST_CASE("trust: a mart that nothing tests is unknown") {
  catalog::Project project;
  project.sources.push_back(billing());
  engine::SnapshotFacts known = facts(kNow);
  known.tests.clear();
  CHECK(trust_of(standing_of(project, known, "orders", kNow)) == Trust::Unknown);
}

TEST_CASE("cells: an exact decimal keeps its digits, a real is scaled, NULL is not 0") {
  const auto written = [](const store::Value& cell, const metrics::OutputColumn& column) {
    std::string text;
    JsonWriter json(text);
    write_cell(json, cell, column);
    return text;
  };
  metrics::OutputColumn money;
  money.kind = metrics::ValueKind::Decimal;
  money.scale = 2;
  CHECK(written(std::int64_t{123456789012345678}, money) == "1234567890123456.78");
  CHECK(written(std::int64_t{-5}, money) == "-0.05");
  CHECK(written(std::monostate{}, money) == "null");
  metrics::OutputColumn mean;
  mean.kind = metrics::ValueKind::Real;
  mean.scale = 2;
  CHECK(written(250.0, mean) == "2.5");
  metrics::OutputColumn flag;
  flag.kind = metrics::ValueKind::Boolean;
  CHECK(written(std::int64_t{1}, flag) == "true");
}

TEST_CASE("cells: text with commas, quotes and line ends stays one line of the table") {
  TextTable table;
  table.add_row({"a,b", "c\"d", "e\nf", "g"});
  CHECK(table.text() == "\"a,b\",\"c\"\"d\",\"e f\",g\n");
}
