// The life of one call: its states, its events, and the table of every step it may take.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace martgate::envelope {

enum class State : std::uint8_t {
  Received,          // framed and parsed within limits
  Authenticated,     // principal and tenant known
  Validated,         // tool known, arguments canonical, plan built
  Authorized,        // policy said yes, budget reserved
  AwaitingApproval,  // a person must agree
  Approved,          // enough people agreed
  Executing,         // reads run; of an effect the intent is durable
  InDoubt,           // the outcome of an effect is unknown and its target can not tell; parked
  OutputValidated,   // the result matches its schema and is masked
  Cited,             // every figure names its source
  Priced,            // cost settled
  Completed,
  Failed,
  Denied,
  Expired,
};
inline constexpr std::size_t kStateCount = 15;
inline constexpr State kFirstState = State::Received;

// Where a guard has several outcomes, each outcome is an event of its own.
enum class Event : std::uint8_t {
  CredentialValid,
  ArgumentsValid,
  ArgumentsInvalid,
  Allow,
  Deny,
  AskApproval,
  CountYes,        // a valid yes, more are needed
  ReachQuorum,     // the yes that was missing
  ApproverSaysNo,  // a no, or a yes taken back
  Lapse,           // the approval's time is over
  FindStale,       // a guard of the start no longer holds, for good
  AskAgain,        // what was approved has changed: a new request with a new digest
  StartRead,       // no effect
  StartEffect,     // the intent; with an approval also its consumption
  RowsRead,
  StopRead,           // deadline, cap, cancel, interruption, a result that breaks its schema
  OutcomeApplied,     // the target reports the effect under its key
  OutcomeNotApplied,  // the target proves that it did not happen
  TryAgain,           // no answer; the target may be asked or sent the same key again
  LoseTrack,          // no answer, and nothing left to try
  NoteCancel,         // someone cancelled after the intent: written down, stops nothing
  ResolveApplied,     // a person found out
  ResolveNotApplied,  // a person found out
  Cite,
  Price,
  Finish,
  Withhold,  // an error between the result and the answer: the result does not go out
  Abandon,   // cancel, disconnect, shutdown, interruption, fault: before anything ran
};
inline constexpr std::size_t kEventCount = 28;

// What kind of outside change a tool makes, by what its target can promise.
enum class EffectClass : std::uint8_t {
  None,       // a pure read
  Atomic,     // effect and effect key commit together in a SQLite file of ours
  Keyed,      // the target honours an idempotency key
  Queryable,  // the target can be asked about a key
  Opaque,     // neither
};

// What is known about the effect of this call.
enum class Effect : std::uint8_t { None, NotApplied, Applied, Unknown };

// Which calls may take a row.
enum class Lane : std::uint8_t { Any, Read, Effect };

// What a row does to what is known about the effect.
enum class Mark : std::uint8_t { Keep, Unknown, Applied, NotApplied };

// When the step must be on disk.
enum class Durable : std::uint8_t {
  Grouped,     // with the envelope's next record
  BeforeNext,  // before anything follows: such a step ends its record
};

struct Row {
  State from;
  Event event;
  State to;
  Lane lane = Lane::Any;
  Mark mark = Mark::Keep;
  Durable durable = Durable::Grouped;
};

// The whole life of a call. A pair (from, event) that is not here is refused.
inline constexpr std::array kRows{
    Row{State::Received, Event::CredentialValid, State::Authenticated},
    Row{State::Received, Event::Abandon, State::Failed},
    Row{State::Authenticated, Event::ArgumentsValid, State::Validated},
    Row{State::Authenticated, Event::ArgumentsInvalid, State::Failed},
    Row{State::Authenticated, Event::Abandon, State::Failed},
    Row{State::Validated, Event::Allow, State::Authorized},
    Row{State::Validated, Event::Deny, State::Denied},
    Row{State::Validated, Event::Abandon, State::Failed},
    Row{State::Authorized, Event::StartRead, State::Executing, Lane::Read},
    Row{State::Authorized, Event::AskApproval, State::AwaitingApproval, Lane::Effect, Mark::Keep,
        Durable::BeforeNext},
    Row{State::Authorized, Event::StartEffect, State::Executing, Lane::Effect, Mark::Unknown,
        Durable::BeforeNext},
    Row{State::Authorized, Event::Abandon, State::Failed},
    Row{State::AwaitingApproval, Event::CountYes, State::AwaitingApproval, Lane::Effect, Mark::Keep,
        Durable::BeforeNext},
    Row{State::AwaitingApproval, Event::ReachQuorum, State::Approved, Lane::Effect, Mark::Keep,
        Durable::BeforeNext},
    Row{State::AwaitingApproval, Event::ApproverSaysNo, State::Denied, Lane::Effect, Mark::Keep,
        Durable::BeforeNext},
    Row{State::AwaitingApproval, Event::Lapse, State::Expired, Lane::Effect},
    Row{State::AwaitingApproval, Event::Abandon, State::Failed, Lane::Effect},
    Row{State::Approved, Event::StartEffect, State::Executing, Lane::Effect, Mark::Unknown,
        Durable::BeforeNext},
    Row{State::Approved, Event::ApproverSaysNo, State::Denied, Lane::Effect, Mark::Keep,
        Durable::BeforeNext},
    Row{State::Approved, Event::Lapse, State::Expired, Lane::Effect},
    Row{State::Approved, Event::FindStale, State::Denied, Lane::Effect},
    Row{State::Approved, Event::AskAgain, State::AwaitingApproval, Lane::Effect, Mark::Keep,
        Durable::BeforeNext},
    Row{State::Approved, Event::Abandon, State::Failed, Lane::Effect},
    Row{State::Executing, Event::RowsRead, State::OutputValidated, Lane::Read},
    Row{State::Executing, Event::StopRead, State::Failed, Lane::Read},
    Row{State::Executing, Event::OutcomeApplied, State::OutputValidated, Lane::Effect,
        Mark::Applied},
    Row{State::Executing, Event::OutcomeNotApplied, State::Failed, Lane::Effect, Mark::NotApplied,
        Durable::BeforeNext},
    Row{State::Executing, Event::TryAgain, State::Executing, Lane::Effect, Mark::Keep,
        Durable::BeforeNext},
    Row{State::Executing, Event::NoteCancel, State::Executing, Lane::Effect},
    Row{State::Executing, Event::LoseTrack, State::InDoubt, Lane::Effect, Mark::Keep,
        Durable::BeforeNext},
    Row{State::InDoubt, Event::ResolveApplied, State::OutputValidated, Lane::Effect, Mark::Applied,
        Durable::BeforeNext},
    Row{State::InDoubt, Event::ResolveNotApplied, State::Failed, Lane::Effect, Mark::NotApplied,
        Durable::BeforeNext},
    Row{State::OutputValidated, Event::Cite, State::Cited},
    Row{State::OutputValidated, Event::Withhold, State::Failed, Lane::Any, Mark::Keep,
        Durable::BeforeNext},
    Row{State::Cited, Event::Price, State::Priced},
    Row{State::Cited, Event::Withhold, State::Failed, Lane::Any, Mark::Keep, Durable::BeforeNext},
    Row{State::Priced, Event::Finish, State::Completed, Lane::Any, Mark::Keep, Durable::BeforeNext},
    Row{State::Priced, Event::Withhold, State::Failed, Lane::Any, Mark::Keep, Durable::BeforeNext},
};

// Completed, failed, denied, expired: nothing leads out. InDoubt is parked, not terminal.
[[nodiscard]] constexpr bool is_terminal(State state) {
  return std::ranges::none_of(kRows, [=](const Row& row) { return row.from == state; });
}

[[nodiscard]] constexpr std::optional<Row> find_row(State from, Event event) {
  for (const Row& row : kRows) {
    if (row.from == from && row.event == event) return row;
  }
  return std::nullopt;
}

[[nodiscard]] std::string_view name_of(State state);        // "awaiting_approval"
[[nodiscard]] std::string_view name_of(Event event);        // "start_read"
[[nodiscard]] std::string_view name_of(EffectClass value);  // "queryable"
[[nodiscard]] std::string_view name_of(Effect effect);      // "not_applied"
[[nodiscard]] std::string_view name_of(Lane lane);          // "read"
[[nodiscard]] std::optional<State> state_of(std::string_view name);
[[nodiscard]] std::optional<Event> event_of(std::string_view name);
[[nodiscard]] std::optional<EffectClass> effect_class_of(std::string_view name);
[[nodiscard]] std::optional<Effect> effect_of(std::string_view name);

// Pure: no clock, no storage, no log. The caller journals the row, then acts on it.
// Errors: FailedPrecondition (reason "illegal_step") when the table has no row for the pair.
[[nodiscard]] Result<Row> step(State from, Event event);

// Where one envelope stands.
struct Life {
  State state = kFirstState;
  EffectClass effect_class = EffectClass::None;  // the tool's, for the whole life
  Effect effect = Effect::None;
  std::int64_t version = 0;  // steps taken so far

  friend bool operator==(const Life&, const Life&) = default;
};

// step(), and the lane of the row against the effect class; the version grows by one.
// Errors: FailedPrecondition (reason "illegal_step").
[[nodiscard]] Result<Life> advance(const Life& life, Event event);

// advance() over all events; a step that must be durable before what follows must be the last one.
// Errors: FailedPrecondition (reason "illegal_step").
[[nodiscard]] Result<Life> fold(const Life& life, std::span<const Event> events);

// The table as a Mermaid state diagram, for the documentation.
[[nodiscard]] std::string to_mermaid();

}  // namespace martgate::envelope
