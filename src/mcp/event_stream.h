// An open response of type text/event-stream.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>

#include "base/clock.h"
#include "mcp/http_reply.h"
#include "mcp/pulse.h"

namespace martgate::mcp {

inline constexpr std::int64_t kKeepAliveMs = 15'000;

// Says something now and then when nothing else is said, so that nobody in between takes the
// connection for dead.
// Threads: everything may be called from any thread.
class EventStream final : public Beating {
 public:
  // Opens the reply. The clock outlives the stream. `headers` go out beside those that every event
  // stream has.
  [[nodiscard]] static std::shared_ptr<EventStream> open(
      std::shared_ptr<HttpReply> reply, const Clock& clock, Pulse& pulse,
      std::vector<std::pair<std::string, std::string>> headers = {});
  EventStream(std::shared_ptr<HttpReply> reply, const Clock& clock);

  // Whole frames. False: they do not arrive.
  bool write(std::string_view frames);
  void close();
  void on_disconnect(std::function<void()> callback);
  void beat(std::int64_t now_ns) override;

 private:
  const Clock& clock_;
  std::mutex mutex_;
  std::shared_ptr<HttpReply> reply_;  // null once closed
  std::int64_t written_ns_;
};

}  // namespace martgate::mcp
