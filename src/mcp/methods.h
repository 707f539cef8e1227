// The registry: which methods there are, in which era, for which capability, and what serves each.
#pragma once

#include <memory>
#include <string_view>

#include "mcp/call.h"
#include "mcp/http_head.h"
#include "mcp/offer.h"
#include "mcp/revision.h"

namespace martgate::mcp {

// Ends the call, now or later. `head` is null on stdio, and gone when the handler returns.
using Handler = void (*)(const std::shared_ptr<Call>& call, const HttpHead* head);

struct Method {
  std::string_view name;
  bool in_legacy;
  bool in_modern;
  // The member of params that the Mcp-Name header repeats; empty: no such header is asked for.
  std::string_view mirrored_param;
  bool Capabilities::*capability;  // null: always there
  Handler handler;
};

// Null when the era does not have the method, whatever is offered.
[[nodiscard]] const Method* find_method(std::string_view name, Era era);
// Null also when its capability is not offered.
[[nodiscard]] const Method* find_method(std::string_view name, Era era,
                                        const Capabilities& capabilities);

// The value of "capabilities" as that era has it.
void write_capabilities(JsonWriter& writer, const Capabilities& capabilities, Era era);

// Errors: insufficient scope, when the caller's credential does not permit the operation.
[[nodiscard]] RpcResult<void> check_scopes(Call& call, std::string_view subject);

}  // namespace martgate::mcp
