// JSON-RPC 2.0 messages as they come in: parsed, checked for shape, sorted by kind.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/json_fwd.h"
#include "json/parse.h"
#include "mcp/rpc_error.h"

namespace martgate::mcp {

// An id is echoed in the answer; a longer one is refused.
inline constexpr std::size_t kIdBytesMax = 1'024;
inline constexpr std::size_t kBatchMessagesMax = 100;

struct Message {
  enum class Kind : std::uint8_t { Request, Notification, Response, Malformed };

  Message();
  Message(Message&&) noexcept;
  Message& operator=(Message&&) noexcept;
  ~Message();

  Kind kind = Kind::Malformed;
  std::string id;                // JSON text: 1 and "1" stay different; empty when there is none
  std::string method;            // of a request or notification
  std::unique_ptr<Json> params;  // an object, or null when absent
  std::unique_ptr<Json> result;  // of a response without an error
  std::string error;             // of a response with one: its message, or "" for a result
  std::string flaw;              // of a malformed message: what is wrong with it
};

struct Body {
  bool is_batch = false;
  std::vector<Message> messages;  // exactly one unless it is a batch
};

// Errors: a parse error, or an invalid request for an empty or too long batch. A message that is
// JSON but no JSON-RPC comes back as Malformed, with its id when that could be read.
[[nodiscard]] RpcResult<Body> parse_body(std::string_view text, const ParseLimits& limits);

// The JSON text of a request id: a string or an integer (2026-07-28, basic/index: Messages).
[[nodiscard]] std::optional<std::string> id_text_of(const Json& id);

}  // namespace martgate::mcp
