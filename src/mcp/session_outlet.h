// The answer to one HTTP request of a legacy session: JSON, or a stream of the session that
// outlives its connection.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "mcp/http_reply.h"
#include "mcp/outlet.h"
#include "mcp/service.h"
#include "mcp/session.h"

namespace martgate::mcp {

class SessionOutlet final : public Outlet {
 public:
  // The service outlives the outlet.
  SessionOutlet(std::shared_ptr<HttpReply> reply, std::shared_ptr<Session> session,
                Service& service);

  [[nodiscard]] bool takes_notifications() const override { return true; }
  bool notify(std::string_view message) override;
  void answer(std::string message) override;
  void refuse(std::string message, const RpcError& error) override;
  void drop() override;
  void suspend() override;

 private:
  void open();

  std::shared_ptr<HttpReply> reply_;
  const std::shared_ptr<Session> session_;
  Service& service_;
  std::shared_ptr<SessionStream> stream_;  // null while the answer may still be JSON
};

}  // namespace martgate::mcp
