#include <fmt/format.h>

#include "base/duration_text.h"
#include "base/text.h"
#include "base/time_zone.h"
#include "catalog/jobs.h"
#include "catalog/read_objects.h"

namespace martgate::catalog {
namespace {

void report(const Node& node, const Error& error) {
  node.mistake(error.message, error.hints);
}

std::chrono::seconds read_duration(const Node& node, std::chrono::seconds fallback) {
  if (!node.exists()) return fallback;
  const auto span = parse_duration(node.text());
  if (!span) report(node, span.error());
  return span.value_or(fallback);
}

JobSchedule read_schedule(const Node& node) {
  JobSchedule schedule;
  const Node cron = node.at("cron");
  const Node every = node.at("every");
  const Node zone = node.at("zone");
  if (cron.exists() == every.exists()) {
    node.mistake(cron.exists() ? "cron and every at once" : "neither cron nor every",
                 {"accepted: {cron: 30 2 * * *, zone: Europe/Berlin} or {every: 15m}"});
    return schedule;
  }
  if (every.exists()) {
    schedule.every = read_duration(every, schedule.every);
    if (schedule.every < std::chrono::minutes(1) && schedule.every.count() > 0)
      every.mistake("less than a minute", {"accepted: 1m and more"});
    if (zone.exists()) zone.mistake("every has no zone", {"zone goes with cron"});
    return schedule;
  }
  auto parsed = parse_cron(cron.text());
  if (!parsed) report(cron, parsed.error());
  if (parsed) schedule.cron = std::move(*parsed);
  schedule.zone = zone.text("UTC");
  if (const auto known = TimeZone::named(schedule.zone); !known) report(zone, known.error());
  return schedule;
}

AlertRoute read_route(const Node& node) {
  AlertRoute route;
  route.lane = node.at("lane").text(route.lane);
  const std::string severity = node.at("severity").text("warning");
  if (severity == "info") route.severity = AlertSeverity::Info;
  if (severity == "critical") route.severity = AlertSeverity::Critical;
  return route;
}

AlertChannel read_channel(const Node& node) {
  AlertChannel channel;
  const Node file = node.at("file");
  const Node webhook = node.at("webhook_env");
  if (file.exists() && webhook.exists())
    node.mistake("two channels", {"accepted: file or webhook_env"});
  if (node.exists() && !file.exists() && !webhook.exists())
    node.mistake("alerts without a channel", {"accepted: file or webhook_env"});
  if (file.exists()) {
    channel.kind = AlertChannel::Kind::File;
    channel.file = file.text();
    const bool is_plain = channel.file.find('/') == std::string::npos && channel.file != "..";
    if (!is_plain) file.mistake("not a plain file name", {"the file lies in the state folder"});
  } else if (webhook.exists()) {
    channel.kind = AlertChannel::Kind::Webhook;
    channel.webhook_env = webhook.text();
  }
  channel.repeat_after = read_duration(node.at("repeat_after"), channel.repeat_after);
  channel.sources = read_route(node.at("sources"));
  return channel;
}

JobStep read_step(const Node& node) {
  if (!node.is_text()) return {StepKind::Ingest, node.at("ingest").texts()};
  const std::string word = node.text();
  if (word == "ingest") return {StepKind::Ingest, {}};
  return {word == "test" ? StepKind::Test : StepKind::Build, {}};
}

Job read_job(const Node& node) {
  Job job;
  job.name = node.at("name").text();
  job.description = node.at("description").text();
  job.owner_team = node.at("owner").at("team").text();
  job.owner_contact = node.at("owner").at("contact").text();
  job.schedule = read_schedule(node.at("schedule"));
  for (const Node& step : node.at("steps").items()) job.steps.push_back(read_step(step));
  if (const Node fresh = node.at("fresh_within"); fresh.exists())
    job.fresh_within = read_duration(fresh, std::chrono::hours(24));
  job.runbook = node.at("runbook").text();
  job.timeout = read_duration(node.at("timeout"), job.timeout);
  job.retries = static_cast<int>(node.at("retries").integer());
  job.retry_wait = read_duration(node.at("retry_wait"), job.retry_wait);
  job.alert = read_route(node.at("alert"));
  return job;
}

}  // namespace

Jobs read_jobs(const Node& node) {
  Jobs jobs;
  if (const Node name = node.at("name"); name.text() != "jobs") {
    name.mistake(fmt::format("the list is called {} in the file jobs.yaml", name.text()),
                 {"accepted: jobs"});
  }
  jobs.alerts = read_channel(node.at("alerts"));
  for (const Node& item : node.at("jobs").items()) {
    jobs.jobs.push_back(read_job(item));
    const std::string& name = jobs.jobs.back().name;
    if (jobs.job(name) != &jobs.jobs.back())
      item.at("name").mistake(fmt::format("two jobs are called {}", name));
  }
  return jobs;
}

}  // namespace martgate::catalog
