#include "jobs/alerts.h"

#include <fmt/format.h>

#include <array>

#include "base/duration_text.h"
#include "base/json_writer.h"
#include "base/text.h"

namespace martgate::jobs {
namespace {

constexpr std::array<std::string_view, 3> kTales{"failing", "still failing", "recovered"};
// Slack's own limits: a header of 150 characters, a section of 3,000.
constexpr std::size_t kHeaderBytesMax = 140;
constexpr std::size_t kTextBytesMax = 2'800;

// The three characters that Slack's markup gives a meaning to.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else
      out.push_back(c);
  }
  return out;
}

std::string_view color_of(const Message& message) {
  if (message.tale == Tale::Recovered) return "#2eb67d";
  switch (message.trouble.route.severity) {
    case catalog::AlertSeverity::Info:
      return "#36a2eb";
    case catalog::AlertSeverity::Warning:
      return "#ecb22e";
    case catalog::AlertSeverity::Critical:
      return "#e01e5a";
  }
  return "#ecb22e";
}

std::string span_text(const Message& message) {
  if (message.tale == Tale::Began) return fmt::format("since {}", to_rfc3339(message.since));
  return fmt::format("{} {}, since {}", message.tale == Tale::StillThere ? "for" : "over after",
                     duration_text(message.at - message.since), to_rfc3339(message.since));
}

void add_fields(JsonWriter& json, const Message& message, std::string_view message_id) {
  const Trouble& trouble = message.trouble;
  json.field("id", message_id).field("key", trouble.key).field("state", name_of(message.tale));
  json.field("severity", name_of(trouble.route.severity)).field("lane", trouble.route.lane);
  json.field("title", trouble.title).field("text", trouble.text).field("owner", trouble.owner);
  json.field("runbook", trouble.runbook).field("since", to_rfc3339(message.since));
  json.field("at", to_rfc3339(message.at));
}

void add_short_field(JsonWriter& json, std::string_view title, std::string_view value) {
  if (value.empty()) return;
  json.begin_object().field("title", title).field("value", escaped(value)).field("short", true);
  json.end_object();
}

}  // namespace

std::string_view name_of(Tale tale) {
  return kTales[static_cast<std::size_t>(tale)];
}

Judged judge(const std::optional<TroubleMemory>& before, bool is_there, WallTime now,
             std::chrono::seconds window) {
  TroubleMemory memory = before.value_or(TroubleMemory{});
  const bool is_window_over = !memory.told_at || now - *memory.told_at >= window;
  if (!is_there) {
    if (!memory.is_active) {
      if (is_window_over) return {std::nullopt, std::nullopt};
      return {memory, std::nullopt};
    }
    const bool was_told = memory.is_told;
    memory.is_active = false;
    memory.is_told = false;
    return {memory, was_told ? std::optional(Tale::Recovered) : std::nullopt};
  }
  if (!memory.is_active) {
    memory.is_active = true;
    memory.is_told = false;
    memory.since = now;
  }
  if (!is_window_over) return {memory, std::nullopt};
  const Tale tale = memory.is_told ? Tale::StillThere : Tale::Began;
  memory.is_told = true;
  memory.told_at = now;
  return {memory, tale};
}

std::string headline(const Message& message) {
  const std::string severity(name_of(message.trouble.route.severity));
  switch (message.tale) {
    case Tale::Began:
      return fmt::format("[{}] {}", severity, message.trouble.title);
    case Tale::StillThere:
      return fmt::format("[{}] {}, still", severity, message.trouble.title);
    case Tale::Recovered:
      return fmt::format("[recovered] {}", message.trouble.title);
  }
  return message.trouble.title;
}

std::string slack_json(const Message& message, std::string_view message_id) {
  const Trouble& trouble = message.trouble;
  const std::string head = shown(headline(message), kHeaderBytesMax);
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("text", escaped(head)).key("blocks").begin_array();
  json.begin_object().field("type", "header").key("text").begin_object();
  json.field("type", "plain_text").field("text", head).end_object().end_object();
  json.begin_object().field("type", "section").key("text").begin_object();
  json.field("type", "mrkdwn");
  json.field("text", escaped(mended_utf8(trouble.text.substr(0, kTextBytesMax))) + "\n" +
                         span_text(message));
  json.end_object().end_object();
  if (!trouble.runbook.empty()) {
    json.begin_object().field("type", "section").key("text").begin_object();
    json.field("type", "mrkdwn");
    json.field("text", fmt::format("<{}|Runbook>", escaped(trouble.runbook)));
    json.end_object().end_object();
  }
  json.end_array().key("attachments").begin_array().begin_object();
  json.field("color", color_of(message)).field("fallback", escaped(head)).key("fields");
  json.begin_array();
  add_short_field(json, "lane", trouble.route.lane);
  add_short_field(json, "severity", name_of(trouble.route.severity));
  add_short_field(json, "owner", trouble.owner);
  add_short_field(json, "alert", message_id);
  json.end_array().end_object().end_array().end_object();
  return out;
}

std::string alert_line(const Message& message, std::string_view message_id) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  add_fields(json, message, message_id);
  json.end_object();
  return out;
}

}  // namespace martgate::jobs
