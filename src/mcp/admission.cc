#include "mcp/admission.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "mcp/meta.h"
#include "mcp/wire.h"

namespace martgate::mcp {

Shape shape_of(const Body& body) {
  if (body.is_batch) return Shape::Batch;
  const Message& message = body.messages.front();
  if (message.kind == Message::Kind::Notification) return Shape::Notification;
  if (message.kind == Message::Kind::Response) return Shape::Response;
  if (message.method == method::kInitialize) return Shape::Initialize;
  if (message.method == method::kPing) return Shape::Ping;
  if (message.method == method::kDiscover) return Shape::Discover;
  return Shape::Request;
}

Claim claim_of(const Body& body) {
  const bool is_present = std::ranges::any_of(
      body.messages, [](const Message& message) { return has_claim(message.params.get()); });
  return is_present ? Claim::Present : Claim::Absent;
}

SessionSight sight_of(const Session* session) {
  if (session == nullptr) return SessionSight::Unknown;
  return features_of(session->revision()).takes_batches ? SessionSight::KnownWithBatches
                                                        : SessionSight::Known;
}

Admission admission_of(Message message, const Method& method, Revision revision,
                       const gate::Caller& caller, std::string_view transport,
                       std::shared_ptr<Session> session) {
  Admission admission;
  admission.revision = revision;
  admission.id = std::move(message.id);
  admission.method = method.name;
  admission.params = std::move(message.params);
  admission.caller = caller;
  admission.transport = transport;
  admission.session = std::move(session);
  return admission;
}

void run(const std::shared_ptr<Call>& call, const Method& method, const HttpHead* head) {
  if (call->is_over()) return;
  // Methods with a subject check its scopes themselves, once they know that it exists.
  if (method.mirrored_param.empty()) {
    if (const auto allowed = check_scopes(*call, {}); !allowed) {
      return call->refuse(allowed.error());
    }
  }
  method.handler(call, head);
}

void take_notification(const Message& message, InFlight& in_flight, Session* session) {
  if (message.method == method::kInitialized && session != nullptr) session->set_initialized();
  if (message.method != method::kCancelled || message.params == nullptr) return;
  const auto id = message.params->find("requestId");
  if (id == message.params->end()) return;
  if (const auto text = id_text_of(*id)) in_flight.withdraw(*text);
}

void take_response(Message message, Session& session) {
  if (message.result != nullptr) {
    session.take_response(message.id, std::move(*message.result));
  } else {
    session.take_response(message.id,
                          tl::unexpected(RpcError{code::kInternalError, message.error}));
  }
}

}  // namespace martgate::mcp
