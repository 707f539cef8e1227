#include "tools/source_audit.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <tuple>

#include "base/calendar.h"
#include "base/duration_text.h"
#include "base/json_writer.h"
#include "base/text.h"

namespace martgate::tools {
namespace {

using catalog::Metric;
using catalog::Project;
using catalog::Source;

struct FaultWords {
  std::string_view name;
  std::string_view title;
};
constexpr std::array<FaultWords, 12> kFaults{{
    {"past_sla", "past its SLA"},
    {"never_loaded", "never loaded"},
    {"pull_failing", "connector failing"},
    {"rotation_overdue", "credentials overdue for rotation"},
    {"held", "loads held back"},
    {"drift", "columns drifted"},
    {"quarantined", "rows in quarantine"},
    {"no_owner", "no owner"},
    {"incomplete", "inventory incomplete"},
    {"feeds_no_question", "feeds no question"},
    {"serves_unread", "serves a question that does not read it"},
    {"question_unsourced", "question without a source"},
}};

std::optional<std::chrono::days> rotation_left(const Source& source, WallTime now) {
  if (!source.credentials) return std::nullopt;
  const auto last = parse_date(source.credentials->last_rotated);
  if (!last) return std::nullopt;
  const Date due = *last + std::chrono::days(source.credentials->rotate_every_days);
  return due - std::chrono::floor<std::chrono::days>(now);
}

SourceLine line_of(const Source& source, const AuditInputs& inputs) {
  SourceLine line;
  line.source = &source;
  line.freshness = Freshness::Fresh;
  line.rotation_left = rotation_left(source, inputs.now);
  for (const catalog::SourceTable& table : source.tables) {
    const auto history =
        std::ranges::find(inputs.history, table.raw_name, &ingest::TableHistory::raw_name);
    const bool known = history != inputs.history.end();
    const auto loaded_at = known ? history->last_loaded_at : std::nullopt;
    line.freshness = std::max(line.freshness, freshness_of(source, loaded_at, inputs.now));
    if (loaded_at && (!line.loaded_at || *loaded_at < *line.loaded_at)) line.loaded_at = loaded_at;
    if (known) {
      line.rows += history->rows;
      line.quarantined += history->quarantined;
      line.drift += history->drift;
      line.held += history->held;
    }
    line.personal_columns +=
        static_cast<int>(std::ranges::count_if(table.columns, [](const catalog::SourceColumn& c) {
          return c.personal_data != catalog::PersonalData::None;
        }));
  }
  return line;
}

std::string joined_missing(const Source& source) {
  std::vector<std::string> missing;
  if (!source.common.owner.team.empty() && source.common.owner.contact.empty())
    missing.emplace_back("contact");
  if (source.schedule.empty()) missing.emplace_back("schedule");
  if (!source.freshness.error_after) missing.emplace_back("SLA (freshness.error_after)");
  if (!source.reconciliation) missing.emplace_back("reconciliation rule");
  return join(missing, ", ");
}

std::string tables_with(const Source& source, const AuditInputs& inputs,
                        std::int64_t ingest::TableHistory::*count) {
  std::vector<std::string> names;
  for (const ingest::TableHistory& table : inputs.history) {
    if (table.source == source.common.name && table.*count > 0)
      names.push_back(fmt::format("{} in {}", table.*count, table.raw_name));
  }
  return join(names, ", ");
}

void find_late_tables(const Source& source, const AuditInputs& inputs,
                      std::vector<AuditFinding>& findings) {
  std::vector<std::string> never;
  std::optional<WallTime> oldest;
  for (const catalog::SourceTable& table : source.tables) {
    const auto history =
        std::ranges::find(inputs.history, table.raw_name, &ingest::TableHistory::raw_name);
    const auto loaded_at = history == inputs.history.end() ? std::nullopt : history->last_loaded_at;
    if (!loaded_at)
      never.push_back(table.raw_name);
    else if (!oldest || *loaded_at < *oldest)
      oldest = loaded_at;
  }
  const std::string owner = owner_text(source.common.owner);
  if (!never.empty()) {
    findings.push_back({AuditFault::NeverLoaded, source.common.name, join(never, ", "), owner});
  }
  if (!oldest || freshness_of(source, oldest, inputs.now) == Freshness::Fresh) return;
  const bool is_stale = freshness_of(source, oldest, inputs.now) == Freshness::Stale;
  const auto limit = is_stale ? source.freshness.error_after : source.freshness.warn_after;
  findings.push_back(
      {AuditFault::PastSla, source.common.name,
       fmt::format("loaded {} ago, {} within {}", duration_text(inputs.now - *oldest),
                   is_stale ? "promised" : "expected", limit_text(*limit)),
       owner});
}

void find_faults(const SourceLine& line, const AuditInputs& inputs,
                 std::vector<AuditFinding>& findings) {
  const Source& source = *line.source;
  const std::string& name = source.common.name;
  const std::string owner = owner_text(source.common.owner);
  const auto add = [&](AuditFault fault, std::string text) {
    findings.push_back({fault, name, std::move(text), owner});
  };
  find_late_tables(source, inputs, findings);
  for (const ingest::TableHistory& table : inputs.history) {
    if (table.source != name || table.failures_in_row == 0) continue;
    add(AuditFault::PullFailing,
        fmt::format("{}: failed {} time{} in a row: {}", table.raw_name, table.failures_in_row,
                    table.failures_in_row == 1 ? "" : "s", shown(table.failure, 200)));
  }
  if (line.rotation_left && line.rotation_left->count() < 0) {
    add(AuditFault::RotationOverdue,
        fmt::format("last rotated {}, every {} days: {} late", source.credentials->last_rotated,
                    source.credentials->rotate_every_days, duration_text(-*line.rotation_left)));
  }
  if (line.held > 0)
    add(AuditFault::Held, tables_with(source, inputs, &ingest::TableHistory::held));
  if (line.drift > 0)
    add(AuditFault::Drift, tables_with(source, inputs, &ingest::TableHistory::drift));
  if (line.quarantined > 0)
    add(AuditFault::Quarantined, tables_with(source, inputs, &ingest::TableHistory::quarantined));
  if (source.common.owner.team.empty()) add(AuditFault::NoOwner, source.common.file);
  if (std::string missing = joined_missing(source); !missing.empty())
    add(AuditFault::Incomplete, "missing: " + missing);
  if (line.questions.empty())
    add(AuditFault::FeedsNoQuestion, "nobody's question is answered from it");
  for (const std::string& id : source.serves) {
    if (std::ranges::find(line.questions, id) == line.questions.end())
      add(AuditFault::ServesUnread, fmt::format("{}: its metrics do not go back to {}", id, name));
  }
}

}  // namespace

std::string_view name_of(AuditFault fault) {
  return kFaults[static_cast<std::size_t>(fault)].name;
}
std::string_view title_of(AuditFault fault) {
  return kFaults[static_cast<std::size_t>(fault)].title;
}

std::string owner_text(const catalog::Owner& owner) {
  if (owner.team.empty() || owner.contact.empty()) return owner.team;
  return fmt::format("{} ({})", owner.team, owner.contact);
}

std::vector<std::string> marts_of_metric(const Project& project, std::string_view name) {
  std::set<std::string> marts;
  if (const Metric* metric = project.metric(name)) {
    for (const Metric* simple : project.simple_metrics_of(*metric))
      marts.insert(std::get<catalog::SimpleMetric>(simple->definition).model);
  }
  return {marts.begin(), marts.end()};
}

std::vector<std::string> sources_behind_metric(const Project& project,
                                               const engine::SnapshotFacts& facts,
                                               std::string_view metric) {
  std::set<std::string> sources;
  for (const std::string& mart : marts_of_metric(project, metric)) {
    for (const std::string& raw_name : facts.raw_tables_behind(mart)) {
      if (const Source* source = project.source_of_raw_table(raw_name))
        sources.insert(source->common.name);
    }
  }
  return {sources.begin(), sources.end()};
}

SourceAudit audit_sources(const AuditInputs& inputs) {
  SourceAudit audit;
  audit.at = inputs.now;
  audit.questions = inputs.project.questions.size();
  for (const Source& source : inputs.project.sources) {
    audit.sources.push_back(line_of(source, inputs));
  }
  engine::SnapshotFacts lineage;
  lineage.lineage = inputs.lineage;
  for (const catalog::Question& question : inputs.project.questions) {
    std::set<std::string> sources;
    std::vector<std::string> unsourced;
    for (const std::string& metric : question.metrics) {
      const auto behind = sources_behind_metric(inputs.project, lineage, metric);
      if (behind.empty()) unsourced.push_back(metric);
      sources.insert(behind.begin(), behind.end());
    }
    for (SourceLine& line : audit.sources) {
      if (sources.contains(line.source->common.name)) line.questions.push_back(question.id);
    }
    if (!unsourced.empty() || question.metrics.empty()) {
      audit.findings.push_back({AuditFault::QuestionUnsourced, question.id,
                                question.metrics.empty() ? "it names no metric"
                                                         : fmt::format("no source stands behind {}",
                                                                       join(unsourced, ", ")),
                                question.asked_by.empty() ? "" : "asked by " + question.asked_by});
    }
  }
  for (const SourceLine& line : audit.sources) find_faults(line, inputs, audit.findings);
  std::ranges::stable_sort(audit.findings, [](const AuditFinding& a, const AuditFinding& b) {
    return std::tie(a.fault, a.subject) < std::tie(b.fault, b.subject);
  });
  return audit;
}

std::string audit_json(const SourceAudit& audit) {
  std::string text;
  JsonWriter json(text);
  json.begin_object().field("at", to_rfc3339(audit.at)).field("questions", audit.questions);
  json.key("sources").begin_array();
  for (const SourceLine& line : audit.sources) {
    const Source& source = *line.source;
    json.begin_object().field("source", source.common.name).field("system", source.system);
    json.field("pattern", name_of(source.pattern)).field("schedule", source.schedule);
    json.field("owner", source.common.owner.team).field("contact", source.common.owner.contact);
    if (line.loaded_at) json.field("loaded_at", to_rfc3339(*line.loaded_at));
    json.field("freshness", name_of(line.freshness));
    if (source.freshness.warn_after)
      json.field("warn_after_minutes", source.freshness.warn_after->count());
    if (source.freshness.error_after)
      json.field("error_after_minutes", source.freshness.error_after->count());
    if (line.rotation_left) json.field("rotation_days_left", line.rotation_left->count());
    json.field("rows", line.rows).field("quarantined", line.quarantined);
    json.field("drift", line.drift).field("held", line.held);
    json.field("personal_columns", line.personal_columns).key("questions").begin_array();
    for (const std::string& id : line.questions) json.string(id);
    json.end_array().end_object();
  }
  json.end_array().key("findings").begin_array();
  for (const AuditFinding& finding : audit.findings) {
    json.begin_object().field("fault", name_of(finding.fault)).field("subject", finding.subject);
    json.field("text", finding.text).field("owner", finding.owner).end_object();
  }
  json.end_array().end_object();
  return text;
}

}  // namespace martgate::tools
