// One request between its admission and its answer: the library's side of an Exchange.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "mcp/answer.h"
#include "mcp/exchange.h"
#include "mcp/in_flight.h"
#include "mcp/outlet.h"
#include "mcp/service.h"
#include "mcp/session.h"

namespace martgate::mcp {

// A request whose era, method and headers are settled.
struct Admission {
  Admission();
  Admission(Admission&&) noexcept;
  Admission& operator=(Admission&&) noexcept;
  ~Admission();

  Revision revision = kNewestModern;
  std::string id;                // JSON text
  std::string_view method;       // static storage
  std::unique_ptr<Json> params;  // an object, or null when absent
  gate::Caller caller;
  std::string_view transport;        // "http" | "stdio", static storage
  std::shared_ptr<Session> session;  // of the legacy era, else null
};

// Threads: everything may be called from any thread. Messages leave under one lock, so that
// nothing follows the answer.
class Call final : public Exchange, public Beating, public std::enable_shared_from_this<Call> {
 public:
  Call(std::shared_ptr<Service> service, Admission admission, std::unique_ptr<Outlet> outlet);
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  ~Call() override;

  // ---- for the methods, before they hand the exchange on
  [[nodiscard]] Service& service() const { return *service_; }
  [[nodiscard]] const Frame& frame() const { return frame_; }
  [[nodiscard]] Era era() const { return era_of(frame_.revision); }
  [[nodiscard]] std::string_view method() const { return admission_.method; }
  [[nodiscard]] const std::shared_ptr<Session>& session() const { return admission_.session; }
  [[nodiscard]] Json* params() { return admission_.params.get(); }  // null when absent
  // Ends it with a whole message, or with a refusal.
  void answer(std::string message);
  void refuse(const RpcError& error);
  [[nodiscard]] bool takes_notifications() const;
  // A notification before the answer, as a whole message. False: it is not sent.
  bool notify(std::string_view message);
  // The answer is long in coming; see Outlet::park().
  void park();
  // Runs what may finish with InputRequired: now, and once more after each round of questions.
  // `subject` is the tool, prompt or URI; `arguments` may be null.
  using Run = std::function<void(std::shared_ptr<Exchange>)>;
  void run_in_rounds(std::string subject, std::shared_ptr<const Json> arguments, Run run);

  // ---- for the transports
  // The request can be taken back by its id from now on.
  void enlist(std::shared_ptr<InFlight> in_flight);
  // Nobody waits any more; whatever the answer is, it may still be sent.
  void stop();
  // The client took the request back: nothing is sent any more.
  void withdraw();
  [[nodiscard]] bool is_over() const;
  [[nodiscard]] const InFlight* in_flight() const { return in_flight_.get(); }

  // ---- Exchange
  [[nodiscard]] const gate::Caller& caller() const override { return admission_.caller; }
  [[nodiscard]] Revision revision() const override { return frame_.revision; }
  [[nodiscard]] std::string_view transport() const override { return admission_.transport; }
  [[nodiscard]] const ClientCapabilities& client() const override;
  [[nodiscard]] std::stop_token cancelled() const override { return stop_.get_token(); }
  bool progress(double progress, std::optional<double> total, std::string_view message) override;
  [[nodiscard]] bool logs(LogLevel level) const override;
  bool log(LogLevel level, std::string_view logger, std::string_view data) override;
  [[nodiscard]] const Json* state() const override;
  [[nodiscard]] const Json* response(std::string_view key) const override;
  void suspend_stream() override;
  void finish(Outcome outcome) override;

  // ---- Beating: the time limit of the rounds
  void beat(std::int64_t now_ns) override;

 private:
  struct Rounds;
  enum class Phase : std::uint8_t {
    Running,  // the handler has it
    Asking,   // the client of a legacy session has questions of ours
    Over,
  };

  [[nodiscard]] bool spend_progress();
  // The mutex is held; the outlet is given back, to be released without it.
  [[nodiscard]] std::unique_ptr<Outlet> end_locked();

  void leave();

  // Multi round-trips; call_rounds.cc.
  [[nodiscard]] RpcResult<void> read_round();
  void ask(InputRequired input);
  void ask_modern(const InputRequired& input);
  void ask_in_session(const InputRequired& input);
  void take_response(int round, const std::string& key, RpcResult<Json> response);
  void fail_round(const std::string& words);

  const std::shared_ptr<Service> service_;
  Admission admission_;
  const Frame frame_;
  const std::string progress_token_;         // JSON text; empty: none
  const std::optional<LogLevel> log_level_;  // of the request itself
  ClientCapabilities client_;                // of the request itself
  std::stop_source stop_;
  std::shared_ptr<InFlight> in_flight_;
  InFlight::Ticket ticket_ = 0;

  mutable std::mutex mutex_;
  std::unique_ptr<Outlet> outlet_;  // null when the request is over
  Phase phase_ = Phase::Running;
  std::unique_ptr<Rounds> rounds_;
  std::optional<double> progress_;
  double progress_credit_;
  std::int64_t progress_at_ns_ = 0;
};

}  // namespace martgate::mcp
