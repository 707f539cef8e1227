#include "mcp/http_outlet.h"

#include <utility>

#include "mcp/sse.h"

namespace martgate::mcp {

HttpAnswer refusal_answer(std::string message, const RpcError& error) {
  return {error.http_status, {}, std::move(message), error.scopes_needed};
}

HttpOutlet::HttpOutlet(std::shared_ptr<HttpReply> reply, Takes takes, Service& service)
    : reply_(std::move(reply)), takes_(takes), service_(service) {}

bool HttpOutlet::takes_notifications() const {
  return takes_ == Takes::JsonAndEvents;
}

void HttpOutlet::open() {
  stream_ = EventStream::open(std::move(reply_), service_.clock, service_.pulse);
}

bool HttpOutlet::notify(std::string_view message) {
  if (!takes_notifications()) return false;
  if (stream_ == nullptr) open();
  std::string frame;
  append_message(frame, message);
  return stream_->write(frame);
}

void HttpOutlet::answer(std::string message) {
  if (stream_ != nullptr) return end_stream(message);
  reply_->send({200, {}, std::move(message)});
}

// Of an open stream it is the last frame: the status line is gone.
void HttpOutlet::refuse(std::string message, const RpcError& error) {
  if (stream_ != nullptr) return end_stream(message);
  reply_->send(refusal_answer(std::move(message), error));
}

void HttpOutlet::drop() {
  if (stream_ == nullptr) open();
  stream_->close();
}

void HttpOutlet::end_stream(std::string_view message) {
  std::string frame;
  append_message(frame, message);
  stream_->write(frame);
  stream_->close();
}

}  // namespace martgate::mcp
