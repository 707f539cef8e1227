// The answers to one JSON-RPC batch, collected until the last of them is there.
#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace martgate::mcp {

// Threads: put() may be called from any thread.
class BatchAnswer {
 public:
  // `done` takes the array, or an empty text when nothing of the batch is answered; it runs in the
  // last put().
  BatchAnswer(std::size_t messages, std::function<void(std::string)> done);

  // `index` is the message's place in the batch; each is put once, empty for what has no answer.
  void put(std::size_t index, std::string answer);

 private:
  [[nodiscard]] std::string array() const;

  std::mutex mutex_;
  std::size_t missing_;
  std::vector<std::string> answers_;
  std::function<void(std::string)> done_;
};

}  // namespace martgate::mcp
