#include "mcp/batch.h"

#include <utility>

#include "base/json_writer.h"

namespace martgate::mcp {

BatchAnswer::BatchAnswer(std::size_t messages, std::function<void(std::string)> done)
    : missing_(messages), answers_(messages), done_(std::move(done)) {}

void BatchAnswer::put(std::size_t index, std::string answer) {
  {
    const std::lock_guard lock(mutex_);
    answers_[index] = std::move(answer);
    if (--missing_ > 0) return;
  }
  done_(array());
}

std::string BatchAnswer::array() const {
  std::string text;
  JsonWriter writer(text);
  writer.begin_array();
  for (const std::string& answer : answers_) {
    if (!answer.empty()) writer.raw(answer);
  }
  writer.end_array();
  return text == "[]" ? std::string() : text;
}

BatchOutlet::BatchOutlet(std::shared_ptr<BatchAnswer> batch, std::size_t index,
                         std::shared_ptr<LineWriter> writer)
    : batch_(std::move(batch)), index_(index), writer_(std::move(writer)) {}

bool BatchOutlet::notify(std::string_view message) {
  return writer_ != nullptr && writer_->write(message);
}

void BatchOutlet::answer(std::string message) {
  batch_->put(index_, std::move(message));
}

void BatchOutlet::refuse(std::string message, const RpcError& /*error*/) {
  batch_->put(index_, std::move(message));
}

void BatchOutlet::drop() {
  batch_->put(index_, {});
}

}  // namespace martgate::mcp
