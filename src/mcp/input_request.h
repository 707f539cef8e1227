// Questions to the client's user or model, asked in the middle of a call.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "json/json_fwd.h"
#include "mcp/client_capabilities.h"

namespace martgate::mcp {

struct InputRequest {
  enum class Kind : std::uint8_t { ElicitForm, ElicitUrl, Sample, SampleWithTools, ListRoots };

  std::string key;  // the handler's name for it; unique within one InputRequired
  Kind kind;
  std::string params;               // JSON object text
  std::string elicitation_id = {};  // of ElicitUrl; goes out in legacy sessions only
};

// `requested_schema`: a flat JSON Schema object as text. Never for passwords, keys or payment data.
[[nodiscard]] InputRequest elicit_form(std::string key, std::string_view message,
                                       std::string_view requested_schema);
// `id` names the elicitation on the wire of 2025-11-25; random, like every handle.
[[nodiscard]] InputRequest elicit_url(std::string key, std::string_view message,
                                      std::string_view url, std::string_view id);
[[nodiscard]] InputRequest sample(std::string key, std::string params);
[[nodiscard]] InputRequest list_roots(std::string key);

// The params of the request we send in a legacy session.
[[nodiscard]] std::string legacy_params_of(const InputRequest& request);

[[nodiscard]] std::string_view method_of(InputRequest::Kind kind);
[[nodiscard]] bool can_answer(const ClientCapabilities& client, InputRequest::Kind kind);
// {"elicitation":{"url":{}}}: the capability object a client must declare to be asked.
[[nodiscard]] std::string_view capability_for(InputRequest::Kind kind);

// The answer to an elicitation. Declining and cancelling are ordinary answers.
struct ElicitAnswer {
  enum class Action : std::uint8_t { Accept, Decline, Cancel };
  Action action;
  const Json* content;  // an object when accepted in form mode, else null; borrowed
};
// Nothing when there is no answer or it has another shape: ask again. `response` may be null.
[[nodiscard]] std::optional<ElicitAnswer> read_elicit_answer(const Json* response);

}  // namespace martgate::mcp
