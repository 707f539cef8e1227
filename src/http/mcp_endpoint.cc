#include "http/mcp_endpoint.h"

#include <memory>
#include <utility>

#include "mcp/server.h"
#include "mcp/wire.h"

namespace martgate::http {
namespace {

mcp::HttpHead head_of(const Request& request) {
  mcp::HttpHead head;
  head.method = request.method;
  for (const HeaderField& field : request.headers) {
    if (equal_ignoring_case(field.name, "Accept")) head.accept.push_back(field.value);
  }
  head.content_type = request.header("Content-Type");
  head.protocol_version = request.header(mcp::header::kProtocolVersion);
  head.rpc_method = request.header(mcp::header::kMethod);
  head.name = request.header(mcp::header::kName);
  head.session_id = request.header(mcp::header::kSessionId);
  return head;
}

Response response_of(mcp::HttpAnswer answer) {
  Response response;
  response.status = answer.status;
  response.headers = std::move(answer.headers);
  if (!answer.body.empty()) response.content_type = "application/json";
  response.body = std::move(answer.body);
  return response;
}

}  // namespace

void add_mcp_endpoint(Routes& routes, const std::string& path, mcp::Server& server) {
  const Handler handler = [&server](const Request& request, Responder responder) {
    // Shared, because a reply can be copied and a responder cannot.
    const auto shared = std::make_shared<Responder>(std::move(responder));
    server.handle_http(head_of(request), request.body, [shared](mcp::HttpAnswer answer) {
      std::move(*shared).send(response_of(std::move(answer)));
    });
  };
  for (const char* method : {"POST", "GET", "DELETE"}) routes.add(method, path, handler);
}

}  // namespace martgate::http
