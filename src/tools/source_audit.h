// The inventory of sources held against what was loaded and what it is loaded for. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "catalog/project.h"
#include "engine/snapshot.h"
#include "ingest/load_history.h"
#include "tools/trust.h"

namespace martgate::tools {

// In the order they are listed: what hurts now comes first.
enum class AuditFault : std::uint8_t {
  PastSla,           // the newest load is older than the source promises
  NeverLoaded,       // nothing was ever loaded into one of its tables
  PullFailing,       // its connector failed, the last time it was asked
  RotationOverdue,   // its credentials should have been replaced
  Held,              // loads wait for somebody to let them in
  Drift,             // the delivered columns are no longer the declared ones
  Quarantined,       // rows were kept out
  NoOwner,           // nobody answers for it
  Incomplete,        // contact, schedule, SLA or reconciliation rule is not written down
  FeedsNoQuestion,   // no question is answered from it
  ServesUnread,      // it names a question that no lineage connects with it
  QuestionUnsourced  // a question whose metrics go back to no source
};
[[nodiscard]] std::string_view name_of(AuditFault fault);   // "past_sla"
[[nodiscard]] std::string_view title_of(AuditFault fault);  // "past its SLA"

struct AuditFinding {
  AuditFault fault;
  std::string subject;  // name of a source, or id of a question
  std::string text;     // what was found
  std::string owner;    // "finance (finance@kestrel.example)"; may be empty
};

struct SourceLine {
  const catalog::Source* source = nullptr;
  std::optional<WallTime> loaded_at;  // the oldest of its tables' newest loads
  Freshness freshness = Freshness::Unknown;
  std::optional<std::chrono::days> rotation_left;  // negative: overdue by so much
  std::int64_t rows = 0;
  std::int64_t quarantined = 0;
  std::int64_t drift = 0;
  std::int64_t held = 0;
  int personal_columns = 0;            // columns that say something about a person
  std::vector<std::string> questions;  // answered from it through lineage, in file order
};

struct SourceAudit {
  WallTime at{};
  std::vector<SourceLine> sources;     // by name
  std::vector<AuditFinding> findings;  // by fault, then subject
  std::size_t questions = 0;
};

struct AuditInputs {
  const catalog::Project& project;                   // outlives the audit
  const std::vector<engine::LineageEdge>& lineage;   // of its models, as the engine reported them
  const std::vector<ingest::TableHistory>& history;  // of its raw tables
  WallTime now;
};
[[nodiscard]] SourceAudit audit_sources(const AuditInputs& inputs);

// One JSON object: at, sources, findings, questions. Its shape is stable.
[[nodiscard]] std::string audit_json(const SourceAudit& audit);

// "finance (finance@kestrel.example)", "finance" or nothing.
[[nodiscard]] std::string owner_text(const catalog::Owner& owner);

// The sources behind a metric, sorted: metric -> marts -> staging -> raw tables -> sources.
[[nodiscard]] std::vector<std::string> sources_behind_metric(const catalog::Project& project,
                                                             const engine::SnapshotFacts& facts,
                                                             std::string_view metric);
// The marts a metric is computed on, sorted.
[[nodiscard]] std::vector<std::string> marts_of_metric(const catalog::Project& project,
                                                       std::string_view metric);

}  // namespace martgate::tools
