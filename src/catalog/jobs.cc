#include "catalog/jobs.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/duration_text.h"
#include "base/text.h"

namespace martgate::catalog {

std::string_view name_of(StepKind kind) {
  switch (kind) {
    case StepKind::Ingest:
      return "ingest";
    case StepKind::Build:
      return "build";
    case StepKind::Test:
      return "test";
  }
  return "";
}

std::string_view name_of(AlertSeverity severity) {
  switch (severity) {
    case AlertSeverity::Info:
      return "info";
    case AlertSeverity::Warning:
      return "warning";
    case AlertSeverity::Critical:
      return "critical";
  }
  return "";
}

std::string to_text(const JobStep& step) {
  std::string text(name_of(step.kind));
  if (!step.sources.empty()) text += " " + join(step.sources, ", ");
  return text;
}

std::string to_text(const JobSchedule& schedule) {
  if (!schedule.cron) return "every " + compact_duration(schedule.every);
  return schedule.zone == "UTC" ? schedule.cron->text
                                : fmt::format("{} {}", schedule.cron->text, schedule.zone);
}

const Job* Jobs::job(std::string_view name) const {
  const auto found = std::ranges::find(jobs, name, &Job::name);
  return found == jobs.end() ? nullptr : &*found;
}

}  // namespace martgate::catalog
