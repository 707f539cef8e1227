// The messages of one request on a pipe, where everything shares the one channel.
#pragma once

#include <memory>
#include <utility>

#include "mcp/line_writer.h"
#include "mcp/outlet.h"

namespace martgate::mcp {

class LineOutlet final : public Outlet {
 public:
  explicit LineOutlet(std::shared_ptr<LineWriter> writer) : writer_(std::move(writer)) {}

  [[nodiscard]] bool takes_notifications() const override { return true; }
  bool notify(std::string_view message) override { return writer_->write(message); }
  void answer(std::string message) override { writer_->write(message); }
  void refuse(std::string message, const RpcError& /*error*/) override { writer_->write(message); }
  void drop() override {}

 private:
  std::shared_ptr<LineWriter> writer_;
};

}  // namespace martgate::mcp
