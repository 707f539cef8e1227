// The one path of every call: who asks, may they, is the question sound, what was really read, is
// it fresh and tested, what did it cost - journaled before the answer leaves.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "gate/caller.h"

namespace martgate::gate {

struct CallRequest {
  std::string tool;
  std::shared_ptr<const nlohmann::json> arguments;  // an object; shared with who may ask again
  Caller caller;
  std::string_view era;        // protocol revision, static storage: "2026-07-28"
  std::string_view transport;  // "http" | "stdio" | "cli"
  std::string trace_id;        // from traceparent; may be empty
  std::stop_token cancel;      // the caller wants the answer no more: what runs is interrupted
};

// All JSON here is finished text, written once.
struct CallResult {
  bool is_error = false;
  std::string text;        // for the model: a compact table and its citations, or what went wrong
  std::string structured;  // data members and "envelope"; empty when is_error
  std::string envelope;    // the envelope alone, good or bad
};

struct ToolListing {
  std::string name;
  std::string title;
  std::string description;
  std::string input_schema;   // JSON text
  std::string output_schema;  // JSON text
  bool read_only = true;
};

// Threads: every member may be called from any thread.
class Gate {
 public:
  virtual ~Gate() = default;
  // In a fixed order; depends on the caller's rights only.
  [[nodiscard]] virtual std::vector<ToolListing> tools(const Caller& caller) const = 0;
  [[nodiscard]] virtual bool has_tool(std::string_view name) const = 0;
  // Another number whenever tools() may answer otherwise than before.
  [[nodiscard]] virtual std::uint64_t tools_version() const { return 0; }
  // Empty when the caller's credential permits the tool; else all the scopes that one needs for it.
  [[nodiscard]] virtual std::vector<std::string> scopes_missing(const Caller& /*caller*/,
                                                                std::string_view /*tool*/) const {
    return {};
  }
  // One or two sentences for the model: what this company's data is and how to begin.
  [[nodiscard]] virtual std::string instructions() const = 0;
  // Runs on the calling thread; `done` is called exactly once, on any thread, when the call's
  // journal record is durable. Nobody waits for the journal meanwhile.
  virtual void call(CallRequest request, std::function<void(CallResult)> done) = 0;
};

}  // namespace martgate::gate
