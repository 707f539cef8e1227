// Steps that both transports share between a parsed body and a running request.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "mcp/call.h"
#include "mcp/era.h"
#include "mcp/http_head.h"
#include "mcp/message.h"
#include "mcp/methods.h"

namespace martgate::mcp {

// What the era table looks at.
[[nodiscard]] Shape shape_of(const Body& body);
[[nodiscard]] Claim claim_of(const Body& body);
// Null: the session is unknown.
[[nodiscard]] SessionSight sight_of(const Session* session);

// A request of a session (null: of the modern era, or before the handshake).
[[nodiscard]] Admission admission_of(Message message, const Method& method, Revision revision,
                                     const gate::Caller& caller, std::string_view transport,
                                     std::shared_ptr<Session> session);

// Serves the call, unless it was taken back before its turn. `head` is null on stdio.
void run(const std::shared_ptr<Call>& call, const Method& method, const HttpHead* head);

// notifications/cancelled and notifications/initialized; others say nothing to this server.
// `session` may be null.
void take_notification(const Message& message, InFlight& in_flight, Session* session);
// What a client answers to a request of ours.
void take_response(Message message, Session& session);

}  // namespace martgate::mcp
