// A small MCP client over HTTP, protocol 2026-07-28: for `call` beside a running server, and the
// demo.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace martgate::cli {

struct HostPort {
  std::string host;  // without brackets
  std::uint16_t port = 0;
};

// "127.0.0.1:8765", "[::1]:8765", "localhost:0". Errors: InvalidArgument.
[[nodiscard]] Result<HostPort> parse_host_port(std::string_view text);

struct HttpServer {
  HostPort at;
  bool is_https = false;
  std::string ca_file = {};  // PEM; empty: the system's authorities
  std::string bearer = {};   // an API key or an access token; empty: none is sent
};

// "http://127.0.0.1:8765", "https://gate.example" (port 443); a path "/mcp" may follow.
// Errors: InvalidArgument.
[[nodiscard]] Result<HttpServer> parse_server_url(std::string_view text);

// Calls one tool and returns the MCP result object.
// Errors: Unavailable when nobody answers, or not the one asked for, by its certificate;
//         PermissionDenied when the server asks for another credential, or the bearer would travel
//         in the clear;
//         InvalidArgument or Internal for a JSON-RPC error.
[[nodiscard]] Result<nlohmann::json> call_over_http(const HttpServer& server,
                                                    const std::string& tool,
                                                    const nlohmann::json& arguments);

}  // namespace martgate::cli
