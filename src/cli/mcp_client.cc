#include "cli/mcp_client.h"

#include <fmt/format.h>
#include <httplib.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/version.h"
#include "json/parse.h"

namespace martgate::cli {
namespace {

constexpr std::string_view kRevision = "2026-07-28";
constexpr int kConnectSeconds = 5;
constexpr int kAnswerSeconds = 60;

}  // namespace

Result<HostPort> parse_host_port(std::string_view text) {
  HostPort address;
  const std::size_t colon = text.rfind(':');
  if (colon != std::string_view::npos) {
    std::string_view host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    address.host = host;
    const std::string_view port = text.substr(colon + 1);
    const auto end = port.data() + port.size();
    const auto parsed = std::from_chars(port.data(), end, address.port);
    if (!address.host.empty() && !port.empty() && parsed.ec == std::errc() && parsed.ptr == end)
      return address;
  }
  return fail(Code::InvalidArgument,
              fmt::format("\"{}\" is not an address to listen on", shown(text, 80)),
              {"accepted: HOST:PORT, as in 127.0.0.1:8765 or [::1]:8765; port 0 picks a free one"});
}

Result<nlohmann::json> call_over_http(const HostPort& server, const std::string& tool,
                                      const nlohmann::json& arguments) {
  const nlohmann::json message{
      {"jsonrpc", "2.0"},
      {"id", 1},
      {"method", "tools/call"},
      {"params",
       {{"name", tool},
        {"arguments", arguments},
        {"_meta",
         {{"io.modelcontextprotocol/protocolVersion", kRevision},
          {"io.modelcontextprotocol/clientCapabilities", nlohmann::json::object()},
          {"io.modelcontextprotocol/clientInfo",
           {{"name", "martgate"}, {"version", kVersion}}}}}}}};
  httplib::Client client(server.host, server.port);
  client.set_connection_timeout(kConnectSeconds);
  client.set_read_timeout(kAnswerSeconds);
  client.set_tcp_nodelay(true);
  const httplib::Headers headers{{"Accept", "application/json, text/event-stream"},
                                 {"MCP-Protocol-Version", std::string(kRevision)},
                                 {"Mcp-Method", "tools/call"},
                                 {"Mcp-Name", tool}};
  const auto response = client.Post("/mcp", headers, message.dump(), "application/json");
  if (!response) {
    return fail(Code::Unavailable,
                fmt::format("no server answers at {}:{}", server.host, server.port),
                {"start one: martgate serve"});
  }
  auto body = parse_ijson(response->body);
  if (!body)
    return fail(Code::Unavailable, fmt::format("{}:{} answered {} without JSON", server.host,
                                               server.port, response->status));
  if (const auto result = body->find("result"); result != body->end()) return *result;
  const auto error = body->find("error");
  const std::string text =
      error != body->end() ? error->value("message", "") : "the answer holds no result";
  return fail(Code::InvalidArgument, text);
}

}  // namespace martgate::cli
