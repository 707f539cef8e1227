#include "mcp/call_rounds.h"

#include <fmt/format.h>

#include <set>
#include <utility>

#include "base/check.h"
#include "mcp/limits.h"
#include "mcp/owner.h"
#include "mcp/request_state.h"
#include "mcp/wire.h"

namespace martgate::mcp {
namespace {

// The capabilities a client lacks for these questions, as one object of objects; empty: none.
std::string missing_capabilities(const InputRequired& input, const ClientCapabilities& client) {
  Json missing = Json::object();
  for (const InputRequest& request : input.requests) {
    if (!can_answer(client, request.kind)) {
      missing.merge_patch(Json::parse(capability_for(request.kind)));
    }
  }
  return missing.empty() ? std::string() : missing.dump();
}

bool has_distinct_keys(const InputRequired& input) {
  std::set<std::string_view> keys;
  for (const InputRequest& request : input.requests) keys.insert(request.key);
  return keys.size() == input.requests.size();
}

StateSubject subject_of(const gate::Caller& caller, std::string_view method,
                        std::string_view subject, const Json* arguments) {
  return {.method = method,
          .name = subject,
          .arguments = digest_of_arguments(arguments),
          .owner = owner_text(caller)};
}

}  // namespace

void Call::Rounds::take_back(Outlet& outlet, Session* session) {
  for (const auto& [key, id] : ids) {
    if (session != nullptr) session->forget(id);
    outlet.notify(notification(method::kCancelled, fmt::format("{{\"requestId\":{}}}", id)));
  }
  ids.clear();
}

const Json* Call::state() const {
  return rounds_ == nullptr ? nullptr : rounds_->state.get();
}

const Json* Call::response(std::string_view key) const {
  if (rounds_ == nullptr) return nullptr;
  const auto found = rounds_->responses.find(key);
  return found == rounds_->responses.end() ? nullptr : &*found;
}

void Call::run_in_rounds(std::string subject, std::shared_ptr<const Json> arguments, Run run) {
  rounds_ = std::make_unique<Rounds>();
  rounds_->subject = std::move(subject);
  rounds_->arguments = std::move(arguments);
  if (era() == Era::Legacy) {
    rounds_->run = run;
  } else if (const RpcResult<void> read = read_round(); !read) {
    return refuse(read.error());
  }
  run(shared_from_this());
}

// What a modern client brings from the round before: hostile until it is verified.
RpcResult<void> Call::read_round() {
  const Json* params = admission_.params.get();
  if (params == nullptr) return {};
  if (const auto responses = params->find("inputResponses"); responses != params->end()) {
    if (!responses->is_object()) {
      return tl::unexpected(invalid_params("params.inputResponses must be an object"));
    }
    for (const auto& [key, response] : responses->items()) {
      if (!response.is_object()) {
        return tl::unexpected(invalid_params("params.inputResponses must hold objects"));
      }
    }
    rounds_->responses = *responses;
  }
  const auto state = params->find("requestState");
  if (state == params->end()) return {};
  if (!state->is_string()) {
    return tl::unexpected(invalid_params("params.requestState must be a string"));
  }
  Result<Json> opened = open_state(
      service_->options.key,
      subject_of(admission_.caller, admission_.method, rounds_->subject, rounds_->arguments.get()),
      state->get_ref<const std::string&>(), service_->clock.now());
  if (!opened) return tl::unexpected(to_rpc(opened.error()));
  rounds_->state = std::make_shared<const Json>(std::move(*opened));
  return {};
}

void Call::ask(InputRequired input) {
  // Questions from anything but the three methods that may ask, or without a key of their own, are
  // a defect of the handler.
  const bool is_sound = rounds_ != nullptr && has_distinct_keys(input) &&
                        input.requests.size() <= kInputRequestsMax &&
                        (!input.requests.empty() || input.state != nullptr);
  if (!is_sound) {
    return refuse({code::kInternalError, "the handler asked what cannot be asked here"});
  }
  if (const std::string missing = missing_capabilities(input, client()); !missing.empty()) {
    if (era() == Era::Modern) return refuse(missing_capability(missing));
    return fail_round(fmt::format("this needs a client with the capability {}", missing));
  }
  if (era() == Era::Modern) return ask_modern(input);
  ask_in_session(input);
}

void Call::ask_modern(const InputRequired& input) {
  ResultMessage message(frame_, 512, "input_required");
  JsonWriter& writer = message.members();
  if (!input.requests.empty()) {
    writer.key("inputRequests").begin_object();
    for (const InputRequest& request : input.requests) {
      writer.key(request.key).begin_object();
      writer.field("method", method_of(request.kind)).key("params").raw(request.params);
      writer.end_object();
    }
    writer.end_object();
  }
  if (input.state != nullptr) {
    const Result<std::string> sealed =
        seal_state(service_->options.key,
                   subject_of(admission_.caller, admission_.method, rounds_->subject,
                              rounds_->arguments.get()),
                   *input.state, service_->clock.now());
    if (!sealed) return refuse(to_rpc(sealed.error()));
    writer.field("requestState", *sealed);
  }
  answer(std::move(message).finish());
}

void Call::ask_in_session(const InputRequired& input) {
  if (input.requests.empty()) {
    return fail_round("the server cannot do this now; ask again later");
  }
  bool is_first = false;
  bool is_too_many = false;
  bool is_sent = true;
  {
    const std::lock_guard lock(mutex_);
    if (phase_ != Phase::Running) return;
    Rounds& rounds = *rounds_;
    is_first = rounds.number == 0;
    is_too_many = rounds.number == kRoundsMax;
    if (!is_too_many) {
      const std::int64_t now_ns = service_->clock.monotonic_ns();
      if (is_first) rounds.deadline_ns = now_ns + kRoundsMsMax * 1'000'000;
      ++rounds.number;
      rounds.state = input.state;
      rounds.arriving = nullptr;
      rounds.ids.clear();
      phase_ = Phase::Asking;
      for (const InputRequest& request : input.requests) {
        const std::string id =
            admission_.session->expect([self = shared_from_this(), round = rounds.number,
                                        key = request.key](RpcResult<Json> response) {
              self->take_response(round, key, std::move(response));
            });
        rounds.ids[request.key] = id;
        is_sent = is_sent && outlet_->notify(server_request(id, method_of(request.kind),
                                                            legacy_params_of(request)));
      }
    }
  }
  if (is_too_many) {
    return fail_round(fmt::format("there were more than {} rounds of questions", kRoundsMax));
  }
  if (!is_sent) return fail_round("the client cannot be asked on this connection");
  if (is_first) service_->pulse.add(weak_from_this());
}

void Call::take_response(int round, const std::string& key, RpcResult<Json> response) {
  Run run;
  {
    const std::lock_guard lock(mutex_);
    if (phase_ != Phase::Asking || rounds_->number != round) return;
    rounds_->ids.erase(key);
    if (response && response->is_object()) {
      rounds_->arriving[key] = std::move(*response);
      if (!rounds_->ids.empty()) return;
      rounds_->responses = std::move(rounds_->arriving);
      phase_ = Phase::Running;
      run = rounds_->run;
    }
  }
  if (run) return run(shared_from_this());
  fail_round(response ? "the client answered with something that is no object"
                      : response.error().message);
}

void Call::fail_round(const std::string& words) {
  {
    const std::lock_guard lock(mutex_);
    if (phase_ == Phase::Over) return;
    rounds_->take_back(*outlet_, admission_.session.get());
  }
  if (admission_.method == method::kToolsCall) {
    finish(tool_failure(words));
  } else {
    refuse({code::kInvalidRequest, words});
  }
}

void Call::beat(std::int64_t now_ns) {
  {
    const std::lock_guard lock(mutex_);
    if (phase_ != Phase::Asking || now_ns <= rounds_->deadline_ns) return;
  }
  fail_round(fmt::format("there was no answer within {} minutes", kRoundsMsMax / 60'000));
  stop();
}

}  // namespace martgate::mcp
