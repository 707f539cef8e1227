#include "jobs/project_steps.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "build/build.h"
#include "ingest/ingest.h"
#include "ingest/load_history.h"
#include "tools/source_audit.h"

namespace martgate::jobs {
namespace {

constexpr std::size_t kNamesShown = 3;

StepOutcome bad(std::string message) {
  StepOutcome outcome;
  outcome.is_good = false;
  outcome.message = std::move(message);
  return outcome;
}

std::string names_text(std::vector<std::string> names) {
  const std::size_t total = names.size();
  if (total > kNamesShown) names.resize(kNamesShown);
  std::string text = join(names, ", ");
  if (total > kNamesShown) text += fmt::format(" and {} more", total - kNamesShown);
  return text;
}

std::vector<std::string> failing(const std::vector<engine::TestResult>& tests) {
  std::vector<std::string> names;
  for (const engine::TestResult& test : tests) {
    if (test.verdict == engine::Verdict::Fail) names.push_back(test.name);
  }
  return names;
}

}  // namespace

Watched watch_tests(const catalog::Project& project, const std::vector<engine::TestResult>& tests) {
  Watched watched{{"test."}, {}};
  for (const engine::TestResult& test : tests) {
    if (test.verdict != engine::Verdict::Fail) continue;
    const catalog::Model* model = project.model(test.model);
    Trouble trouble;
    trouble.key = "test." + test.name;
    trouble.title = fmt::format("test {} fails", test.name);
    trouble.text = fmt::format("found {}, expected {}", test.observed, test.expected);
    trouble.route = project.jobs.alerts.sources;
    if (model != nullptr) trouble.owner = tools::owner_text(model->common.owner);
    watched.troubles.push_back(std::move(trouble));
  }
  return watched;
}

Result<Watched> watch_sources(const catalog::Project& project, WallTime now) {
  const auto history =
      ingest::load_history(ingest::raw_store_path(project.settings.state_folder), project);
  if (!history) return tl::unexpected(history.error());
  // What a source feeds is no trouble of the hour, so lineage can stay away.
  const auto audit = tools::audit_sources({project, {}, *history, now});
  Watched watched{{"source."}, {}};
  for (const tools::AuditFinding& finding : audit.findings) {
    const auto line = std::ranges::find_if(audit.sources, [&](const tools::SourceLine& one) {
      return one.source->common.name == finding.subject;
    });
    if (line == audit.sources.end()) continue;
    const bool is_stale =
        finding.fault == tools::AuditFault::PastSla && line->freshness == tools::Freshness::Stale;
    if (!is_stale && finding.fault != tools::AuditFault::Held &&
        finding.fault != tools::AuditFault::Drift &&
        finding.fault != tools::AuditFault::PullFailing) {
      continue;
    }
    Trouble trouble;
    trouble.key = fmt::format("source.{}.{}", finding.subject, name_of(finding.fault));
    trouble.title = fmt::format("source {}: {}", finding.subject, title_of(finding.fault));
    trouble.text = finding.text;
    trouble.route = project.jobs.alerts.sources;
    trouble.owner = finding.owner;
    watched.troubles.push_back(std::move(trouble));
  }
  return watched;
}

StepOutcome ProjectSteps::run(const catalog::JobStep& step) {
  switch (step.kind) {
    case catalog::StepKind::Ingest:
      return ingest(step.sources);
    case catalog::StepKind::Build:
      return build();
    case catalog::StepKind::Test:
      return test();
  }
  return bad("an unknown step");
}

StepOutcome ProjectSteps::ingest(const std::vector<std::string>& sources) const {
  catalog::Project chosen = project_;
  if (!sources.empty()) {
    std::erase_if(chosen.sources, [&](const catalog::Source& source) {
      return std::ranges::find(sources, source.common.name) == sources.end();
    });
  }
  const auto report = ingest::ingest(chosen, project_.settings.state_folder, clock_);
  if (!report) return bad(to_text(report.error()));
  StepOutcome outcome;
  if (auto watched = watch_sources(project_, clock_.now())) outcome.watched = std::move(*watched);
  std::vector<std::string> refused;
  for (const ingest::TableReport& table : report->tables) {
    for (const ingest::RefusedFile& file : table.refused)
      refused.push_back(fmt::format("{}: {}", file.path, file.error.message));
  }
  outcome.is_good = refused.empty();
  outcome.message = refused.empty() ? fmt::format("{} files loaded", report->files_loaded())
                                    : "not loaded: " + names_text(std::move(refused));
  return outcome;
}

StepOutcome ProjectSteps::build() const {
  auto loaded =
      ingest::loaded_tables(ingest::raw_store_path(project_.settings.state_folder), project_);
  if (!loaded) return bad(to_text(loaded.error()));
  const auto report = build::build(project_, std::move(*loaded), clock_);
  if (!report) return bad(to_text(report.error()));
  StepOutcome outcome;
  outcome.watched = watch_tests(project_, report->facts.tests);
  outcome.is_good = report->is_published || report->is_up_to_date;
  outcome.message = outcome.is_good
                        ? "snapshot " + report->facts.id
                        : "nothing published; failing: " + names_text(failing(report->facts.tests));
  return outcome;
}

StepOutcome ProjectSteps::test() const {
  const auto& state_folder = project_.settings.state_folder;
  const auto id = engine::current_snapshot(state_folder);
  if (!id) return bad(to_text(id.error()));
  const auto facts = engine::read_facts(engine::snapshot_path(state_folder, *id));
  if (!facts) return bad(to_text(facts.error()));
  StepOutcome outcome;
  outcome.watched = watch_tests(project_, facts->tests);
  const auto names = failing(facts->tests);
  outcome.is_good = names.empty();
  outcome.message = names.empty() ? fmt::format("{} tests hold", facts->tests.size())
                                  : "failing: " + names_text(names);
  return outcome;
}

}  // namespace martgate::jobs
