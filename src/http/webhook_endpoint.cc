#include "http/webhook_endpoint.h"

#include <memory>
#include <utility>

#include "ingest/connect/webhook.h"

namespace martgate::http {
namespace {

Response response_of(ingest::WebhookAnswer answer) {
  Response response;
  response.status = answer.status;
  response.content_type = "text/plain; charset=utf-8";
  if (answer.retry_after_s > 0)
    response.headers.emplace_back("Retry-After", std::to_string(answer.retry_after_s));
  response.body = std::move(answer.text) + "\n";
  return response;
}

}  // namespace

void add_webhook_endpoint(Routes& routes, ingest::WebhookReceiver& receiver) {
  routes.add("POST", "/ingest/" + receiver.source(),
             [&receiver](const Request& request, Responder responder) {
               // Shared, because a reply can be copied and a responder cannot.
               const auto shared = std::make_shared<Responder>(std::move(responder));
               receiver.receive([&request](std::string_view name) { return request.header(name); },
                                request.body,
                                [shared](ingest::WebhookAnswer answer) {
                                  std::move(*shared).send(response_of(std::move(answer)));
                                });
             });
}

}  // namespace martgate::http
