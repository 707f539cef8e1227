#include "cli/mcp_client.h"

#include <fmt/format.h>
#include <httplib.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <type_traits>

#include "base/text.h"
#include "base/url.h"
#include "cli/version.h"
#include "json/parse.h"

namespace martgate::cli {
namespace {

constexpr std::string_view kRevision = "2026-07-28";
constexpr int kConnectSeconds = 5;
constexpr int kAnswerSeconds = 60;

// What a 401 or 403 says: the server's own words, or those of a JSON-RPC error.
std::string refusal_in(const nlohmann::json& body) {
  for (const char* place : {"/error_description", "/error/message"}) {
    const nlohmann::json::json_pointer pointer(place);
    if (body.contains(pointer) && body.at(pointer).is_string())
      return shown(body.at(pointer).get_ref<const std::string&>());
  }
  return "the credential is not enough";
}

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

Result<HttpServer> parse_server_url(std::string_view text) {
  HttpServer server;
  std::string_view rest = text;
  const auto skip = [&rest](std::string_view prefix) {
    const bool is_there = rest.starts_with(prefix);
    if (is_there) rest.remove_prefix(prefix.size());
    return is_there;
  };
  server.is_https = skip("https://");
  const bool has_scheme = server.is_https || skip("http://");
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  const std::string_view path = rest.substr(slash);
  std::string authority(rest.substr(0, slash));
  // The last colon of a bare IPv6 address is inside its brackets.
  const bool has_port = authority.find(':', authority.find(']') + 1) != std::string::npos;
  if (!has_port && !authority.empty()) authority += server.is_https ? ":443" : ":80";
  auto address = parse_host_port(authority);
  if (!has_scheme || !address || (path != "" && path != "/" && path != "/mcp")) {
    return fail(Code::InvalidArgument, fmt::format("\"{}\" is not a server", shown(text, 80)),
                {"accepted: https://gate.example:8443, http://127.0.0.1:8765"});
  }
  server.at = std::move(*address);
  return server;
}

Result<nlohmann::json> call_over_http(const HttpServer& server, const std::string& tool,
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
  const bool is_v6 = server.at.host.find(':') != std::string::npos;
  const std::string shown_address = is_v6 ? fmt::format("[{}]:{}", server.at.host, server.at.port)
                                          : fmt::format("{}:{}", server.at.host, server.at.port);
  if (!server.bearer.empty() && !server.is_https && !is_loopback_name(server.at.host)) {
    return fail(Code::PermissionDenied,
                fmt::format("a credential does not travel to {} in the clear", shown_address),
                {"use https://"});
  }
  httplib::Headers headers{{"Accept", "application/json, text/event-stream"},
                           {"MCP-Protocol-Version", std::string(kRevision)},
                           {"Mcp-Method", "tools/call"},
                           {"Mcp-Name", tool}};
  if (!server.bearer.empty()) headers.emplace("Authorization", "Bearer " + server.bearer);
  const auto ask = [&](auto client) {
    client.set_connection_timeout(kConnectSeconds);
    client.set_read_timeout(kAnswerSeconds);
    client.set_tcp_nodelay(true);
    if constexpr (std::is_same_v<decltype(client), httplib::SSLClient>) {
      if (!server.ca_file.empty()) client.set_ca_cert_path(server.ca_file.c_str());
      client.enable_server_certificate_verification(true);
    }
    return client.Post("/mcp", headers, message.dump(), "application/json");
  };
  const auto response = server.is_https ? ask(httplib::SSLClient(server.at.host, server.at.port))
                                        : ask(httplib::Client(server.at.host, server.at.port));
  if (!response && response.error() == httplib::Error::SSLLoadingCerts) {
    return fail(Code::InvalidArgument,
                fmt::format("the authorities in {} cannot be read", shown(server.ca_file)),
                {"accepted: a PEM file of certificates"});
  }
  if (!response && response.error() == httplib::Error::SSLServerVerification) {
    return fail(Code::Unavailable,
                fmt::format("{} does not prove that it is {}", shown_address, server.at.host),
                {"name the authority that signed its certificate: --ca FILE"});
  }
  if (!response) {
    return fail(Code::Unavailable, fmt::format("no server answers at {}", shown_address),
                {"start one: martgate serve"});
  }
  auto body = parse_ijson(response->body);
  if (!body)
    return fail(Code::Unavailable,
                fmt::format("{} answered {} without JSON", shown_address, response->status));
  if (const auto result = body->find("result"); result != body->end()) return *result;
  if (response->status == 401 || response->status == 403) {
    return fail(Code::PermissionDenied, fmt::format("{}: {}", shown_address, refusal_in(*body)),
                {"set MARTGATE_KEY to an API key (martgate keys add), or MARTGATE_TOKEN to an "
                 "access token"});
  }
  const auto error = body->find("error");
  const std::string text =
      error != body->end() ? error->value("message", "") : "the answer holds no result";
  return fail(Code::InvalidArgument, text);
}

}  // namespace martgate::cli
