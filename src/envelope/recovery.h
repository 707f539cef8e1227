// What to do at start with the envelopes that were open when the last process ended.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "envelope/transition.h"

namespace martgate::envelope {

struct OpenEnvelope {
  std::string env_id;
  Life life;
  std::int64_t last_seq = 0;  // its last journal record
  int recoveries = 0;         // starts in a row that found it open and ended without a clean close
  std::optional<WallTime> approval_expires_at;  // of the approval it waits for or holds
};

// After this many recoveries that did not end well an envelope is given up (I20, threat 63).
inline constexpr int kRecoveriesMax = 3;

enum class RecoveryAct : std::uint8_t {
  Step,              // append `event` with `reason`; needs nothing but the journal
  Keep,              // it waits for a person
  Alert,             // parked in doubt: keep it and make it visible
  RecheckStart,      // approved: check the guards of the start again, then run once or wait
  ReadEffectKey,     // atomic: the key row in the target file decides
  AskOrSendSameKey,  // keyed, within the target's retention of keys
  AskTarget,         // queryable
  ContinueForward,   // the effect happened: finish from stored rows or the receipt, never back
};

struct RecoveryAction {
  OpenEnvelope envelope;
  RecoveryAct act;
  std::optional<Event> event;    // for Step
  std::string_view reason = {};  // for Step: "interrupted", "expired", "in_doubt", "quarantined"
};

// Pure; one action for each envelope, in the order given. `now` is the high-water wall clock.
[[nodiscard]] std::vector<RecoveryAction> plan_recovery(std::span<const OpenEnvelope> open,
                                                        WallTime now);

// True for the acts that a crash can cut short and that the next start would begin again.
[[nodiscard]] bool counts_as_recovery(RecoveryAct act);

}  // namespace martgate::envelope
