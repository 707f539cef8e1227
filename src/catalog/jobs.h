// What catalog/jobs.yaml says: work that runs by itself, and where word of its trouble goes.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/cron.h"

namespace martgate::catalog {

enum class StepKind : std::uint8_t { Ingest, Build, Test };
[[nodiscard]] std::string_view name_of(StepKind kind);

struct JobStep {
  StepKind kind = StepKind::Build;
  std::vector<std::string> sources;  // ingest only; empty: all
};
[[nodiscard]] std::string to_text(const JobStep& step);  // "ingest shop, billing"

// By the wall clock of a zone, or every so often since 1970-01-01T00:00:00Z; never both.
struct JobSchedule {
  std::optional<Cron> cron;
  std::string zone = "UTC";       // of cron
  std::chrono::seconds every{0};  // 0: by cron
};
[[nodiscard]] std::string to_text(const JobSchedule& schedule);  // "30 2 * * * Europe/Berlin"

enum class AlertSeverity : std::uint8_t { Info, Warning, Critical };
[[nodiscard]] std::string_view name_of(AlertSeverity severity);

// Where an alert goes and who is woken by it.
struct AlertRoute {
  std::string lane = "data";
  AlertSeverity severity = AlertSeverity::Warning;
};

struct Job {
  std::string name;
  std::string description;
  std::string owner_team;
  std::string owner_contact;
  JobSchedule schedule;
  std::vector<JobStep> steps;
  std::optional<std::chrono::seconds> fresh_within;  // since the start of the last good run
  std::string runbook;                               // a URL; may be empty
  std::chrono::seconds timeout{3'600};               // of one attempt
  int retries = 0;                                   // attempts after the first
  std::chrono::seconds retry_wait{60};               // before the first retry; doubles
  AlertRoute alert;
};

struct AlertChannel {
  enum class Kind : std::uint8_t { None, File, Webhook };
  Kind kind = Kind::None;
  std::string file;         // under the state folder
  std::string webhook_env;  // environment variable that holds the URL, which is a secret
  std::chrono::seconds repeat_after{4 * 3'600};  // "still failing", at most so often
  AlertRoute sources;                            // of what no job is to blame for
};

struct Jobs {
  AlertChannel alerts;
  std::vector<Job> jobs;  // in file order

  [[nodiscard]] const Job* job(std::string_view name) const;
};

}  // namespace martgate::catalog
