// What a message is told that its route refuses.
#pragma once

#include "mcp/era.h"
#include "mcp/message.h"
#include "mcp/rpc_error.h"

namespace martgate::mcp {

struct RouteRefusal {
  RpcError error;
  bool is_about_message = false;  // it carries the id of the request; else it is the transport's
};

// Precondition: `route` refuses.
[[nodiscard]] RouteRefusal refusal_of(Route route, const Body& body);

}  // namespace martgate::mcp
