// The limits of the protocol that nobody needs to configure.
#pragma once

#include <cstddef>
#include <cstdint>

namespace martgate::mcp {

inline constexpr std::size_t kWatchedUrisMax = 1'024;    // of one session or subscription
inline constexpr std::size_t kWatchedTasksMax = 1'024;   // of one subscription
inline constexpr std::size_t kSubscriptionsMax = 1'024;  // open subscriptions/listen of one server
// Progress notifications of one request: this many at once, and so many more in a second.
inline constexpr std::size_t kProgressBurstMax = 50;
inline constexpr std::size_t kProgressPerSecondMax = 50;
// Rounds of questions in one request of a legacy session, and the time they may take together.
inline constexpr int kRoundsMax = 8;
inline constexpr std::int64_t kRoundsMsMax = std::int64_t{10} * 60 * 1'000;
inline constexpr std::size_t kInputRequestsMax = 32;  // of one round

// What a stream of a legacy session keeps for a client that resumes it, and what all of a session's
// complete streams keep together.
inline constexpr std::size_t kReplayBytesMax = 256UL * 1024;
inline constexpr std::size_t kCompleteStreamsMax = 8;
// How long a client waits before it resumes a stream that was closed before its end.
inline constexpr std::int64_t kResumeAfterMs = 500;

}  // namespace martgate::mcp
