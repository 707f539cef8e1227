// Troubles worth telling, and what is told of them. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "catalog/jobs.h"

namespace martgate::jobs {

// One thing that is the matter as long as its key is reported.
struct Trouble {
  std::string key;    // "job.nightly.failed", "source.shop.past_sla"
  std::string title;  // "job nightly failed"
  std::string text;   // what was found
  catalog::AlertRoute route;
  std::string owner;    // may be empty
  std::string runbook;  // may be empty
};

// The troubles of one look at things. What begins with one of the scopes and is not among them has
// ended; what lies outside was not looked at.
struct Watched {
  std::vector<std::string> scopes;
  std::vector<Trouble> troubles;
  std::chrono::seconds repeat_after{4 * 3'600};
};

enum class Tale : std::uint8_t { Began, StillThere, Recovered };
[[nodiscard]] std::string_view name_of(Tale tale);  // "failing", "still failing", "recovered"

struct Message {
  Tale tale = Tale::Began;
  Trouble trouble;
  WallTime since{};
  WallTime at{};
};

// What is remembered of a trouble. It outlives its end by the window, so that what comes and goes
// is not told each time.
struct TroubleMemory {
  bool is_active = false;
  WallTime since{};                 // of this or the last episode
  std::optional<WallTime> told_at;  // when it was last told as failing
  bool is_told = false;             // this episode was told
};

struct Judged {
  std::optional<TroubleMemory> memory;  // none: forget it
  std::optional<Tale> tale;
};
// A trouble is told when it begins and again each `window` while it lasts, never twice within one
// window; its end is told if it was.
[[nodiscard]] Judged judge(const std::optional<TroubleMemory>& before, bool is_there, WallTime now,
                           std::chrono::seconds window);

// A line for people: "CRITICAL job nightly failed".
[[nodiscard]] std::string headline(const Message& message);
// A JSON object in the form of Slack's incoming webhooks: text for notifications, blocks for
// reading, the fields once more as an attachment for programs.
[[nodiscard]] std::string slack_json(const Message& message, std::string_view message_id);
// One line of the alert file.
[[nodiscard]] std::string alert_line(const Message& message, std::string_view message_id);

}  // namespace martgate::jobs
