#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "mcp/admission.h"
#include "mcp/http_outlet.h"
#include "mcp/legacy.h"
#include "mcp/modern.h"
#include "mcp/route_refusal.h"
#include "mcp/server.h"
#include "mcp/session_outlet.h"
#include "mcp/wire.h"

namespace martgate::mcp {
namespace {

HttpAnswer error_answer(std::string_view id, const RpcError& error) {
  return refusal_answer(error_message(id, error), error);
}

HttpAnswer refused(const RpcError& error) {
  return error_answer({}, error);
}

bool accepts_events(const HttpHead& head) {
  return accepts(head.accept, "text/event-stream");
}

bool accepts_legacy_answers(const HttpHead& head) {
  return accepts(head.accept, "application/json") && accepts_events(head);
}

RpcError not_acceptable() {
  return invalid_request("Accept must list application/json and text/event-stream", 406);
}

}  // namespace

void Server::handle_http(const HttpHead& head, std::string_view body,
                         std::shared_ptr<HttpReply> reply) {
  if (head.method == "POST") return handle_post(head, body, std::move(reply));
  if (head.method == "DELETE") return end_session(head, *reply);
  if (head.method == "GET") return open_general_stream(head, std::move(reply));
  HttpAnswer answer = refused(invalid_request("this endpoint takes POST, GET and DELETE", 405));
  answer.headers.emplace_back("Allow", "DELETE, GET, POST");
  reply->send(std::move(answer));
}

// Of a session: its own stream, or one that is resumed behind an event.
void Server::open_general_stream(const HttpHead& head, std::shared_ptr<HttpReply> reply) {
  const Body none;
  if (!head.session_id) return reply->send(refused(refusal_of(Route::SessionMissing, none).error));
  const auto session = sessions_.find(*head.session_id, head.caller);
  if (session == nullptr) {
    return reply->send(refused(refusal_of(Route::SessionUnknown, none).error));
  }
  if (version_header_of(head.protocol_version) == VersionHeader::Unknown) {
    return reply->send(refused(refusal_of(Route::VersionHeaderRefused, none).error));
  }
  if (!accepts_events(head)) {
    return reply->send(refused(invalid_request("Accept must list text/event-stream", 406)));
  }
  const auto& until = head.caller.authenticated_until;
  using Opened = SessionStreams::Opened;
  const Opened opened =
      head.last_event_id ? session->streams().resume(*head.last_event_id, reply, *service_, until)
                         : session->streams().listen(reply, *service_, until);
  switch (opened) {
    case Opened::Yes:
      return;
    case Opened::HasListener:
      return reply->send(
          refused(invalid_request("the session has its stream open on another connection", 409)));
    case Opened::UnknownEvent:
      return reply->send(refused(
          invalid_request(fmt::format("{} names no event that is kept", header::kLastEventId))));
  }
}

void Server::end_session(const HttpHead& head, HttpReply& reply) {
  const Body none;
  if (!head.session_id) return reply.send(refused(refusal_of(Route::SessionMissing, none).error));
  if (!sessions_.end(*head.session_id, head.caller)) {
    return reply.send(refused(refusal_of(Route::SessionUnknown, none).error));
  }
  reply.send({.status = 204});
}

void Server::handle_post(const HttpHead& head, std::string_view body,
                         std::shared_ptr<HttpReply> reply) {
  if (!head.content_type || !is_json_type(*head.content_type)) {
    return reply->send(refused(invalid_request("Content-Type must be application/json", 415)));
  }
  RpcResult<Body> parsed = parse_body(body, service_->options.json);
  if (!parsed) return reply->send(refused(parsed.error()));
  Message& first = parsed->messages.front();
  if (!parsed->is_batch && first.kind == Message::Kind::Malformed) {
    return reply->send(error_answer(first.id, invalid_request(first.flaw)));
  }

  std::shared_ptr<Session> session;
  SessionSight sight = SessionSight::Absent;
  if (head.session_id) {
    session = sessions_.find(*head.session_id, head.caller);
    sight = sight_of(session.get());
  }
  const Route route = classify({.transport = Transport::Http,
                                .shape = shape_of(*parsed),
                                .claim = claim_of(*parsed),
                                .header = version_header_of(head.protocol_version),
                                .session = sight});
  switch (route) {
    case Route::Modern:
      return answer_modern(head, std::move(first), std::move(reply));
    case Route::ModernNotice:
      return reply->send({.status = 202});
    case Route::SessionNotice:
      reply->send({.status = 202});
      if (first.kind == Message::Kind::Response) {
        take_response(std::move(first), *session);
      } else {
        take_notification(first, *session->calls(), session.get());
      }
      return;
    case Route::Handshake:
      return begin_session(head, first, *reply);
    case Route::Session:
      return answer_in_session(head, std::move(session), std::move(first), std::move(reply));
    case Route::SessionBatch:
      return answer_http_batch(head, std::move(session), std::move(*parsed), std::move(reply));
    default: {
      const RouteRefusal refusal = refusal_of(route, *parsed);
      reply->send(error_answer(refusal.is_about_message ? first.id : "", refusal.error));
    }
  }
}

void Server::begin_session(const HttpHead& head, const Message& message, HttpReply& reply) {
  if (!accepts_legacy_answers(head)) return reply.send(refused(not_acceptable()));
  const Result<Revision> revision = negotiated(message.params.get());
  if (!revision) return reply.send(error_answer(message.id, to_rpc(revision.error())));
  HttpAnswer answer{
      200, {}, initialize_message(*service_, {*revision, message.id, &service_->server_info})};
  answer.headers.emplace_back(
      header::kSessionId,
      sessions_.begin(session_of(*message.params, *revision, head.caller, nullptr)));
  reply.send(std::move(answer));
}

void Server::answer_modern(const HttpHead& head, Message message,
                           std::shared_ptr<HttpReply> reply) {
  const RpcResult<const Method*> method = admit_modern(message, &head, service_->capabilities);
  if (!method) return reply->send(error_answer(message.id, method.error()));
  const auto takes =
      accepts_events(head) ? HttpOutlet::Takes::JsonAndEvents : HttpOutlet::Takes::Json;
  const auto call = std::make_shared<Call>(service_,
                                           admission_of(std::move(message), **method, kNewestModern,
                                                        head.caller, kHttpTransport, nullptr),
                                           std::make_unique<HttpOutlet>(reply, takes, *service_));
  // In this era who leaves does not want the answer.
  reply->on_disconnect([weak = std::weak_ptr<Call>(call)] {
    if (const auto left = weak.lock()) left->stop();
  });
  run(call, **method, &head);
}

void Server::answer_in_session(const HttpHead& head, std::shared_ptr<Session> session,
                               Message message, std::shared_ptr<HttpReply> reply) {
  if (!accepts_legacy_answers(head)) return reply->send(refused(not_acceptable()));
  const RpcResult<const Method*> method = legacy_method(message);
  if (!method) return reply->send(error_answer(message.id, method.error()));
  const Revision revision = session->revision();
  const auto in_flight = session->calls();
  const auto call = std::make_shared<Call>(
      service_,
      admission_of(std::move(message), **method, revision, head.caller, kHttpTransport, session),
      std::make_unique<SessionOutlet>(std::move(reply), session, *service_));
  call->enlist(in_flight);
  run(call, **method, &head);
}

void Server::answer_http_batch(const HttpHead& head, std::shared_ptr<Session> session, Body body,
                               std::shared_ptr<HttpReply> reply) {
  if (!accepts_legacy_answers(head)) return reply->send(refused(not_acceptable()));
  const auto in_flight = session->calls();
  const Work work = plan_batch(std::move(body), std::move(session), kHttpTransport, in_flight,
                               nullptr, [reply = std::move(reply)](std::string answers) {
                                 const int status = answers.empty() ? 202 : 200;
                                 reply->send({status, {}, std::move(answers)});
                               });
  if (work) work();
}

}  // namespace martgate::mcp
