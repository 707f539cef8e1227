#include "mcp/server.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "mcp/batch.h"
#include "mcp/era.h"
#include "mcp/legacy.h"
#include "mcp/meta.h"
#include "mcp/modern.h"
#include "mcp/wire.h"

namespace martgate::mcp {
namespace {

constexpr std::string_view kHttp = "http";
constexpr std::string_view kStdio = "stdio";

// ---- what the era table looks at

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

SessionSight sight_of(std::optional<Revision> revision) {
  if (!revision) return SessionSight::Unknown;
  return features_of(*revision).takes_batches ? SessionSight::KnownWithBatches
                                              : SessionSight::Known;
}

// ---- refusals

struct Refusal {
  RpcError error;
  bool is_about_message = false;  // it carries the id of the request; else it is the transport's
};

// Precondition: `route` refuses.
Refusal refusal_of(Route route, const Body& body) {
  switch (route) {
    case Route::BatchRefused:
      return {invalid_request("a batch is taken in a session of 2025-03-26 only")};
    case Route::InitializeUnderModernHeader:
      return {malformed_header(header::kProtocolVersion,
                               "names a revision without initialize: send server/discover, or ask "
                               "for a revision with a handshake"),
              true};
    case Route::MetaMissing: {
      const RpcResult<Meta> meta = read_meta(body.messages.front().params.get());
      MARTGATE_CHECK(!meta);  // without a claim there is no version
      return {meta.error(), true};
    }
    case Route::SessionMissing:
      return {invalid_request(fmt::format(
          "header {} is missing: send initialize first, or the `_meta` of {} with every request",
          header::kSessionId, name_of(kNewestModern)))};
    case Route::SessionUnknown:
      return {invalid_request("unknown or ended session: send initialize again", 404)};
    case Route::VersionHeaderRefused:
      return {invalid_request(fmt::format("header {} names a revision that is not served here",
                                          header::kProtocolVersion))};
    case Route::NotInitialized:
      return {invalid_request("not initialized: send initialize first"), true};
    case Route::Modern:
    case Route::ModernNotice:
    case Route::Handshake:
    case Route::Session:
    case Route::SessionNotice:
    case Route::SessionBatch:
    case Route::EarlyPing:
      break;
  }
  MARTGATE_CHECK(false);
}

HttpAnswer json_answer(int status, std::string body) {
  return {status, {}, std::move(body)};
}

HttpAnswer error_answer(std::string_view id, const RpcError& error) {
  return json_answer(error.http_status, error_message(id, error));
}

HttpAnswer refused(const RpcError& error) {
  return error_answer({}, error);
}

bool accepts_legacy_answers(const HttpHead& head) {
  return accepts(head.accept, "application/json") && accepts(head.accept, "text/event-stream");
}

RpcError not_acceptable() {
  return invalid_request("Accept must list application/json and text/event-stream", 406);
}

RpcResult<const Method*> legacy_method(const Message& message) {
  const Method* found = find_method(message.method, Era::Legacy);
  if (found == nullptr) return tl::unexpected(method_not_found(message.method, Era::Legacy));
  return found;
}

std::string message_of(std::string_view id, RpcResult<std::string> answer) {
  return answer ? std::move(*answer) : error_message(id, answer.error());
}

// notifications/cancelled; other notifications say nothing to this server.
void take_notification(const Message& message, InFlight& in_flight) {
  if (message.method != method::kCancelled || message.params == nullptr) return;
  const auto id = message.params->find("requestId");
  if (id == message.params->end()) return;
  if (const auto text = id_text_of(*id)) in_flight.cancel(*text);
}

}  // namespace

// A request whose method was found, and where its answer goes.
struct Server::Call {
  const Method* method;
  Request request;
  Finish finish;
  std::shared_ptr<InFlight> in_flight;  // null: cannot be withdrawn
  InFlight::Ticket ticket = 0;
};

Server::Server(gate::Gate& gate, const Clock& clock, IdSource& ids, const ServerInfo& info,
               ServerLimits limits)
    : gate_(gate), limits_(limits), sessions_(clock, ids, limits.sessions) {
  std::string text;
  JsonWriter(text)
      .begin_object()
      .field("name", info.name)
      .field("version", info.version)
      .end_object();
  server_info_ = std::make_shared<const std::string>(std::move(text));
}

Request Server::request_of(Message message, Revision revision, const gate::Caller& caller,
                           std::string_view transport) const {
  Request request;
  request.frame = {revision, std::move(message.id), server_info_};
  request.params = std::move(message.params);
  request.caller = caller;
  request.transport = transport;
  return request;
}

void Server::run(Call& call) {
  // A request that was withdrawn while it waited for its turn never begins.
  if (call.in_flight != nullptr && !call.in_flight->holds(call.ticket)) {
    return call.finish(std::string());
  }
  call.method->handler(gate_, std::move(call.request), call.finish);
}

// ---- HTTP

void Server::handle_http(const HttpHead& head, std::string_view body, HttpReply reply) {
  if (head.method == "POST") return handle_post(head, body, std::move(reply));
  if (head.method == "DELETE") return end_session(head, reply);
  // There is no stream from the server: GET is refused, which clients take for just that.
  HttpAnswer answer = refused(invalid_request("this endpoint takes POST and DELETE", 405));
  answer.headers.emplace_back("Allow", "DELETE, POST");
  reply(std::move(answer));
}

void Server::end_session(const HttpHead& head, const HttpReply& reply) {
  const Body none;
  if (!head.session_id) return reply(refused(refusal_of(Route::SessionMissing, none).error));
  if (!sessions_.end(*head.session_id, head.caller)) {
    return reply(refused(refusal_of(Route::SessionUnknown, none).error));
  }
  reply({.status = 204});
}

void Server::handle_post(const HttpHead& head, std::string_view body, HttpReply reply) {
  if (!head.content_type || !is_json_type(*head.content_type)) {
    return reply(refused(invalid_request("Content-Type must be application/json", 415)));
  }
  RpcResult<Body> parsed = parse_body(body, limits_.json);
  if (!parsed) return reply(refused(parsed.error()));
  Message& first = parsed->messages.front();
  if (!parsed->is_batch && first.kind == Message::Kind::Malformed) {
    return reply(error_answer(first.id, invalid_request(first.flaw)));
  }

  std::optional<Revision> revision;
  SessionSight session = SessionSight::Absent;
  if (head.session_id) {
    revision = sessions_.find(*head.session_id, head.caller);
    session = sight_of(revision);
  }
  const Route route = classify({.transport = Transport::Http,
                                .shape = shape_of(*parsed),
                                .claim = claim_of(*parsed),
                                .header = version_header_of(head.protocol_version),
                                .session = session});
  switch (route) {
    case Route::Modern: {
      const RpcResult<const Method*> method = admit_modern(first, &head);
      return answer_http(head, method, std::move(first), kNewestModern, std::move(reply));
    }
    case Route::ModernNotice:
    case Route::SessionNotice:
      return reply({.status = 202});
    case Route::Handshake:
      return begin_session(head, first, reply);
    case Route::Session: {
      if (!accepts_legacy_answers(head)) return reply(refused(not_acceptable()));
      const RpcResult<const Method*> method = legacy_method(first);
      return answer_http(head, method, std::move(first), *revision, std::move(reply));
    }
    case Route::SessionBatch:
      return answer_http_batch(head, std::move(*parsed), *revision, std::move(reply));
    default: {
      const Refusal refusal = refusal_of(route, *parsed);
      return reply(error_answer(refusal.is_about_message ? first.id : "", refusal.error));
    }
  }
}

void Server::answer_http(const HttpHead& head, const RpcResult<const Method*>& method,
                         Message message, Revision revision, HttpReply reply) {
  if (!method) return reply(error_answer(message.id, method.error()));
  Call call{*method, request_of(std::move(message), revision, head.caller, kHttp), {}, nullptr};
  call.finish = [id = call.request.frame.id, reply = std::move(reply)](RpcResult<std::string> got) {
    reply(got ? json_answer(200, std::move(*got)) : error_answer(id, got.error()));
  };
  run(call);
}

void Server::begin_session(const HttpHead& head, const Message& message, const HttpReply& reply) {
  if (!accepts_legacy_answers(head)) return reply(refused(not_acceptable()));
  const Result<Revision> revision = negotiated(message.params.get());
  if (!revision) return reply(error_answer(message.id, to_rpc(revision.error())));
  HttpAnswer answer =
      json_answer(200, initialize_message(gate_, {*revision, message.id, server_info_}));
  answer.headers.emplace_back(header::kSessionId, sessions_.begin(*revision, head.caller));
  reply(std::move(answer));
}

void Server::answer_http_batch(const HttpHead& head, Body body, Revision revision,
                               HttpReply reply) {
  if (!accepts_legacy_answers(head)) return reply(refused(not_acceptable()));
  const Work work = plan_batch(std::move(body), revision, head.caller, kHttp, nullptr,
                               [reply = std::move(reply)](std::string answers) {
                                 const int status = answers.empty() ? 202 : 200;
                                 reply(json_answer(status, std::move(answers)));
                               });
  if (work) work();
}

// ---- stdio

std::string Server::overlong_line(std::size_t bytes_max) {
  return error_message({}, to_rpc({Code::InvalidArgument,
                                   fmt::format("a line longer than {} bytes", bytes_max),
                                   {},
                                   "json_size"}));
}

Work Server::handle_line(PipeSession& session, std::string_view line, LineReply reply) {
  RpcResult<Body> parsed = parse_body(line, limits_.json);
  if (!parsed) {
    reply(error_message({}, parsed.error()));
    return {};
  }
  Message& first = parsed->messages.front();
  if (!parsed->is_batch && first.kind == Message::Kind::Malformed) {
    reply(error_message(first.id, invalid_request(first.flaw)));
    return {};
  }

  const Route route =
      classify({.transport = Transport::Stdio,
                .shape = shape_of(*parsed),
                .claim = claim_of(*parsed),
                .header = VersionHeader::Absent,
                .session = session.revision ? sight_of(session.revision) : SessionSight::Absent});
  switch (route) {
    case Route::Modern: {
      const RpcResult<const Method*> method = admit_modern(first, nullptr);
      return answer_line(session, method, std::move(first), kNewestModern, std::move(reply));
    }
    case Route::Session:
    case Route::EarlyPing: {
      const RpcResult<const Method*> method = legacy_method(first);
      const Revision revision = session.revision.value_or(kNewestLegacy);
      return answer_line(session, method, std::move(first), revision, std::move(reply));
    }
    case Route::Handshake:
      begin_pipe_session(session, first, reply);
      return {};
    case Route::ModernNotice:
    case Route::SessionNotice:
      take_notification(first, *session.in_flight);
      return {};
    case Route::SessionBatch:
      return plan_batch(std::move(*parsed), *session.revision, session.caller, kStdio,
                        session.in_flight, [reply = std::move(reply)](std::string answers) {
                          if (!answers.empty()) reply(std::move(answers));
                        });
    default: {
      const Refusal refusal = refusal_of(route, *parsed);
      reply(error_message(refusal.is_about_message ? first.id : "", refusal.error));
      return {};
    }
  }
}

void Server::begin_pipe_session(PipeSession& session, const Message& message,
                                const LineReply& reply) {
  const Result<Revision> revision = negotiated(message.params.get());
  if (!revision) return reply(error_message(message.id, to_rpc(revision.error())));
  session.revision = *revision;
  reply(initialize_message(gate_, {*revision, message.id, server_info_}));
}

Work Server::answer_line(PipeSession& session, const RpcResult<const Method*>& method,
                         Message message, Revision revision, LineReply reply) {
  if (!method) {
    reply(error_message(message.id, method.error()));
    return {};
  }
  // Shared, because Work can be copied and a request cannot.
  auto call =
      std::make_shared<Call>(Call{*method,
                                  request_of(std::move(message), revision, session.caller, kStdio),
                                  {},
                                  session.in_flight,
                                  0});
  const std::string& id = call->request.frame.id;
  call->ticket = session.in_flight->enter(id);
  call->finish = [id, in_flight = session.in_flight, ticket = call->ticket,
                  reply = std::move(reply)](RpcResult<std::string> answer) {
    if (in_flight->leave(ticket)) reply(message_of(id, std::move(answer)));
  };
  return [this, call] { run(*call); };
}

// ---- batches, on both

Work Server::plan_batch(Body body, Revision revision, const gate::Caller& caller,
                        std::string_view transport, const std::shared_ptr<InFlight>& in_flight,
                        std::function<void(std::string)> done) {
  // Shared by the calls of the batch, the last of which answers.
  const auto answer = std::make_shared<BatchAnswer>(body.messages.size(), std::move(done));
  // Shared, because Work can be copied and a request cannot.
  const auto calls = std::make_shared<std::vector<Call>>();
  for (std::size_t index = 0; index < body.messages.size(); ++index) {
    Message& message = body.messages[index];
    if (message.kind == Message::Kind::Malformed) {
      answer->put(index, error_message(message.id, invalid_request(message.flaw)));
      continue;
    }
    if (message.kind != Message::Kind::Request) {
      if (in_flight != nullptr) take_notification(message, *in_flight);
      answer->put(index, {});
      continue;
    }
    if (message.method == method::kInitialize) {
      answer->put(index, error_message(message.id, invalid_request("initialize in a batch")));
      continue;
    }
    const RpcResult<const Method*> method = legacy_method(message);
    if (!method) {
      answer->put(index, error_message(message.id, method.error()));
      continue;
    }
    Call call{*method, request_of(std::move(message), revision, caller, transport), {}, in_flight};
    const std::string& id = call.request.frame.id;
    if (in_flight != nullptr) call.ticket = in_flight->enter(id);
    call.finish = [id, index, answer, in_flight, ticket = call.ticket](RpcResult<std::string> got) {
      const bool is_wanted = in_flight == nullptr || in_flight->leave(ticket);
      answer->put(index, is_wanted ? message_of(id, std::move(got)) : std::string());
    };
    calls->push_back(std::move(call));
  }
  if (calls->empty()) return {};
  return [this, calls] {
    for (Call& call : *calls) run(call);
  };
}

}  // namespace martgate::mcp
