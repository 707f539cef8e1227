#include "mcp/server.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "mcp/admission.h"
#include "mcp/batch.h"
#include "mcp/wire.h"

namespace martgate::mcp {

Server::Server(Offer& offer, const Clock& clock, IdSource& ids, ServerOptions options)
    : service_(std::make_shared<Service>(offer, clock, ids, std::move(options))),
      sessions_(clock, ids, service_->options.sessions) {
  if (Changes* changes = offer.changes()) {
    listening_.emplace(changes->listen([this](const Change& change) { announce(change); }));
  }
  if (const std::int64_t period_ms = service_->options.beat_ms; period_ms > 0) {
    ticker_.emplace(period_ms, [this] { beat(); });
  }
}

Server::~Server() {
  ticker_.reset();
  listening_.reset();
  shut_down();
}

void Server::shut_down() {
  service_->subscriptions.end([](const Call&) { return true; });
  sessions_.each([](Session& session) { session.streams().close(); });
}

void Server::announce(const Change& change) {
  service_->subscriptions.publish(change);
  sessions_.each([&](Session& session) { session.announce(change); });
  std::vector<std::shared_ptr<Session>> pipes;
  {
    const std::lock_guard lock(pipes_mutex_);
    for (const auto& weak : pipe_sessions_) {
      if (auto session = weak.lock()) pipes.push_back(std::move(session));
    }
  }
  for (const auto& session : pipes) session->announce(change);
}

void Server::beat() {
  sessions_.forget_idle();
  const WallTime now = service_->clock.now();
  sessions_.each([&](Session& session) { session.streams().look(now); });
  service_->subscriptions.look();
  service_->pulse.beat(service_->clock.monotonic_ns());
}

std::string Server::overlong_line(std::size_t bytes_max) {
  return error_message({}, to_rpc({Code::InvalidArgument,
                                   fmt::format("a line longer than {} bytes", bytes_max),
                                   {},
                                   "json_size"}));
}

RpcResult<const Method*> Server::legacy_method(const Message& message) const {
  const Method* found = find_method(message.method, Era::Legacy, service_->capabilities);
  if (found == nullptr) return tl::unexpected(method_not_found(message.method, Era::Legacy));
  return found;
}

Work Server::plan_batch(Body body, std::shared_ptr<Session> session, std::string_view transport,
                        const std::shared_ptr<InFlight>& in_flight,
                        std::shared_ptr<LineWriter> writer, std::function<void(std::string)> done) {
  struct Planned {
    std::shared_ptr<Call> call;
    const Method* method;
  };
  // Shared by the calls of the batch, the last of which answers.
  const auto batch = std::make_shared<BatchAnswer>(body.messages.size(), std::move(done));
  std::vector<Planned> planned;
  for (std::size_t index = 0; index < body.messages.size(); ++index) {
    Message& message = body.messages[index];
    if (message.kind == Message::Kind::Malformed) {
      batch->put(index, error_message(message.id, invalid_request(message.flaw)));
      continue;
    }
    if (message.kind != Message::Kind::Request) {
      if (message.kind == Message::Kind::Response) {
        take_response(std::move(message), *session);
      } else {
        take_notification(message, *in_flight, session.get());
      }
      batch->put(index, {});
      continue;
    }
    if (message.method == method::kInitialize) {
      batch->put(index, error_message(message.id, invalid_request("initialize in a batch")));
      continue;
    }
    const RpcResult<const Method*> method = legacy_method(message);
    if (!method) {
      batch->put(index, error_message(message.id, method.error()));
      continue;
    }
    auto call =
        std::make_shared<Call>(service_,
                               admission_of(std::move(message), **method, session->revision(),
                                            session->caller(), transport, session),
                               std::make_unique<BatchOutlet>(batch, index, writer));
    call->enlist(in_flight);
    planned.push_back({std::move(call), *method});
  }
  if (planned.empty()) return {};
  return [planned = std::move(planned)] {
    for (const Planned& each : planned) run(each.call, *each.method, nullptr);
  };
}

}  // namespace martgate::mcp
