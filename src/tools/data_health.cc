// Kind data_health: loads, freshness and test verdicts behind the marts.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <set>

#include "base/json_writer.h"
#include "base/text.h"
#include "tools/cells.h"
#include "tools/source_audit.h"
#include "tools/tool.h"
#include "tools/trust.h"
#include "tools/trust_policy.h"

namespace martgate::tools {
namespace {

constexpr std::size_t kTestsListedMax = 200;

// Names of the models whose tests count: all, or those the mart is built from, itself included.
Result<std::set<std::string>> models_in_scope(const Context& context,
                                              const nlohmann::json& arguments) {
  const engine::SnapshotFacts& facts = context.mart.facts();
  std::set<std::string> names;
  const auto wanted = arguments.find("mart");
  if (wanted == arguments.end()) {
    for (const engine::BuiltModel& model : facts.models) names.insert(model.name);
    return names;
  }
  const auto mart = wanted->get<std::string>();
  std::vector<std::string> marts;
  for (const engine::BuiltModel& model : facts.models) {
    if (model.layer == "marts") marts.push_back(model.name);
  }
  if (std::ranges::find(marts, mart) == marts.end()) {
    return fail(Code::NotFound, fmt::format("there is no mart \"{}\"", shown(mart, 80)),
                name_hints(mart, marts), "unknown_mart");
  }
  std::vector<std::string> open{mart};
  while (!open.empty()) {
    const std::string name = std::move(open.back());
    open.pop_back();
    if (!names.insert(name).second) continue;
    for (const engine::LineageEdge& edge : facts.lineage) {
      if (edge.model == name && edge.reads_layer != "raw") open.push_back(edge.reads);
    }
  }
  return names;
}

struct MartHealth {
  std::string name;
  Standing standing;
};

void write_marts(JsonWriter& json, const std::vector<MartHealth>& marts) {
  json.key("marts").begin_array();
  for (const MartHealth& mart : marts) {
    json.begin_object().field("mart", mart.name).field("trust", name_of(trust_of(mart.standing)));
    json.field("freshness", name_of(mart.standing.freshness));
    if (mart.standing.loaded_at) json.field("loaded_at", to_rfc3339(*mart.standing.loaded_at));
    if (mart.standing.newest_event)
      json.field("newest_event", to_rfc3339(*mart.standing.newest_event));
    json.end_object();
  }
  json.end_array();
}

std::string marts_text(const std::vector<MartHealth>& marts) {
  TextTable table;
  table.add_row({"mart", "trust", "newest_event"});
  for (const MartHealth& mart : marts) {
    table.add_row({mart.name, std::string(name_of(trust_of(mart.standing))),
                   mart.standing.newest_event ? to_rfc3339(*mart.standing.newest_event) : ""});
  }
  return table.text();
}

// Of the metrics on these marts, those that policy refuses as things stand.
std::vector<std::string> refused_now(const Context& context, const std::vector<MartHealth>& marts) {
  std::vector<std::string> names;
  for (std::string& name : refused_metrics(context.project, context.mart.facts(), context.now)) {
    const auto on = marts_of_metric(context.project, name);
    const bool is_in_scope = std::ranges::any_of(marts, [&](const MartHealth& mart) {
      return std::ranges::find(on, mart.name) != on.end();
    });
    if (is_in_scope) names.push_back(std::move(name));
  }
  return names;
}

}  // namespace

Result<ToolAnswer> check_health(const Context& context, const nlohmann::json& arguments) {
  const engine::SnapshotFacts& facts = context.mart.facts();
  const auto scope = models_in_scope(context, arguments);
  if (!scope) return tl::unexpected(scope.error());
  std::set<std::string> raw_tables;
  std::vector<MartHealth> marts;
  Trust trust = Trust::Pass;
  for (const engine::BuiltModel& model : facts.models) {
    if (!scope->contains(model.name)) continue;
    for (std::string& raw_name : facts.raw_tables_behind(model.name))
      raw_tables.insert(std::move(raw_name));
    if (model.layer == "marts") {
      marts.push_back({model.name, standing_of(context.project, facts, model.name, context.now)});
      trust = worst(trust, trust_of(marts.back().standing));
    }
  }

  ToolAnswer answer;
  answer.read_facts = true;
  answer.trust = trust;
  JsonWriter json(answer.members);
  json.field("trust", name_of(trust))
      .field("snapshot", facts.id)
      .field("built_at", to_rfc3339(facts.built_at));
  json.key("sources").begin_array();
  TextTable sources;
  sources.add_row({"source", "table", "rows", "quarantined", "age_minutes", "freshness"});
  for (const engine::LoadedTable& loaded : facts.loaded) {
    if (!raw_tables.contains(loaded.raw_name)) continue;
    const catalog::Source* source = context.project.source(loaded.source);
    const Freshness freshness = source == nullptr
                                    ? Freshness::Unknown
                                    : freshness_of(*source, loaded.last_loaded_at, context.now);
    json.begin_object()
        .field("source", loaded.source)
        .field("table", loaded.raw_name)
        .field("rows", loaded.rows);
    json.field("quarantined", loaded.quarantined);
    std::string age;
    if (loaded.last_loaded_at) {
      const auto minutes =
          std::chrono::floor<std::chrono::minutes>(context.now - *loaded.last_loaded_at).count();
      json.field("last_loaded_at", to_rfc3339(*loaded.last_loaded_at))
          .field("age_minutes", minutes);
      age = std::to_string(minutes);
    }
    json.field("freshness", name_of(freshness)).end_object();
    sources.add_row({loaded.source, loaded.raw_name, std::to_string(loaded.rows),
                     std::to_string(loaded.quarantined), age, std::string(name_of(freshness))});
  }
  json.end_array();

  write_marts(json, marts);
  const std::vector<std::string> refused = refused_now(context, marts);
  json.key("refused_metrics").begin_array();
  for (const std::string& name : refused) json.string(name);
  json.end_array();

  const bool all = arguments.value("show", "problems") == "all";
  TestCounts counts;
  std::vector<const engine::TestResult*> listed;
  for (const engine::TestResult& test : facts.tests) {
    if (!scope->contains(test.model)) continue;
    (test.verdict == engine::Verdict::Pass   ? counts.pass
     : test.verdict == engine::Verdict::Warn ? counts.warn
                                             : counts.fail)++;
    if (all || test.verdict != engine::Verdict::Pass) listed.push_back(&test);
  }
  answer.truncated = listed.size() > kTestsListedMax;
  if (answer.truncated) {
    answer.warnings.push_back(
        {"tests_cut", fmt::format("{} of {} tests are listed; name a mart to see the others",
                                  kTestsListedMax, listed.size())});
    listed.resize(kTestsListedMax);
  }
  json.key("test_counts").begin_object().field("pass", counts.pass).field("warn", counts.warn);
  json.field("fail", counts.fail).end_object().key("tests").begin_array();
  TextTable tests;
  if (!listed.empty()) tests.add_row({"test", "status", "observed", "expected"});
  for (const engine::TestResult* test : listed) {
    json.begin_object().field("name", test->name).field("model", test->model);
    json.field("status", name_of(test->verdict)).field("severity", test->severity);
    json.field("observed", test->observed).field("expected", test->expected).end_object();
    tests.add_row(
        {test->name, std::string(name_of(test->verdict)), test->observed, test->expected});
  }
  json.end_array();
  answer.rows = static_cast<std::int64_t>(listed.size());
  answer.text =
      fmt::format("trust {}, snapshot {} built {}\ntests: {} pass, {} warn, {} fail\n{}{}{}",
                  name_of(trust), facts.id, to_rfc3339(facts.built_at), counts.pass, counts.warn,
                  counts.fail, tests.text(), marts_text(marts), sources.text());
  if (!refused.empty()) answer.text += fmt::format("refused now: {}\n", join(refused, ", "));
  return answer;
}

}  // namespace martgate::tools
