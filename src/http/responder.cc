#include "http/responder.h"

#include <utility>

#include "base/check.h"

namespace martgate::http {

StreamHandle::StreamHandle(std::shared_ptr<AnswerSink> sink, std::uint64_t exchange)
    : sink_(std::move(sink)), exchange_(exchange) {}

StreamHandle& StreamHandle::operator=(StreamHandle&& other) noexcept {
  std::swap(sink_, other.sink_);
  std::swap(exchange_, other.exchange_);
  return *this;
}

StreamHandle::~StreamHandle() {
  if (sink_) sink_->end_stream(exchange_, AnswerSink::StreamEnd::Cut);
}

bool StreamHandle::write(std::string_view bytes) {
  return sink_ && sink_->write_stream(exchange_, bytes);
}

void StreamHandle::close() {
  if (const auto sink = std::exchange(sink_, nullptr)) {
    sink->end_stream(exchange_, AnswerSink::StreamEnd::Complete);
  }
}

void StreamHandle::on_disconnect(std::function<void()> callback) {
  if (sink_) sink_->on_disconnect(exchange_, std::move(callback));
}

Responder::Responder(std::shared_ptr<AnswerSink> sink, std::uint64_t exchange)
    : sink_(std::move(sink)), exchange_(exchange) {}

Responder& Responder::operator=(Responder&& other) noexcept {
  std::swap(sink_, other.sink_);
  std::swap(exchange_, other.exchange_);
  return *this;
}

Responder::~Responder() {
  if (sink_) sink_->answer(exchange_, {500, {}, "text/plain", "the request was not answered\n"});
}

void Responder::send(Response response) && {
  const auto sink = std::exchange(sink_, nullptr);
  MARTGATE_CHECK(sink != nullptr);
  sink->answer(exchange_, std::move(response));
}

StreamHandle Responder::open_stream(Response head) && {
  auto sink = std::exchange(sink_, nullptr);
  MARTGATE_CHECK(sink != nullptr);
  sink->open_stream(exchange_, std::move(head));
  return {std::move(sink), exchange_};
}

void Responder::on_disconnect(std::function<void()> callback) {
  MARTGATE_CHECK(sink_ != nullptr);
  sink_->on_disconnect(exchange_, std::move(callback));
}

}  // namespace martgate::http
