// The event streams of a legacy HTTP session: each can be left and resumed, events carry ids.
#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "mcp/event_stream.h"
#include "mcp/service.h"

namespace martgate::mcp {

// The messages of one stream in their order, whoever is connected to it. An event is called
// "<stream>-<n>"; a priming event has the number of the last one before it, and no data.
// Threads: everything may be called from any thread.
class SessionStream : public std::enable_shared_from_this<SessionStream> {
 public:
  enum class Primes : std::uint8_t { No, Yes };
  SessionStream(std::uint64_t number, Primes primes) : number_(number), primes_(primes) {}

  // Connects it, instead of who was connected before, and sends what came behind event `after`
  // (nothing: what comes from now on). False: that is no longer all there.
  bool connect(std::shared_ptr<HttpReply> reply, Service& service,
               std::optional<std::uint64_t> after);
  // What is not delivered is kept for who resumes.
  void write(std::string_view message);
  // The last message, or none.
  void complete(std::string_view message);
  // Lets the connection go; the stream goes on.
  void release();

  [[nodiscard]] std::uint64_t number() const { return number_; }
  [[nodiscard]] bool is_connected();
  [[nodiscard]] bool is_complete();
  [[nodiscard]] std::size_t kept_bytes();

 private:
  struct Event {
    std::uint64_t number;
    std::string frame;
  };

  void append(std::string_view message);
  void disconnected(const EventStream* connection);

  const std::uint64_t number_;
  const Primes primes_;
  std::mutex mutex_;
  std::shared_ptr<EventStream> connection_;
  std::uint64_t last_ = 0;  // number of the last event
  std::deque<Event> kept_;
  std::size_t kept_bytes_ = 0;
  bool is_complete_ = false;
};

// Threads: everything may be called from any thread.
class SessionStreams {
 public:
  explicit SessionStreams(bool primes);

  // A stream for the answer to one request.
  [[nodiscard]] std::shared_ptr<SessionStream> open();

  enum class Opened : std::uint8_t { Yes, HasListener, UnknownEvent };
  // The session's own stream, for what belongs to no request; it ends with the credential.
  [[nodiscard]] Opened listen(std::shared_ptr<HttpReply> reply, Service& service,
                              std::optional<WallTime> until);
  // The stream of that event, behind it.
  [[nodiscard]] Opened resume(std::string_view event_id, std::shared_ptr<HttpReply> reply,
                              Service& service, std::optional<WallTime> until);
  // Dropped while nobody ever listened.
  void announce(std::string_view message);

  [[nodiscard]] bool has_listener();
  // Closes the session's own stream when the credential it was opened under has ended.
  void look(WallTime now);
  void close();

 private:
  void forget_complete();

  const SessionStream::Primes primes_;
  const std::shared_ptr<SessionStream> general_;  // stream 0
  std::mutex mutex_;
  bool is_listened_to_ = false;  // now or earlier
  std::optional<WallTime> until_;
  std::uint64_t streams_ = 0;
  std::list<std::shared_ptr<SessionStream>> of_requests_;  // oldest first
};

}  // namespace martgate::mcp
