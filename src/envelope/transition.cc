#include "envelope/transition.h"

#include <fmt/format.h>

#include "base/check.h"

namespace martgate::envelope {
namespace {

constexpr std::array<std::string_view, kStateCount> kStateNames{
    "received", "authenticated", "validated", "authorized",       "awaiting_approval",
    "approved", "executing",     "in_doubt",  "output_validated", "cited",
    "priced",   "completed",     "failed",    "denied",           "expired",
};
constexpr std::array<std::string_view, kEventCount> kEventNames{
    "credential_valid",
    "arguments_valid",
    "arguments_invalid",
    "allow",
    "deny",
    "ask_approval",
    "count_yes",
    "reach_quorum",
    "approver_says_no",
    "lapse",
    "find_stale",
    "ask_again",
    "start_read",
    "start_effect",
    "rows_read",
    "stop_read",
    "outcome_applied",
    "outcome_not_applied",
    "try_again",
    "lose_track",
    "note_cancel",
    "resolve_applied",
    "resolve_not_applied",
    "cite",
    "price",
    "finish",
    "withhold",
    "abandon",
};
constexpr std::array<std::string_view, 5> kEffectClassNames{"none", "atomic", "keyed", "queryable",
                                                            "opaque"};
constexpr std::array<std::string_view, 4> kEffectNames{"none", "not_applied", "applied", "unknown"};
constexpr std::array<std::string_view, 3> kLaneNames{"any", "read", "effect"};

template <class Enum>
constexpr std::size_t index_of(Enum value) {
  return static_cast<std::size_t>(value);
}

// The lists above have an entry for each enumerator: the last ones meet.
static_assert(index_of(State::Expired) + 1 == kStateCount);
static_assert(index_of(Event::Abandon) + 1 == kEventCount);
static_assert(!kStateNames.back().empty() && !kEventNames.back().empty());
static_assert(index_of(EffectClass::Opaque) + 1 == kEffectClassNames.size());
static_assert(index_of(Effect::Unknown) + 1 == kEffectNames.size());

constexpr State state_at(std::size_t index) {
  return static_cast<State>(index);
}

template <class Predicate>
constexpr bool each_row(Predicate predicate) {
  return std::ranges::all_of(kRows, predicate);
}

constexpr bool pairs_are_unique() {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    for (std::size_t j = i + 1; j < kRows.size(); ++j) {
      if (kRows[i].from == kRows[j].from && kRows[i].event == kRows[j].event) return false;
    }
  }
  return true;
}
static_assert(pairs_are_unique(), "one pair (from, event) has one row");

constexpr bool terminal_by_definition(State state) {
  return state == State::Completed || state == State::Failed || state == State::Denied ||
         state == State::Expired;
}

constexpr bool terminal_states_are_the_four() {
  for (std::size_t i = 0; i < kStateCount; ++i) {
    if (is_terminal(state_at(i)) != terminal_by_definition(state_at(i))) return false;
  }
  return true;
}
static_assert(terminal_states_are_the_four(), "terminal states have no way out, all others have");

// Whether a call of this lane can be in a state at all, and whether it can get out to the end.
constexpr bool lane_admits(Lane row, Lane call) {
  return row == Lane::Any || row == call;
}

constexpr std::array<bool, kStateCount> reachable_in(Lane call) {
  std::array<bool, kStateCount> seen{};
  seen[index_of(kFirstState)] = true;
  for (std::size_t round = 0; round < kStateCount; ++round) {
    for (const Row& row : kRows) {
      if (seen[index_of(row.from)] && lane_admits(row.lane, call)) {
        seen[index_of(row.to)] = true;
      }
    }
  }
  return seen;
}

constexpr bool every_state_is_reachable() {
  return std::ranges::all_of(reachable_in(Lane::Effect), [](bool seen) { return seen; });
}
static_assert(every_state_is_reachable());

constexpr bool every_reachable_state_can_end(Lane call) {
  std::array<bool, kStateCount> ends{};
  for (std::size_t i = 0; i < kStateCount; ++i) ends[i] = terminal_by_definition(state_at(i));
  for (std::size_t round = 0; round < kStateCount; ++round) {
    for (const Row& row : kRows) {
      if (ends[index_of(row.to)] && lane_admits(row.lane, call)) {
        ends[index_of(row.from)] = true;
      }
    }
  }
  const auto reached = reachable_in(call);
  for (std::size_t i = 0; i < kStateCount; ++i) {
    if (reached[i] && !ends[i]) return false;
  }
  return true;
}
static_assert(every_reachable_state_can_end(Lane::Read) &&
              every_reachable_state_can_end(Lane::Effect));

static_assert(!reachable_in(Lane::Read)[index_of(State::InDoubt)] &&
                  !reachable_in(Lane::Read)[index_of(State::AwaitingApproval)],
              "a read is never in doubt and never waits for a person");

// I02, I08, I10: the effect is unknown from the intent to an outcome, and only there; what ends
// as denied or expired comes from before the intent.
static_assert(each_row([](const Row& row) {
  return row.mark != Mark::Unknown || (row.to == State::Executing && row.lane == Lane::Effect &&
                                       row.durable == Durable::BeforeNext);
}));
static_assert(each_row([](const Row& row) {
  const bool after_intent = row.from == State::Executing || row.from == State::InDoubt;
  const bool outcome = row.mark == Mark::Applied || row.mark == Mark::NotApplied;
  if (outcome) return after_intent;
  return !(after_intent && row.lane == Lane::Effect) || row.to == State::Executing ||
         row.to == State::InDoubt;
}));
static_assert(each_row([](const Row& row) {
  return (row.to != State::Denied && row.to != State::Expired) || row.from == State::Validated ||
         row.from == State::AwaitingApproval || row.from == State::Approved;
}));
static_assert(each_row([](const Row& row) {
  return row.to != State::Completed || row.durable == Durable::BeforeNext;
}));

// find_row() by index: 0 is no row, n is row n - 1. Steps are checked on every call.
constexpr auto kRowNumbers = [] {
  std::array<std::array<std::uint8_t, kEventCount>, kStateCount> numbers{};
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    numbers[index_of(kRows[i].from)][index_of(kRows[i].event)] = static_cast<std::uint8_t>(i + 1);
  }
  return numbers;
}();
static_assert(kRows.size() < 255);

const Row* row_at(State from, Event event) {
  MARTGATE_CHECK(index_of(from) < kStateCount && index_of(event) < kEventCount);
  const std::size_t number = kRowNumbers[index_of(from)][index_of(event)];
  return number == 0 ? nullptr : &kRows[number - 1];
}

template <class Enum, std::size_t N>
std::optional<Enum> find_name(const std::array<std::string_view, N>& names, std::string_view name) {
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

template <class Enum, std::size_t N>
std::string_view name_at(const std::array<std::string_view, N>& names, Enum value) {
  MARTGATE_CHECK(index_of(value) < N);
  return names[index_of(value)];
}

tl::unexpected<Error> illegal_step(std::string message) {
  return fail(Code::FailedPrecondition, std::move(message), {}, "illegal_step");
}

}  // namespace

std::string_view name_of(State state) {
  return name_at(kStateNames, state);
}
std::string_view name_of(Event event) {
  return name_at(kEventNames, event);
}
std::string_view name_of(EffectClass value) {
  return name_at(kEffectClassNames, value);
}
std::string_view name_of(Effect effect) {
  return name_at(kEffectNames, effect);
}
std::string_view name_of(Lane lane) {
  return name_at(kLaneNames, lane);
}
std::optional<State> state_of(std::string_view name) {
  return find_name<State>(kStateNames, name);
}
std::optional<Event> event_of(std::string_view name) {
  return find_name<Event>(kEventNames, name);
}
std::optional<EffectClass> effect_class_of(std::string_view name) {
  return find_name<EffectClass>(kEffectClassNames, name);
}
std::optional<Effect> effect_of(std::string_view name) {
  return find_name<Effect>(kEffectNames, name);
}

Result<Row> step(State from, Event event) {
  if (const Row* row = row_at(from, event)) return *row;
  return illegal_step(
      fmt::format("event {} does not apply in state {}", name_of(event), name_of(from)));
}

Result<Life> advance(const Life& life, Event event) {
  const auto row = step(life.state, event);
  if (!row) return tl::unexpected(row.error());
  const Lane call = life.effect_class == EffectClass::None ? Lane::Read : Lane::Effect;
  if (!lane_admits(row->lane, call)) {
    return illegal_step(fmt::format("event {} does not apply to a tool of effect class {}",
                                    name_of(event), name_of(life.effect_class)));
  }
  Life next = life;
  next.state = row->to;
  next.version += 1;
  switch (row->mark) {
    case Mark::Keep:
      break;
    case Mark::Unknown:
      next.effect = Effect::Unknown;
      break;
    case Mark::Applied:
      next.effect = Effect::Applied;
      break;
    case Mark::NotApplied:
      next.effect = Effect::NotApplied;
      break;
  }
  return next;
}

Result<Life> fold(const Life& life, std::span<const Event> events) {
  Life now = life;
  for (std::size_t i = 0; i < events.size(); ++i) {
    auto next = advance(now, events[i]);
    if (!next) return next;
    const Row* row = row_at(now.state, events[i]);
    if (row->durable == Durable::BeforeNext && i + 1 != events.size()) {
      return illegal_step(
          fmt::format("event {} must be durable before what follows it, so it ends its record",
                      name_of(events[i])));
    }
    now = *next;
  }
  return now;
}

std::string to_mermaid() {
  std::string text = fmt::format("stateDiagram-v2\n    [*] --> {}\n", name_of(kFirstState));
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    const auto same_ends = [&](const Row& row) {
      return row.from == kRows[i].from && row.to == kRows[i].to;
    };
    if (std::ranges::any_of(std::span(kRows).first(i), same_ends)) continue;
    std::string events;
    for (const Row& row : std::span(kRows).subspan(i)) {
      if (!same_ends(row)) continue;
      if (!events.empty()) events += " or ";
      events += name_of(row.event);
    }
    text +=
        fmt::format("    {} --> {} : {}\n", name_of(kRows[i].from), name_of(kRows[i].to), events);
  }
  for (std::size_t i = 0; i < kStateCount; ++i) {
    if (is_terminal(state_at(i))) text += fmt::format("    {} --> [*]\n", kStateNames[i]);
  }
  return text;
}

}  // namespace martgate::envelope
