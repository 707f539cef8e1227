#include "mcp/session_outlet.h"

#include <utility>

#include "mcp/http_outlet.h"

namespace martgate::mcp {

SessionOutlet::SessionOutlet(std::shared_ptr<HttpReply> reply, std::shared_ptr<Session> session,
                             Service& service)
    : reply_(std::move(reply)), session_(std::move(session)), service_(service) {}

void SessionOutlet::open() {
  stream_ = session_->streams().open();
  stream_->connect(std::move(reply_), service_, std::nullopt);
}

// True also when the client has left: in this era that takes nothing back, and it may resume.
bool SessionOutlet::notify(std::string_view message) {
  if (stream_ == nullptr) open();
  stream_->write(message);
  return true;
}

void SessionOutlet::answer(std::string message) {
  if (stream_ != nullptr) return stream_->complete(message);
  reply_->send({200, {}, std::move(message)});
}

void SessionOutlet::refuse(std::string message, const RpcError& error) {
  if (stream_ != nullptr) return stream_->complete(message);
  reply_->send(refusal_answer(std::move(message), error));
}

void SessionOutlet::drop() {
  if (stream_ == nullptr) open();
  stream_->complete({});
}

void SessionOutlet::suspend() {
  if (!features_of(session_->revision()).primes_streams) return;
  if (stream_ == nullptr) open();
  stream_->release();
}

}  // namespace martgate::mcp
