#include "mcp/call.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "mcp/call_rounds.h"
#include "mcp/limits.h"
#include "mcp/meta.h"
#include "mcp/wire.h"
#include "mcp/write_result.h"

namespace martgate::mcp {

Admission::Admission() = default;
Admission::Admission(Admission&&) noexcept = default;
Admission& Admission::operator=(Admission&&) noexcept = default;
Admission::~Admission() = default;

Call::Call(std::shared_ptr<Service> service, Admission admission, std::unique_ptr<Outlet> outlet)
    : service_(std::move(service)),
      admission_(std::move(admission)),
      frame_{admission_.revision, admission_.id, &service_->server_info},
      progress_token_(progress_token_of(admission_.params.get())),
      log_level_(log_level_of(admission_.params.get())),
      outlet_(std::move(outlet)),
      progress_credit_(static_cast<double>(kProgressBurstMax)) {
  if (admission_.session == nullptr) {
    client_ = read_client_capabilities(client_capabilities_of(admission_.params.get()));
  }
}

Call::~Call() {
  leave();
  if (outlet_ == nullptr) return;
  const RpcError error{code::kInternalError, "the request was not answered"};
  outlet_->refuse(error_message(frame_.id, error), error);
}

const ClientCapabilities& Call::client() const {
  return admission_.session == nullptr ? client_ : admission_.session->client();
}

// ---- the end

void Call::enlist(std::shared_ptr<InFlight> in_flight) {
  in_flight_ = std::move(in_flight);
  ticket_ = in_flight_->enter(weak_from_this());
}

void Call::leave() {
  if (in_flight_ != nullptr) in_flight_->leave(ticket_);
}

std::unique_ptr<Outlet> Call::end_locked() {
  phase_ = Phase::Over;
  return std::move(outlet_);
}

void Call::answer(std::string message) {
  std::unique_ptr<Outlet> outlet;
  {
    const std::lock_guard lock(mutex_);
    if (phase_ == Phase::Over) return;
    outlet = end_locked();
    outlet->answer(std::move(message));
  }
  leave();
}

void Call::refuse(const RpcError& error) {
  std::unique_ptr<Outlet> outlet;
  {
    const std::lock_guard lock(mutex_);
    if (phase_ == Phase::Over) return;
    outlet = end_locked();
    RpcError shown_error = error;
    if (error.code == code::kResourceNotFound && era() == Era::Modern) {
      shown_error.code = code::kInvalidParams;
    }
    outlet->refuse(error_message(frame_.id, shown_error), shown_error);
  }
  leave();
}

void Call::stop() {
  stop_.request_stop();
}

void Call::withdraw() {
  std::unique_ptr<Outlet> outlet;
  {
    const std::lock_guard lock(mutex_);
    if (phase_ == Phase::Over) return;
    outlet = end_locked();
    if (rounds_ != nullptr) rounds_->take_back(*outlet, admission_.session.get());
    outlet->drop();
  }
  leave();
  stop_.request_stop();
}

bool Call::is_over() const {
  const std::lock_guard lock(mutex_);
  return phase_ == Phase::Over;
}

// ---- what is said before it

bool Call::spend_progress() {
  const std::int64_t now_ns = service_->clock.monotonic_ns();
  if (progress_) {
    const double seconds = static_cast<double>(now_ns - progress_at_ns_) / 1e9;
    progress_credit_ = std::min(progress_credit_ + seconds * double{kProgressPerSecondMax},
                                double{kProgressBurstMax});
  }
  progress_at_ns_ = now_ns;
  if (progress_credit_ < 1) return false;
  progress_credit_ -= 1;
  return true;
}

bool Call::takes_notifications() const {
  const std::lock_guard lock(mutex_);
  return phase_ != Phase::Over && outlet_->takes_notifications();
}

bool Call::notify(std::string_view message) {
  const std::lock_guard lock(mutex_);
  return phase_ != Phase::Over && outlet_->notify(message);
}

void Call::park() {
  const std::lock_guard lock(mutex_);
  if (phase_ != Phase::Over) outlet_->park();
}

bool Call::progress(double progress, std::optional<double> total, std::string_view message) {
  if (progress_token_.empty()) return false;
  const std::lock_guard lock(mutex_);
  if (phase_ == Phase::Over || !outlet_->takes_notifications()) return false;
  const bool is_growing = !progress_ || progress > *progress_;  // also false for what is no number
  if (!is_growing || !spend_progress()) return false;
  progress_ = progress;
  std::string params;
  JsonWriter writer(params);
  writer.begin_object().key("progressToken").raw(progress_token_).field("progress", progress);
  if (total) writer.field("total", *total);
  if (!message.empty()) writer.field("message", message);
  writer.end_object();
  return outlet_->notify(notification(method::kProgress, params));
}

bool Call::logs(LogLevel level) const {
  if (!service_->capabilities.logging) return false;
  if (era() == Era::Modern) return log_level_ && level >= *log_level_;
  return admission_.session != nullptr && level >= admission_.session->log_level();
}

bool Call::log(LogLevel level, std::string_view logger, std::string_view data) {
  if (!logs(level)) return false;
  std::string params;
  JsonWriter writer(params);
  writer.begin_object().field("level", name_of(level));
  if (!logger.empty()) writer.field("logger", logger);
  writer.key("data").raw(data).end_object();
  const std::lock_guard lock(mutex_);
  if (phase_ == Phase::Over || !outlet_->takes_notifications()) return false;
  return outlet_->notify(notification(method::kLogMessage, params));
}

void Call::suspend_stream() {
  const std::lock_guard lock(mutex_);
  if (phase_ != Phase::Over) outlet_->suspend();
}

// ---- the outcome

namespace {

template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <class... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;  // clang 14 does not deduce it for aggregates

}  // namespace

void Call::finish(Outcome outcome) {
  std::visit(Overloaded{
                 [&](const ToolResult& result) { answer(tool_message(frame_, result)); },
                 [&](const ReadResult& result) { answer(read_message(frame_, result)); },
                 [&](const PromptResult& result) { answer(prompt_message(frame_, result)); },
                 [&](const TaskCreated& task) { answer(task_message(frame_, task)); },
                 [&](InputRequired& input) { ask(std::move(input)); },
                 [&](const RpcError& error) { refuse(error); },
             },
             outcome);
}

}  // namespace martgate::mcp
