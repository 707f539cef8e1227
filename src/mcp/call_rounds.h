// What a Call keeps between the rounds of a multi round-trip.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "mcp/call.h"

namespace martgate::mcp {

// Guarded by the call's mutex; `state` and `responses` are read by the handler while it runs and
// written only while it does not.
struct Call::Rounds {
  std::string subject;                    // tool, prompt or URI
  std::shared_ptr<const Json> arguments;  // may be null
  Run run;                                // of a legacy session only
  std::shared_ptr<const Json> state;      // of the round before; null in the first
  Json responses;                         // null: none

  int number = 0;                          // of the questions that are out, 1 for the first
  std::int64_t deadline_ns = 0;            // of all rounds together
  std::map<std::string, std::string> ids;  // of our requests that are out, by their keys
  Json arriving;                           // answers so far; null: none

  // The client need not answer any more.
  void take_back(Outlet& outlet, Session* session);
};

}  // namespace martgate::mcp
