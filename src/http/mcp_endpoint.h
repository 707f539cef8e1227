// MCP's Streamable HTTP transport: one path of the listener, handed to the MCP server.
#pragma once

#include <string>

#include "http/routes.h"

namespace martgate::mcp {
class Server;
}

namespace martgate::http {

// Serves POST, GET and DELETE of `path`. The server outlives the listener.
void add_mcp_endpoint(Routes& routes, const std::string& path, mcp::Server& server);

}  // namespace martgate::http
