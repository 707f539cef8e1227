// 2026-07-28: each request is checked on its own, nothing is remembered between two of them.
#pragma once

#include "mcp/http_head.h"
#include "mcp/message.h"
#include "mcp/methods.h"

namespace martgate::mcp {

// The checks between the routing of a request and its method, in their order: `_meta`, headers,
// version, method. `head` is null on stdio, which has no headers.
// Errors: invalid params, header mismatch, unsupported version, method not found.
[[nodiscard]] RpcResult<const Method*> admit_modern(const Message& request, const HttpHead* head,
                                                    const Capabilities& capabilities);

// server/discover
void discover(const std::shared_ptr<Call>& call, const HttpHead* head);

}  // namespace martgate::mcp
