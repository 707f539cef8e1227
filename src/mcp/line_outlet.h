// The messages of one request on a pipe, where everything shares the one channel.
#pragma once

#include <memory>
#include <utility>

#include "mcp/line_writer.h"
#include "mcp/outlet.h"

namespace martgate::mcp {

class LineOutlet final : public Outlet {
 public:
  // `standing` is the pipe's own writer; null: there is none.
  LineOutlet(std::shared_ptr<LineWriter> writer, std::shared_ptr<LineWriter> standing)
      : writer_(std::move(writer)), standing_(std::move(standing)) {}

  [[nodiscard]] bool takes_notifications() const override { return true; }
  bool notify(std::string_view message) override { return writer_->write(message); }
  void answer(std::string message) override { writer_->write(message); }
  void refuse(std::string message, const RpcError& /*error*/) override { writer_->write(message); }
  void drop() override {}
  void park() override {
    if (standing_ != nullptr) writer_ = standing_;
  }

 private:
  std::shared_ptr<LineWriter> writer_;
  std::shared_ptr<LineWriter> standing_;
};

}  // namespace martgate::mcp
