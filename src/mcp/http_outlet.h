// The answer to one HTTP request: one JSON object, or an event stream as soon as there is something
// to say before it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "mcp/event_stream.h"
#include "mcp/http_reply.h"
#include "mcp/outlet.h"
#include "mcp/service.h"

namespace martgate::mcp {

class HttpOutlet final : public Outlet {
 public:
  enum class Takes : std::uint8_t { Json, JsonAndEvents };  // what the client accepts

  // The service outlives the outlet.
  HttpOutlet(std::shared_ptr<HttpReply> reply, Takes takes, Service& service);

  [[nodiscard]] bool takes_notifications() const override;
  bool notify(std::string_view message) override;
  void answer(std::string message) override;
  void refuse(std::string message, const RpcError& error) override;
  void drop() override;

 private:
  void open();
  void end_stream(std::string_view message);

  std::shared_ptr<HttpReply> reply_;
  const Takes takes_;
  Service& service_;
  std::shared_ptr<EventStream> stream_;  // null while the answer may still be JSON
};

[[nodiscard]] HttpAnswer refusal_answer(std::string message, const RpcError& error);

}  // namespace martgate::mcp
