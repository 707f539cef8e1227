#include <nlohmann/json.hpp>
#include <utility>

#include "mcp/admission.h"
#include "mcp/legacy.h"
#include "mcp/line_outlet.h"
#include "mcp/modern.h"
#include "mcp/route_refusal.h"
#include "mcp/server.h"
#include "mcp/wire.h"

namespace martgate::mcp {

Work Server::handle_line(PipeSession& pipe, std::string_view line,
                         std::shared_ptr<LineWriter> writer) {
  RpcResult<Body> parsed = parse_body(line, service_->options.json);
  if (!parsed) {
    writer->write(error_message({}, parsed.error()));
    return {};
  }
  Message& first = parsed->messages.front();
  if (!parsed->is_batch && first.kind == Message::Kind::Malformed) {
    writer->write(error_message(first.id, invalid_request(first.flaw)));
    return {};
  }

  const Route route = classify(
      {.transport = Transport::Stdio,
       .shape = shape_of(*parsed),
       .claim = claim_of(*parsed),
       .header = VersionHeader::Absent,
       .session = pipe.session == nullptr ? SessionSight::Absent : sight_of(pipe.session.get())});
  switch (route) {
    case Route::Modern: {
      const auto method = admit_modern(first, nullptr, service_->capabilities);
      return answer_line(pipe, method, std::move(first), kNewestModern, std::move(writer));
    }
    case Route::Session:
    case Route::EarlyPing: {
      const auto method = legacy_method(first);
      const Revision revision = pipe.session == nullptr ? kNewestLegacy : pipe.session->revision();
      return answer_line(pipe, method, std::move(first), revision, std::move(writer));
    }
    case Route::Handshake:
      begin_pipe_session(pipe, first, *writer);
      return {};
    case Route::ModernNotice:
    case Route::SessionNotice:
      if (first.kind == Message::Kind::Notification) {
        take_notification(first, *pipe.in_flight, pipe.session.get());
        return {};
      }
      if (pipe.session == nullptr) return {};
      // The handler that asked goes on with it, which may take its time. Shared, because Work can
      // be copied and a message cannot.
      return [session = pipe.session, response = std::make_shared<Message>(std::move(first))] {
        take_response(std::move(*response), *session);
      };
    case Route::SessionBatch:
      return plan_batch(std::move(*parsed), pipe.session, kStdioTransport, pipe.in_flight, writer,
                        [writer](const std::string& answers) {
                          if (!answers.empty()) writer->write(answers);
                        });
    default: {
      const RouteRefusal refusal = refusal_of(route, *parsed);
      writer->write(error_message(refusal.is_about_message ? first.id : "", refusal.error));
      return {};
    }
  }
}

void Server::begin_pipe_session(PipeSession& pipe, const Message& message, LineWriter& writer) {
  const Result<Revision> revision = negotiated(message.params.get());
  if (!revision) {
    writer.write(error_message(message.id, to_rpc(revision.error())));
    return;
  }
  if (pipe.session != nullptr) pipe.session->end();
  pipe.session = session_of(*message.params, *revision, pipe.caller, pipe.writer);
  {
    const std::lock_guard lock(pipes_mutex_);
    std::erase_if(pipe_sessions_, [](const auto& weak) { return weak.expired(); });
    pipe_sessions_.push_back(pipe.session);
  }
  writer.write(initialize_message(*service_, {*revision, message.id, &service_->server_info}));
}

Work Server::answer_line(PipeSession& pipe, const RpcResult<const Method*>& method, Message message,
                         Revision revision, std::shared_ptr<LineWriter> writer) {
  if (!method) {
    writer->write(error_message(message.id, method.error()));
    return {};
  }
  const bool is_legacy = era_of(revision) == Era::Legacy;
  auto call =
      std::make_shared<Call>(service_,
                             admission_of(std::move(message), **method, revision, pipe.caller,
                                          kStdioTransport, is_legacy ? pipe.session : nullptr),
                             std::make_unique<LineOutlet>(std::move(writer), pipe.writer));
  call->enlist(pipe.in_flight);
  return [call = std::move(call), served = *method] { run(call, *served, nullptr); };
}

void Server::end_pipe(PipeSession& pipe) {
  const InFlight* its_own = pipe.in_flight.get();
  service_->subscriptions.end([&](const Call& call) { return call.in_flight() == its_own; });
  if (pipe.session != nullptr) pipe.session->end();
  pipe.in_flight->withdraw_all();
}

}  // namespace martgate::mcp
