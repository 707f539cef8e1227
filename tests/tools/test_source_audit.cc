#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "base/duration_text.h"
#include "ingest/connect/pull_store.h"
#include "ingest/raw_store.h"
#include "temp_folder.h"
#include "tools/source_audit.h"

using namespace martgate;
using namespace martgate::tools;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;

namespace {

const WallTime kNow = *parse_rfc3339("2026-11-21T10:00:00Z");

catalog::Source source(const std::string& name) {
  catalog::Source source;
  source.common.name = name;
  source.common.file = "catalog/sources/" + name + ".yaml";
  source.common.owner = {"finance", "finance@shop.example"};
  source.schedule = "daily 02:00";
  source.freshness = {hours(26), hours(50)};
  source.credentials = catalog::Credentials{90, "2026-09-01"};
  source.reconciliation = catalog::Reconciliation{"the sum is the sum", "", "", 0};
  catalog::SourceTable table;
  table.name = "rows";
  table.raw_name = name + "_rows";
  table.columns.push_back({"email", "text", "", false, false, catalog::Classification::Restricted,
                           catalog::PersonalData::Direct});
  table.columns.push_back({"amount", "text", "", false, false, catalog::Classification::Internal,
                           catalog::PersonalData::None});
  source.tables.push_back(table);
  return source;
}

catalog::Metric simple(const std::string& name, const std::string& model) {
  catalog::Metric metric;
  metric.common.name = name;
  catalog::SimpleMetric definition;
  definition.model = model;
  metric.definition = definition;
  return metric;
}

// billing -> stg_billing -> orders -> revenue -> the question; all of it as it should be.
struct Company {
  catalog::Project project;
  std::vector<engine::LineageEdge> lineage{{"orders", "stg_billing", "staging", {}},
                                           {"stg_billing", "billing_rows", "raw", {}}};
  std::vector<ingest::TableHistory> history{
      {"billing", "billing_rows", 3, 100, 0, 0, 0, kNow - hours(2)}};

  Company() {
    project.sources.push_back(source("billing"));
    project.metrics.push_back(simple("revenue", "orders"));
    project.questions.push_back({"how_much", "How much?", "owner", "weekly", {"revenue"}, {}});
  }
  [[nodiscard]] SourceAudit audit() const {
    return audit_sources({project, lineage, history, kNow});
  }
  catalog::Source& billing() { return project.sources.front(); }
};

std::vector<std::string> faults(const SourceAudit& audit) {
  std::vector<std::string> names;
  for (const AuditFinding& finding : audit.findings) {
    names.push_back(std::string(name_of(finding.fault)) + " " + finding.subject + ": " +
                    finding.text);
  }
  return names;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("audit: a source without owner, contact, schedule, SLA or rule is told as much") {
  Company company;
  company.billing().common.owner = {};
  CHECK(faults(company.audit()) == Lines{"no_owner billing: catalog/sources/billing.yaml"});
  company.billing().common.owner = {"finance", ""};
  company.billing().schedule.clear();
  company.billing().freshness = {};
  company.billing().reconciliation.reset();
  CHECK(faults(company.audit()) ==
        Lines{"incomplete billing: missing: contact, schedule, SLA (freshness.error_after), "
              "reconciliation rule"});
}

TEST_CASE("audit: credentials are overdue from the day after the last day, not on it") {
  Company company;
  company.billing().credentials = catalog::Credentials{81, "2026-09-01"};  // due 2026-11-21
  CHECK(company.audit().findings.empty());
  CHECK(company.audit().sources[0].rotation_left->count() == 0);
  company.billing().credentials = catalog::Credentials{80, "2026-09-01"};
  CHECK(faults(company.audit()) ==
        Lines{"rotation_overdue billing: last rotated 2026-09-01, every 80 days: 24 hours late"});
  company.billing().credentials.reset();
  CHECK(company.audit().findings.empty());
}

TEST_CASE("audit: age breaks an expectation, then the promise; the limit itself is kept") {
  Company company;
  company.history[0].last_loaded_at = kNow - hours(26);
  CHECK(company.audit().findings.empty());
  company.history[0].last_loaded_at = kNow - hours(26) - minutes(1);
  CHECK(faults(company.audit()) ==
        Lines{"past_sla billing: loaded 26 hours ago, expected within 26 hours"});
  company.history[0].last_loaded_at = kNow - hours(80);
  CHECK(faults(company.audit()) ==
        Lines{"past_sla billing: loaded 3 days ago, promised within 50 hours"});
}

TEST_CASE("audit: the oldest of a source's tables decides, and one never loaded is named") {
  Company company;
  catalog::SourceTable second = company.billing().tables[0];
  second.name = "more";
  second.raw_name = "billing_more";
  company.billing().tables.push_back(second);
  CHECK(faults(company.audit()) == Lines{"never_loaded billing: billing_more"});
  CHECK(company.audit().sources[0].freshness == Freshness::Unknown);
  company.history.push_back({"billing", "billing_more", 1, 5, 0, 0, 0, kNow - hours(80)});
  CHECK(faults(company.audit()) ==
        Lines{"past_sla billing: loaded 3 days ago, promised within 50 hours"});
  CHECK(company.audit().sources[0].loaded_at == kNow - hours(80));
}

TEST_CASE("audit: quarantine, drift and held loads are counted by table") {
  Company company;
  company.history[0].quarantined = 7;
  company.history[0].drift = 1;
  company.history[0].held = 2;
  CHECK(faults(company.audit()) == Lines{"held billing: 2 in billing_rows",
                                         "drift billing: 1 in billing_rows",
                                         "quarantined billing: 7 in billing_rows"});
}

TEST_CASE("audit: a connector that failed is told with what it said, as often as it failed") {
  Company company;
  company.history[0].failures_in_row = 3;
  company.history[0].failure = "status 503";
  CHECK(faults(company.audit()) ==
        Lines{"pull_failing billing: billing_rows: failed 3 times in a row: status 503"});
}

TEST_CASE("history: a pull that found nothing new counts as a load, and a failing one is told") {
  TempFolder folder;
  const auto path = folder.path() / "raw.db";
  auto raw = ingest::RawStore::open(path);
  REQUIRE(raw);
  auto pulls = ingest::PullStore::open(raw->connection());
  REQUIRE(pulls);
  ingest::PullRun run;
  run.name = "billing_rows";
  run.system = "http";
  run.started_at = kNow - hours(3);
  REQUIRE(pulls->record(run));
  run.name = "billing_rows/reconcile";
  run.started_at = kNow - hours(1);
  run.error = "status 503";
  REQUIRE(pulls->record(run));
  const Company company;
  const auto history = ingest::load_history(path, company.project);
  REQUIRE(history);
  REQUIRE(history->size() == 1);
  CHECK(history->front().loads == 0);
  REQUIRE(history->front().last_loaded_at);
  CHECK(*history->front().last_loaded_at <= kNow - hours(2));
  CHECK(history->front().failures_in_row == 1);
  CHECK(history->front().failure == "status 503");
}

TEST_CASE("audit: a source feeds the questions its lineage leads to, and no other") {
  Company company;
  company.project.sources.push_back(source("crm"));
  company.history.push_back({"crm", "crm_rows", 1, 5, 0, 0, 0, kNow});
  CHECK(faults(company.audit()) ==
        Lines{"feeds_no_question crm: nobody's question is answered from it"});
  CHECK(company.audit().sources[0].questions == Lines{"how_much"});
  // A mart that joins it in connects it, through any number of models.
  company.lineage.push_back({"orders", "stg_crm", "staging", {}});
  company.lineage.push_back({"stg_crm", "crm_rows", "raw", {}});
  CHECK(company.audit().findings.empty());
  CHECK(company.audit().sources[1].questions == Lines{"how_much"});
}

TEST_CASE("audit: a question it is said to serve must be answered from it") {
  Company company;
  company.billing().serves = {"how_much"};
  CHECK(company.audit().findings.empty());
  company.lineage.clear();
  CHECK(faults(company.audit()) ==
        Lines{"feeds_no_question billing: nobody's question is answered from it",
              "serves_unread billing: how_much: its metrics do not go back to billing",
              "question_unsourced how_much: no source stands behind revenue"});
}

TEST_CASE("audit: a ratio goes back to the sources of both its halves") {
  Company company;
  company.project.sources.push_back(source("web"));
  company.history.push_back({"web", "web_rows", 1, 5, 0, 0, 0, kNow});
  company.lineage.push_back({"traffic", "web_rows", "raw", {}});
  company.project.metrics.insert(company.project.metrics.begin(), simple("a_visits", "traffic"));
  catalog::Metric rate;
  rate.common.name = "rate";
  rate.definition = catalog::RatioMetric{{"revenue", {}}, {"a_visits", {}}};
  company.project.metrics.insert(company.project.metrics.begin() + 1, rate);
  company.project.questions[0].metrics = {"rate"};
  const SourceAudit audit = company.audit();
  CHECK(audit.findings.empty());
  CHECK(audit.sources[0].questions == Lines{"how_much"});
  CHECK(audit.sources[1].questions == Lines{"how_much"});
}

TEST_CASE("audit: its JSON says for each source what the page shows") {
  Company company;
  company.history[0].quarantined = 7;
  const auto json = nlohmann::json::parse(audit_json(company.audit()));
  CHECK(json["at"] == "2026-11-21T10:00:00.000Z");
  const auto& line = json["sources"][0];
  CHECK(line["source"] == "billing");
  CHECK(line["owner"] == "finance");
  CHECK(line["error_after_minutes"] == 3000);
  CHECK(line["rotation_days_left"] == 9);
  CHECK(line["personal_columns"] == 1);
  CHECK(line["questions"] == nlohmann::json{"how_much"});
  CHECK(json["findings"][0]["fault"] == "quarantined");
}

TEST_CASE("duration: a span is told in the largest unit that is there twice") {
  CHECK(duration_text(milliseconds(-5)) == "0 seconds");
  CHECK(duration_text(milliseconds(1'999)) == "1 second");
  CHECK(duration_text(milliseconds(119'000)) == "119 seconds");
  CHECK(duration_text(minutes(2)) == "2 minutes");
  CHECK(duration_text(minutes(119)) == "119 minutes");
  CHECK(duration_text(hours(47)) == "47 hours");
  CHECK(duration_text(hours(71)) == "2 days");
  CHECK(limit_text(hours(50)) == "50 hours");
  CHECK(limit_text(hours(72)) == "3 days");
  CHECK(limit_text(minutes(90)) == "90 minutes");
  CHECK(limit_text(minutes(1)) == "1 minute");
}
