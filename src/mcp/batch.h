// The answers to one JSON-RPC batch, collected until the last of them is there.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "mcp/line_writer.h"
#include "mcp/outlet.h"

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

// One request of a batch. On a pipe its notifications go out at once; on HTTP, where the batch is
// one JSON array, there are none.
class BatchOutlet final : public Outlet {
 public:
  // `writer` is null on HTTP.
  BatchOutlet(std::shared_ptr<BatchAnswer> batch, std::size_t index,
              std::shared_ptr<LineWriter> writer);

  [[nodiscard]] bool takes_notifications() const override { return writer_ != nullptr; }
  bool notify(std::string_view message) override;
  void answer(std::string message) override;
  void refuse(std::string message, const RpcError& error) override;
  void drop() override;

 private:
  std::shared_ptr<BatchAnswer> batch_;
  const std::size_t index_;
  std::shared_ptr<LineWriter> writer_;
};

}  // namespace martgate::mcp
