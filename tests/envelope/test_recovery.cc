#include <doctest/doctest.h>

#include "envelope/recovery.h"
#include "support.h"

namespace martgate::envelope {
namespace {

const WallTime kNow{std::chrono::milliseconds(1'790'000'000'000)};

OpenEnvelope open_in(State state, EffectClass effect_class, Effect effect = Effect::None) {
  return {"req_1", {state, effect_class, effect, 4}, 9, 0, std::nullopt};
}

RecoveryAction planned(const OpenEnvelope& envelope) {
  const auto actions = plan_recovery(std::span(&envelope, 1), kNow);
  REQUIRE(actions.size() == 1);
  if (actions[0].act == RecoveryAct::Step) {
    REQUIRE(actions[0].event);
    CHECK(advance(envelope.life, *actions[0].event));  // the table allows what is planned
    CHECK_FALSE(actions[0].reason.empty());
  }
  return actions[0];
}

}  // namespace

TEST_CASE("recovery: an opaque effect is never tried or asked again") {
  const auto action = planned(open_in(State::Executing, EffectClass::Opaque, Effect::Unknown));
  CHECK(action.act == RecoveryAct::Step);
  CHECK(action.event == Event::LoseTrack);
}

TEST_CASE("recovery: nothing automatic leaves in_doubt") {
  auto envelope = open_in(State::InDoubt, EffectClass::Keyed, Effect::Unknown);
  envelope.recoveries = 100;
  CHECK(planned(envelope).act == RecoveryAct::Alert);
}

TEST_CASE("recovery: an effect whose intent is durable is never failed as interrupted") {
  for (const auto& [effect_class, act] :
       {std::pair{EffectClass::Atomic, RecoveryAct::ReadEffectKey},
        std::pair{EffectClass::Keyed, RecoveryAct::AskOrSendSameKey},
        std::pair{EffectClass::Queryable, RecoveryAct::AskTarget}}) {
    CHECK(planned(open_in(State::Executing, effect_class, Effect::Unknown)).act == act);
  }
}

TEST_CASE("recovery: an applied effect only moves forward") {
  for (const State state : {State::OutputValidated, State::Cited, State::Priced}) {
    CHECK(planned(open_in(state, EffectClass::Atomic, Effect::Applied)).act ==
          RecoveryAct::ContinueForward);
  }
}

TEST_CASE("recovery: what had no effect fails as interrupted, reads at any point") {
  for (const State state :
       {State::Received, State::Authenticated, State::Validated, State::Authorized}) {
    for (const EffectClass effect_class : {EffectClass::None, EffectClass::Opaque}) {
      const auto action = planned(open_in(state, effect_class));
      CHECK(action.event == Event::Abandon);
      CHECK(action.reason == "interrupted");
    }
  }
  CHECK(planned(open_in(State::Executing, EffectClass::None)).event == Event::StopRead);
  for (const State state : {State::OutputValidated, State::Cited, State::Priced}) {
    CHECK(planned(open_in(state, EffectClass::None)).event == Event::Withhold);
  }
}

TEST_CASE("recovery: an approval is kept until its time is over") {
  auto waiting = open_in(State::AwaitingApproval, EffectClass::Keyed);
  CHECK(planned(waiting).act == RecoveryAct::Keep);
  waiting.approval_expires_at = kNow + std::chrono::milliseconds(1);
  CHECK(planned(waiting).act == RecoveryAct::Keep);
  waiting.approval_expires_at = kNow;
  CHECK(planned(waiting).event == Event::Lapse);
  auto approved = open_in(State::Approved, EffectClass::Keyed);
  CHECK(planned(approved).act == RecoveryAct::RecheckStart);
  approved.approval_expires_at = kNow;
  CHECK(planned(approved).event == Event::Lapse);
}

TEST_CASE("recovery: after three that did not end well an envelope is given up") {
  auto executing = open_in(State::Executing, EffectClass::Atomic, Effect::Unknown);
  executing.recoveries = kRecoveriesMax - 1;
  CHECK(planned(executing).act == RecoveryAct::ReadEffectKey);
  executing.recoveries = kRecoveriesMax;
  CHECK(planned(executing).event == Event::LoseTrack);
  CHECK(planned(executing).reason == "quarantined");
  auto approved = open_in(State::Approved, EffectClass::Keyed);
  approved.recoveries = kRecoveriesMax;
  CHECK(planned(approved).event == Event::Abandon);
  auto applied = open_in(State::Cited, EffectClass::Keyed, Effect::Applied);
  applied.recoveries = kRecoveriesMax;
  CHECK(planned(applied).event == Event::Withhold);
  auto waiting = open_in(State::AwaitingApproval, EffectClass::Keyed);
  waiting.recoveries = kRecoveriesMax;
  CHECK(planned(waiting).act == RecoveryAct::Keep);
}

}  // namespace martgate::envelope
