// MCP's Streamable HTTP transport: one path of the listener, handed to the MCP server.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <tl/expected.hpp>

#include "gate/caller.h"
#include "http/routes.h"

namespace martgate::mcp {
class Server;
}

namespace martgate::http {

struct McpEndpointOptions {
  // Who asks, or the answer to a request without a good credential. Runs on a worker, for every
  // request. Null: everyone is the local caller.
  std::function<tl::expected<gate::Caller, Response>(const Request&)> caller_of = nullptr;
  // The value of WWW-Authenticate for a caller whose credential lacks some of these scopes (RFC
  // 6750, section 3.1). Null: the least that the scheme asks for.
  std::function<std::string(std::span<const std::string> scopes)> challenge = nullptr;
};

// Serves POST, GET and DELETE of `path`. The server outlives the listener.
void add_mcp_endpoint(Routes& routes, const std::string& path, mcp::Server& server,
                      McpEndpointOptions options = {});

}  // namespace martgate::http
