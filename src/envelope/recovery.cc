#include "envelope/recovery.h"

#include "base/check.h"

namespace martgate::envelope {
namespace {

struct Decision {
  RecoveryAct act;
  std::optional<Event> event = std::nullopt;
  std::string_view reason = {};
};

Decision interrupted(Event event) {
  return {RecoveryAct::Step, event, "interrupted"};
}

bool has_lapsed(const OpenEnvelope& envelope, WallTime now) {
  return envelope.approval_expires_at && now >= *envelope.approval_expires_at;
}

Decision decide_executing(EffectClass effect_class) {
  switch (effect_class) {
    case EffectClass::None:
      return interrupted(Event::StopRead);
    case EffectClass::Atomic:
      return {RecoveryAct::ReadEffectKey};
    case EffectClass::Keyed:
      return {RecoveryAct::AskOrSendSameKey};
    case EffectClass::Queryable:
      return {RecoveryAct::AskTarget};
    case EffectClass::Opaque:
      return {RecoveryAct::Step, Event::LoseTrack, "in_doubt"};
  }
  check_failed("effect class", __FILE__, __LINE__);
}

Decision decide(const OpenEnvelope& envelope, WallTime now) {
  const Life& life = envelope.life;
  switch (life.state) {
    case State::Received:
    case State::Authenticated:
    case State::Validated:
    case State::Authorized:
      return interrupted(Event::Abandon);
    case State::AwaitingApproval:
      if (has_lapsed(envelope, now)) return {RecoveryAct::Step, Event::Lapse, "expired"};
      return {RecoveryAct::Keep};
    case State::Approved:
      if (has_lapsed(envelope, now)) return {RecoveryAct::Step, Event::Lapse, "expired"};
      return {RecoveryAct::RecheckStart};
    case State::Executing:
      return decide_executing(life.effect_class);
    case State::InDoubt:
      return {RecoveryAct::Alert};
    case State::OutputValidated:
    case State::Cited:
    case State::Priced:
      // The rows of a read are not stored, and reading again is free of consequences.
      if (life.effect_class == EffectClass::None) return interrupted(Event::Withhold);
      return {RecoveryAct::ContinueForward};
    case State::Completed:
    case State::Failed:
    case State::Denied:
    case State::Expired:
      break;
  }
  check_failed("a terminal envelope is not open", __FILE__, __LINE__);
}

// The way out that needs no target: before the intent it fails, after it a person must look.
Decision give_up(State state) {
  switch (state) {
    case State::Approved:
      return {RecoveryAct::Step, Event::Abandon, "quarantined"};
    case State::Executing:
      return {RecoveryAct::Step, Event::LoseTrack, "quarantined"};
    default:
      return {RecoveryAct::Step, Event::Withhold, "quarantined"};
  }
}

}  // namespace

bool counts_as_recovery(RecoveryAct act) {
  return act != RecoveryAct::Step && act != RecoveryAct::Keep && act != RecoveryAct::Alert;
}

std::vector<RecoveryAction> plan_recovery(std::span<const OpenEnvelope> open, WallTime now) {
  std::vector<RecoveryAction> actions;
  actions.reserve(open.size());
  for (const OpenEnvelope& envelope : open) {
    Decision decision = decide(envelope, now);
    if (counts_as_recovery(decision.act) && envelope.recoveries >= kRecoveriesMax) {
      decision = give_up(envelope.life.state);
    }
    actions.push_back({envelope, decision.act, decision.event, decision.reason});
  }
  return actions;
}

}  // namespace martgate::envelope
