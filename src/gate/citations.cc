#include "gate/citations.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace martgate::gate {
namespace {

using catalog::Metric;
using catalog::Project;
using engine::SnapshotFacts;
using tools::Freshness;
using tools::Trust;

constexpr std::size_t kDigestShown = 12;

// A metric stands on its inputs as well.
void add_definition(const Project& project, const Metric& metric, std::string_view model,
                    std::vector<Definition>& definitions) {
  const auto add = [&](const Metric& one) {
    Definition definition{"metric." + one.common.name, one.common.digest};
    const bool known = std::ranges::any_of(
        definitions, [&](const Definition& d) { return d.name == definition.name; });
    if (!known) definitions.push_back(std::move(definition));
  };
  if (const auto* simple = std::get_if<catalog::SimpleMetric>(&metric.definition)) {
    if (simple->model == model) add(metric);
    return;
  }
  const std::size_t before = definitions.size();
  for (const catalog::MetricInput* input : inputs_of(metric)) {
    add_definition(project, *project.metric(input->metric), model, definitions);
  }
  if (definitions.size() > before) add(metric);
}

std::string digest_of(const Project& project, std::string_view id) {
  const std::size_t dot = id.find('.');
  const std::string_view kind = id.substr(0, dot);
  const std::string_view name = id.substr(dot + 1);
  if (kind == "metric") {
    if (const Metric* metric = project.metric(name)) return metric->common.digest;
  } else if (kind == "mart") {
    if (const catalog::Model* model = project.model(name)) return model->common.digest;
  } else if (kind == "source") {
    if (const catalog::Source* source = project.source(name)) return source->common.digest;
  }
  return project.digest;
}

void add_warnings(WallTime now, Evidence& evidence, const std::vector<tools::Lateness>& lateness,
                  const std::vector<const engine::TestResult*>& not_passing) {
  std::vector<std::string> told;
  for (const tools::Lateness& late : lateness) {
    if (std::ranges::find(told, late.name) != told.end()) continue;
    told.push_back(late.name);
    const bool is_load = late.kind == tools::Lateness::Kind::Load;
    evidence.warnings.push_back({!late.at  ? (is_load ? "never_loaded" : "no_events")
                                 : is_load ? "late_data"
                                           : "late_events",
                                 to_text(late, now)});
  }
  for (const engine::TestResult* test : not_passing) {
    evidence.warnings.push_back(
        {"test_" + std::string(name_of(test->verdict)),
         fmt::format("{}: found {}, expected {}", test->name, test->observed, test->expected)});
  }
}

std::string short_list(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 6;
  std::string text = join(std::span(names).first(std::min(names.size(), kShown)), ", ");
  if (names.size() > kShown) text += fmt::format(" and {} more", names.size() - kShown);
  return text;
}

}  // namespace

Result<Evidence> cite(const tools::ToolAnswer& answer, const Project& project,
                      const SnapshotFacts& facts, WallTime now) {
  Evidence evidence;
  evidence.trust = answer.trust;
  std::vector<tools::Lateness> lateness;
  std::vector<const engine::TestResult*> not_passing;
  for (const auto& [table, columns] : answer.reads) {
    const std::string& name = table.second;
    const engine::BuiltModel* model = facts.model(name);
    if (model == nullptr) {
      return fail(Code::Internal,
                  fmt::format("the answer read {}, which is no table of the snapshot", name), {},
                  "uncited");
    }
    tools::Standing standing = tools::standing_of(project, facts, name, now);
    evidence.trust = std::max(evidence.trust, tools::trust_of(standing));
    for (const engine::TestResult* test : standing.not_passing) {
      if (std::ranges::find(not_passing, test) == not_passing.end()) not_passing.push_back(test);
    }
    Citation citation{name,
                      {columns.begin(), columns.end()},
                      model->layer,
                      facts.id,
                      standing.loaded_at,
                      standing.freshness,
                      standing.tests,
                      std::move(standing.sources),
                      {}};
    for (const Metric* metric : answer.metrics)
      add_definition(project, *metric, name, citation.definitions);
    evidence.citations.push_back(std::move(citation));
    lateness.insert(lateness.end(), standing.late.begin(), standing.late.end());
  }
  for (const std::string& id : answer.catalog_objects) {
    Citation citation;
    citation.table = id;
    citation.layer = "catalog";
    citation.freshness = Freshness::Fresh;
    citation.definitions.push_back({id, digest_of(project, id)});
    evidence.citations.push_back(std::move(citation));
  }
  if (answer.read_facts) {
    Citation citation;
    citation.table = "snapshot";
    citation.layer = "snapshot";
    citation.snapshot = facts.id;
    citation.loaded_at = facts.built_at;
    citation.freshness = Freshness::Fresh;
    evidence.citations.push_back(std::move(citation));
  }
  if (evidence.citations.empty()) {
    // A search that finds nothing rests on the whole catalog.
    if (!answer.reads.empty() || !answer.plan_digest.empty()) {
      return fail(Code::Internal, "nothing stands behind the answer", {}, "uncited");
    }
    Citation citation;
    citation.table = "catalog";
    citation.layer = "catalog";
    citation.freshness = Freshness::Fresh;
    citation.definitions.push_back({"catalog", project.digest});
    evidence.citations.push_back(std::move(citation));
  }
  add_warnings(now, evidence, lateness, not_passing);
  if (facts.project_digest != project.digest) {
    evidence.warnings.push_back({"catalog_changed",
                                 "definitions changed since this snapshot was built; run martgate "
                                 "build to bring it up to date"});
    evidence.trust = std::max(evidence.trust, Trust::Warn);
  }
  return evidence;
}

void write_citations(JsonWriter& json, const std::vector<Citation>& citations,
                     const std::string& commit) {
  json.begin_array();
  for (const Citation& citation : citations) {
    json.begin_object().field("table", citation.table).key("columns").begin_array();
    for (const std::string& column : citation.columns) json.string(column);
    json.end_array().field("layer", citation.layer);
    if (!citation.snapshot.empty()) json.field("snapshot", citation.snapshot);
    if (citation.loaded_at) json.field("loaded_at", to_rfc3339(*citation.loaded_at));
    json.field("freshness", name_of(citation.freshness));
    json.key("tests")
        .begin_object()
        .field("pass", citation.tests.pass)
        .field("warn", citation.tests.warn);
    json.field("fail", citation.tests.fail).end_object();
    if (!citation.sources.empty()) {
      json.key("sources").begin_array();
      for (const std::string& source : citation.sources) json.string(source);
      json.end_array();
    }
    if (!citation.definitions.empty()) {
      json.key("definitions").begin_array();
      for (const Definition& definition : citation.definitions) {
        json.begin_object()
            .field("name", definition.name)
            .field("digest", definition.digest)
            .end_object();
      }
      json.end_array();
    }
    if (!commit.empty()) json.field("commit", commit);
    json.end_object();
  }
  json.end_array();
}

std::string citation_line(const Evidence& evidence) {
  std::vector<std::string> parts;
  std::vector<std::string> catalog_names;
  for (const Citation& citation : evidence.citations) {
    if (citation.layer == "catalog") {
      catalog_names.push_back(citation.table);
      continue;
    }
    if (citation.layer == "snapshot") {
      parts.push_back("snapshot " + citation.snapshot);
      continue;
    }
    std::string part =
        fmt::format("{} ({})", citation.table,
                    citation.columns.empty() ? "rows" : short_list(citation.columns));
    if (!citation.sources.empty()) part += fmt::format(" from {}", join(citation.sources, ", "));
    part += fmt::format("; snapshot {}; {}; {} tests pass", citation.snapshot,
                        name_of(citation.freshness), citation.tests.pass);
    if (citation.tests.warn + citation.tests.fail > 0)
      part += fmt::format(", {} do not", citation.tests.warn + citation.tests.fail);
    for (const Definition& definition : citation.definitions) {
      part += fmt::format("; {}@{}", definition.name, definition.digest.substr(0, kDigestShown));
    }
    parts.push_back(std::move(part));
  }
  if (!catalog_names.empty()) parts.push_back("catalog: " + short_list(catalog_names));
  return fmt::format("source: {} [trust {}]", join(parts, " | "), name_of(evidence.trust));
}

}  // namespace martgate::gate
