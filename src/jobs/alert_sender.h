// Taking messages out of the outbox to where people see them.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "jobs/alert_store.h"

namespace martgate::jobs {

struct SendOutcome {
  bool is_taken = false;
  std::string error;                                // one line
  std::optional<std::chrono::seconds> retry_after;  // the channel's own wish
};

class AlertSender {
 public:
  virtual ~AlertSender() = default;
  [[nodiscard]] virtual SendOutcome send(const Pending& message) = 0;
};

// Appends one JSON line and makes it durable. A line that a crash left behind is found by its
// message's id and not written again; half a line is cut off first.
[[nodiscard]] std::unique_ptr<AlertSender> file_sender(const std::filesystem::path& path);

// POSTs Slack's JSON. 2xx is taken; anything else is tried again. The message's id goes along as
// Idempotency-Key, since an answer that is lost after the channel took the message can not be told
// from one that was never given.
// Errors: InvalidArgument for what is no http or https URL; the URL itself is never shown.
[[nodiscard]] Result<std::unique_ptr<AlertSender>> webhook_sender(const std::string& url);

// The project's channel; null when it has none. Secrets come from the environment.
// Errors: FailedPrecondition when the variable is not set.
[[nodiscard]] Result<std::unique_ptr<AlertSender>> sender_of(
    const catalog::AlertChannel& channel, const std::filesystem::path& state_folder);

inline constexpr std::int64_t kMessagesPerRound = 100;
inline constexpr std::chrono::seconds kBackoffFirst{2};
inline constexpr std::chrono::seconds kBackoffMax{15 * 60};

// Half to all of kBackoffFirst doubled `attempts` times, at most kBackoffMax; a wish of the channel
// is a lower bound, up to kBackoffMax.
[[nodiscard]] std::chrono::milliseconds backoff(std::int64_t attempts,
                                                std::optional<std::chrono::seconds> wish,
                                                Random& random);

struct Delivered {
  std::int64_t sent = 0;
  std::int64_t failed = 0;
};
// One round over what is due, in order; ends at the first message that is not taken, so that the
// order holds. One process delivers at a time: another one's round is not waited for.
[[nodiscard]] Result<Delivered> deliver(store::Connection& connection,
                                        const std::filesystem::path& state_folder,
                                        AlertSender& sender, const Clock& clock, Random& random);

}  // namespace martgate::jobs
