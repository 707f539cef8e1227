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

}  // namespace martgate::mcp
