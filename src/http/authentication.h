// Who sent an HTTP request, or the 400, 401, 403 or 503 that its sender gets instead of an answer.
#pragma once

#include <string>

#include "http/mcp_endpoint.h"
#include "http/routes.h"

namespace martgate::identity {
class Authenticator;
struct Resource;
struct Refusal;
}  // namespace martgate::identity

namespace martgate::http {

// For add_mcp_endpoint: every request is authenticated before its body is looked at, and callers
// who lack a scope are told which ones they need. `metadata_url` may be empty, see
// identity::www_authenticate(). The authenticator outlives the listener.
[[nodiscard]] McpEndpointOptions authenticated_by(const identity::Authenticator& authenticator,
                                                  const std::string& metadata_url);

[[nodiscard]] Response response_of(const identity::Refusal& refusal,
                                   const std::string& metadata_url);

// The resource's metadata at its own well-known path and at the root one, for everybody: clients in
// a browser read it before they have a credential.
void add_resource_metadata(Routes& routes, const identity::Resource& resource);

}  // namespace martgate::http
