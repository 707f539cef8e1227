#include "mcp/session_streams.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "mcp/limits.h"
#include "mcp/sse.h"

namespace martgate::mcp {

// ---- one stream

void SessionStream::append(std::string_view message) {
  Event event{++last_, {}};
  const std::string id = fmt::format("{}-{}", number_, event.number);
  append_event(event.frame, {.data = message, .event = "message", .id = id});
  kept_bytes_ += event.frame.size();
  kept_.push_back(std::move(event));
  // The newest stays, however long it is.
  while (kept_bytes_ > kReplayBytesMax && kept_.size() > 1) {
    kept_bytes_ -= kept_.front().frame.size();
    kept_.pop_front();
  }
}

bool SessionStream::connect(std::shared_ptr<HttpReply> reply, Service& service,
                            std::optional<std::uint64_t> after) {
  std::shared_ptr<EventStream> before;
  std::shared_ptr<EventStream> now;
  {
    const std::lock_guard lock(mutex_);
    const std::uint64_t first_kept = kept_.empty() ? last_ + 1 : kept_.front().number;
    if (after && (*after > last_ || *after + 1 < first_kept)) return false;
    before = std::exchange(connection_, nullptr);
    now = EventStream::open(std::move(reply), service.clock, service.pulse);
    std::string frames;
    if (!after && primes_ == Primes::Yes) {
      const std::string id = fmt::format("{}-{}", number_, last_);
      append_event(frames, {.id = id, .retry_ms = kResumeAfterMs});
    } else if (!after) {
      append_comment(frames, "");  // so that the head goes out at once
    }
    for (const Event& event : kept_) {
      if (after && event.number > *after) frames += event.frame;
    }
    if (!frames.empty()) now->write(frames);
    if (is_complete_) {
      now->close();
    } else {
      connection_ = now;
    }
  }
  if (before != nullptr) before->close();
  now->on_disconnect([weak = weak_from_this(), connection = now.get()] {
    if (const auto stream = weak.lock()) stream->disconnected(connection);
  });
  return true;
}

// The pointer tells a connection from the one that took its place; it is not followed.
void SessionStream::disconnected(const EventStream* connection) {
  std::shared_ptr<EventStream> gone;
  const std::lock_guard lock(mutex_);
  if (connection_.get() == connection) gone.swap(connection_);
}

void SessionStream::write(std::string_view message) {
  const std::lock_guard lock(mutex_);
  if (is_complete_) return;
  append(message);
  if (connection_ != nullptr) connection_->write(kept_.back().frame);
}

void SessionStream::complete(std::string_view message) {
  if (!message.empty()) write(message);
  std::shared_ptr<EventStream> connection;
  {
    const std::lock_guard lock(mutex_);
    is_complete_ = true;
    connection.swap(connection_);
  }
  if (connection != nullptr) connection->close();
}

void SessionStream::release() {
  std::shared_ptr<EventStream> connection;
  {
    const std::lock_guard lock(mutex_);
    connection.swap(connection_);
  }
  if (connection != nullptr) connection->close();
}

bool SessionStream::is_connected() {
  const std::lock_guard lock(mutex_);
  return connection_ != nullptr;
}

bool SessionStream::is_complete() {
  const std::lock_guard lock(mutex_);
  return is_complete_;
}

std::size_t SessionStream::kept_bytes() {
  const std::lock_guard lock(mutex_);
  return kept_bytes_;
}

// ---- those of a session

namespace {

struct EventId {
  std::uint64_t stream;
  std::uint64_t number;
};

std::optional<EventId> read_event_id(std::string_view text) {
  EventId id{};
  const char* const end = text.data() + text.size();
  const auto stream = std::from_chars(text.data(), end, id.stream);
  if (stream.ec != std::errc() || stream.ptr == end || *stream.ptr != '-') return std::nullopt;
  const auto number = std::from_chars(stream.ptr + 1, end, id.number);
  if (number.ec != std::errc() || number.ptr != end) return std::nullopt;
  return id;
}

}  // namespace

SessionStreams::SessionStreams(bool primes)
    : primes_(primes ? SessionStream::Primes::Yes : SessionStream::Primes::No),
      general_(std::make_shared<SessionStream>(0, primes_)) {}

std::shared_ptr<SessionStream> SessionStreams::open() {
  const std::lock_guard lock(mutex_);
  forget_complete();
  return of_requests_.emplace_back(std::make_shared<SessionStream>(++streams_, primes_));
}

// Of the complete ones the newest stay, together no larger than one stream may be.
void SessionStreams::forget_complete() {
  std::size_t count = 0;
  std::size_t bytes = 0;
  for (auto stream = of_requests_.end(); stream != of_requests_.begin();) {
    --stream;
    if (!(*stream)->is_complete()) continue;
    bytes += (*stream)->kept_bytes();
    if (++count > kCompleteStreamsMax || bytes > kReplayBytesMax) {
      stream = of_requests_.erase(stream);
    }
  }
}

SessionStreams::Opened SessionStreams::listen(std::shared_ptr<HttpReply> reply, Service& service,
                                              std::optional<WallTime> until) {
  const std::lock_guard lock(mutex_);
  if (general_->is_connected()) return Opened::HasListener;
  is_listened_to_ = true;
  until_ = until;
  general_->connect(std::move(reply), service, std::nullopt);
  return Opened::Yes;
}

SessionStreams::Opened SessionStreams::resume(std::string_view event_id,
                                              std::shared_ptr<HttpReply> reply, Service& service,
                                              std::optional<WallTime> until) {
  const std::optional<EventId> id = read_event_id(event_id);
  if (!id) return Opened::UnknownEvent;
  std::shared_ptr<SessionStream> stream;
  {
    const std::lock_guard lock(mutex_);
    if (id->stream == 0) {
      until_ = until;
      stream = general_;
    } else {
      const auto found = std::ranges::find(of_requests_, id->stream, &SessionStream::number);
      if (found != of_requests_.end()) stream = *found;
    }
  }
  const bool is_resumed =
      stream != nullptr && stream->connect(std::move(reply), service, id->number);
  return is_resumed ? Opened::Yes : Opened::UnknownEvent;
}

void SessionStreams::announce(std::string_view message) {
  {
    const std::lock_guard lock(mutex_);
    if (!is_listened_to_) return;
  }
  general_->write(message);
}

bool SessionStreams::has_listener() {
  return general_->is_connected();
}

void SessionStreams::look(WallTime now) {
  {
    const std::lock_guard lock(mutex_);
    if (!until_ || now < *until_) return;
  }
  general_->release();
}

void SessionStreams::close() {
  general_->release();
}

}  // namespace martgate::mcp
