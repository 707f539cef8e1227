#include "http/authentication.h"

#include <utility>

#include "base/json_writer.h"
#include "gate/identity_rules.h"
#include "identity/authenticator.h"
#include "identity/challenge.h"

namespace martgate::http {
namespace {

constexpr int kUnavailable = 503;
constexpr const char* kRetryAfterSeconds = "5";  // an issuer's keys come in seconds or not at all

}  // namespace

Response response_of(const identity::Refusal& refusal, const std::string& metadata_url) {
  Response response;
  response.status = refusal.status;
  response.headers.emplace_back("Cache-Control", "no-store");
  if (refusal.status == kUnavailable) {
    response.headers.emplace_back("Retry-After", kRetryAfterSeconds);
  } else {
    response.headers.emplace_back("WWW-Authenticate",
                                  identity::www_authenticate(refusal.challenge, metadata_url));
  }
  // The field says it all; the body is for people who look at the answer.
  response.content_type = "application/json";
  JsonWriter json(response.body);
  json.begin_object();
  if (!refusal.challenge.error.empty()) json.field("error", refusal.challenge.error);
  json.field("error_description", refusal.challenge.description.empty()
                                      ? std::string_view("a bearer token is needed")
                                      : std::string_view(refusal.challenge.description));
  json.end_object();
  return response;
}

McpEndpointOptions authenticated_by(const identity::Authenticator& authenticator,
                                    const std::string& metadata_url) {
  McpEndpointOptions options;
  options.caller_of = [&authenticator, metadata_url](
                          const Request& request) -> tl::expected<gate::Caller, Response> {
    const auto answer = authenticator.authenticate(
        identity::shown_in(request.header("Authorization"), request.query));
    if (!answer) return tl::unexpected(response_of(answer.error(), metadata_url));
    return gate::caller_of(*answer);
  };
  options.challenge = [metadata_url](std::span<const std::string> scopes) {
    return identity::www_authenticate(
        {identity::kInsufficientScope, {}, {scopes.begin(), scopes.end()}}, metadata_url);
  };
  return options;
}

void add_resource_metadata(Routes& routes, const identity::Resource& resource) {
  const Handler handler = [text = identity::metadata_json(resource)](const Request& /*request*/,
                                                                     Responder responder) {
    Response response;
    response.headers.emplace_back("Access-Control-Allow-Origin", "*");
    response.content_type = "application/json";
    response.body = text;
    std::move(responder).send(std::move(response));
  };
  const std::string own = identity::metadata_path(resource.url);
  routes.add_public("GET", own, handler);
  if (own != identity::kMetadataPath)
    routes.add_public("GET", std::string(identity::kMetadataPath), handler);
}

}  // namespace martgate::http
