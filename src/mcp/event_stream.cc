#include "mcp/event_stream.h"

#include <string>
#include <utility>

#include "mcp/sse.h"

namespace martgate::mcp {

std::shared_ptr<EventStream> EventStream::open(
    std::shared_ptr<HttpReply> reply, const Clock& clock, Pulse& pulse,
    std::vector<std::pair<std::string, std::string>> headers) {
  headers.emplace_back("Cache-Control", "no-cache");
  headers.emplace_back("X-Accel-Buffering", "no");  // proxies of the nginx kind hold back otherwise
  reply->open_events({200, std::move(headers), {}});
  auto stream = std::make_shared<EventStream>(std::move(reply), clock);
  pulse.add(stream);
  return stream;
}

EventStream::EventStream(std::shared_ptr<HttpReply> reply, const Clock& clock)
    : clock_(clock), reply_(std::move(reply)), written_ns_(clock.monotonic_ns()) {}

bool EventStream::write(std::string_view frames) {
  const std::lock_guard lock(mutex_);
  if (reply_ == nullptr) return false;
  written_ns_ = clock_.monotonic_ns();
  return reply_->write(frames);
}

void EventStream::close() {
  std::shared_ptr<HttpReply> reply;  // released after the mutex
  const std::lock_guard lock(mutex_);
  if (reply_ == nullptr) return;
  reply.swap(reply_);
  reply->close();
}

void EventStream::on_disconnect(std::function<void()> callback) {
  std::shared_ptr<HttpReply> reply;
  {
    const std::lock_guard lock(mutex_);
    reply = reply_;
  }
  if (reply != nullptr) reply->on_disconnect(std::move(callback));
}

void EventStream::beat(std::int64_t now_ns) {
  {
    const std::lock_guard lock(mutex_);
    if (reply_ == nullptr || now_ns - written_ns_ < kKeepAliveMs * 1'000'000) return;
  }
  std::string comment;
  append_comment(comment, "");
  write(comment);
}

}  // namespace martgate::mcp
