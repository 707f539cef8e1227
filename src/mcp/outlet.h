// Where the messages of one request go: what is said before its answer, and the answer.
#pragma once

#include <string>
#include <string_view>

#include "mcp/rpc_error.h"

namespace martgate::mcp {

// Threads: one call at a time, from any thread; the Call sees to it.
class Outlet {
 public:
  virtual ~Outlet() = default;
  // Whether notify() can get through at all.
  [[nodiscard]] virtual bool takes_notifications() const = 0;
  // A notification, or a request of ours, as JSON text. False: it does not get through.
  virtual bool notify(std::string_view message) = 0;
  // The answer as JSON text; the last call.
  virtual void answer(std::string message) = 0;
  // The refusal as JSON text, and what it is on HTTP; the last call.
  virtual void refuse(std::string message, const RpcError& error) = 0;
  // The client took its request back: there is no answer; the last call.
  virtual void drop() = 0;
  // The connection goes, the answer comes by resumption; where there is none, nothing happens.
  virtual void suspend() {}
  // The answer is long in coming: whoever waits for it waits no more.
  virtual void park() {}
};

}  // namespace martgate::mcp
