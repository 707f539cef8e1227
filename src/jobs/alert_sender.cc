#include "jobs/alert_sender.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/files.h"

namespace martgate::jobs {

Result<std::unique_ptr<AlertSender>> sender_of(const catalog::AlertChannel& channel,
                                               const std::filesystem::path& state_folder) {
  switch (channel.kind) {
    case catalog::AlertChannel::Kind::None:
      return std::unique_ptr<AlertSender>();
    case catalog::AlertChannel::Kind::File:
      return file_sender(state_folder / channel.file);
    case catalog::AlertChannel::Kind::Webhook:
      break;
  }
  const char* url = std::getenv(channel.webhook_env.c_str());
  if (url == nullptr || *url == '\0') {
    return fail(Code::FailedPrecondition,
                fmt::format("{} is not set, so alerts wait in the outbox", channel.webhook_env),
                {"set it to the webhook's URL"});
  }
  return webhook_sender(url);
}

std::chrono::milliseconds backoff(std::int64_t attempts, std::optional<std::chrono::seconds> wish,
                                  Random& random) {
  using std::chrono::milliseconds;
  milliseconds full = kBackoffFirst;
  for (std::int64_t i = 0; i < attempts && full < kBackoffMax; ++i) full *= 2;
  full = std::min<milliseconds>(full, kBackoffMax);
  const milliseconds wait(random.between(full.count() / 2, full.count()));
  if (!wish) return wait;
  return std::max(wait, std::min<milliseconds>(*wish, kBackoffMax));
}

Result<Delivered> deliver(store::Connection& connection, const std::filesystem::path& state_folder,
                          AlertSender& sender, const Clock& clock, Random& random) {
  Delivered delivered;
  const auto lock = FileLock::take(state_folder / "alerts.lock", "delivery of alerts");
  if (!lock) {
    if (lock.error().reason == "locked") return delivered;
    return tl::unexpected(lock.error());
  }
  const auto messages = due_messages(connection, clock.now(), kMessagesPerRound);
  if (!messages) return tl::unexpected(messages.error());
  for (const Pending& message : *messages) {
    const SendOutcome outcome = sender.send(message);
    const WallTime now = clock.now();
    if (outcome.is_taken) {
      if (auto marked = mark_sent(connection, message, now); !marked)
        return tl::unexpected(marked.error());
      ++delivered.sent;
      continue;
    }
    const WallTime next = now + backoff(message.attempts, outcome.retry_after, random);
    if (auto marked = mark_failed(connection, message, next, outcome.error); !marked)
      return tl::unexpected(marked.error());
    ++delivered.failed;
    break;
  }
  return delivered;
}

}  // namespace martgate::jobs
