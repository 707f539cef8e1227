#include "cli/sources_page.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/duration_text.h"
#include "base/text.h"

namespace martgate::cli {
namespace {

using catalog::Source;
using tools::AuditFault;

constexpr std::string_view kNothing = "–";

std::string or_dash(std::string text) {
  return text.empty() ? std::string(kNothing) : text;
}

std::string count_text(std::int64_t count) {
  return count == 0 ? std::string(kNothing) : std::to_string(count);
}

std::string sla_text(const Source& source) {
  if (source.freshness.error_after) return limit_text(*source.freshness.error_after);
  if (source.freshness.warn_after) return limit_text(*source.freshness.warn_after);
  return std::string(kNothing);
}

std::string rotation_text(const std::optional<std::chrono::days>& left) {
  if (!left) return std::string(kNothing);
  if (left->count() < 0) return fmt::format("{} days late", -left->count());
  return fmt::format("in {} days", left->count());
}

std::string plural(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

bool hurts_now(AuditFault fault) {
  return fault <= AuditFault::Held || fault == AuditFault::NoOwner;
}

}  // namespace

std::string sources_page(const Terminal& terminal, const catalog::Project& project) {
  Table table({{"source"},
               {"system"},
               {"pattern"},
               {"schedule"},
               {"SLA"},
               {"owner"},
               {"tables"},
               {"reconciled against"}});
  for (const Source& source : project.sources) {
    std::vector<std::string> tables;
    for (const catalog::SourceTable& one : source.tables) tables.push_back(one.name);
    table.add_row(
        {source.common.name, or_dash(source.system), std::string(name_of(source.pattern)),
         or_dash(source.schedule), sla_text(source),
         or_dash(tools::owner_text(source.common.owner)), join(tables, ", "),
         source.reconciliation ? or_dash(source.reconciliation->against) : std::string(kNothing)});
  }
  return terminal.styled(plural(project.sources.size(), "source"), Style::Bold) + "\n" +
         terminal.table_text(table, "  ");
}

std::string audit_page(const Terminal& terminal, const catalog::Project& project,
                       const tools::SourceAudit& audit) {
  const std::string title =
      fmt::format("Sources of {}",
                  project.settings.title.empty() ? project.settings.name : project.settings.title);
  std::string page = fmt::format(
      "{}  {}\n{}, {}, {}\n\n", terminal.styled(title, Style::Bold), to_rfc3339(audit.at),
      plural(audit.sources.size(), "source"), plural(audit.questions, "question"),
      audit.findings.empty()
          ? terminal.styled("no findings", Style::Good)
          : terminal.styled(plural(audit.findings.size(), "finding"), Style::Warn));
  Table table({{"source"},
               {"system"},
               {"pattern"},
               {"owner"},
               {"loaded"},
               {"SLA"},
               {"standing"},
               {"rotation"},
               {"rows", Align::Right},
               {"quarantined", Align::Right},
               {"drift", Align::Right},
               {"held", Align::Right},
               {"personal", Align::Right},
               {"questions", Align::Right}});
  for (const tools::SourceLine& line : audit.sources) {
    const Source& source = *line.source;
    table.add_row({source.common.name, or_dash(source.system), std::string(name_of(source.pattern)),
                   or_dash(source.common.owner.team),
                   line.loaded_at ? duration_text(audit.at - *line.loaded_at) + " ago" : "never",
                   sla_text(source), std::string(name_of(line.freshness)),
                   rotation_text(line.rotation_left), count_text(line.rows),
                   count_text(line.quarantined), count_text(line.drift), count_text(line.held),
                   count_text(line.personal_columns),
                   count_text(static_cast<std::int64_t>(line.questions.size()))});
  }
  page += terminal.table_text(table, "  ");
  for (std::size_t first = 0; first < audit.findings.size();) {
    const AuditFault fault = audit.findings[first].fault;
    std::size_t last = first;
    Table found({{"name"}, {"found"}, {"owner"}});
    for (; last < audit.findings.size() && audit.findings[last].fault == fault; ++last) {
      const tools::AuditFinding& finding = audit.findings[last];
      found.add_row({finding.subject, finding.text, or_dash(finding.owner)});
    }
    page +=
        fmt::format("\n{}\n", terminal.styled(fmt::format("{} ({})", title_of(fault), last - first),
                                              hurts_now(fault) ? Style::Bad : Style::Warn));
    page += terminal.table_text(found, "  ");
    first = last;
  }
  return page;
}

}  // namespace martgate::cli
