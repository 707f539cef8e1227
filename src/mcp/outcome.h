// How a tool call, a prompt or a reading ends: exactly one of these.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "json/json_fwd.h"
#include "mcp/content.h"
#include "mcp/input_request.h"
#include "mcp/rpc_error.h"

namespace martgate::mcp {

// How long an answer may be kept, and by whom: Public ones may be shared between users.
enum class CacheScope : std::uint8_t { Public, Private };

struct ToolResult {
  std::vector<Content> content;
  // Any JSON text; empty: none. Wires without structured content, and legacy ones when it is no
  // object, leave it out.
  std::string structured = {};
  bool is_error = false;  // a failure that the model reads and can act on
  std::string meta = {};  // members of `_meta` as JSON text without the braces; empty: none
};

struct ReadResult {
  std::vector<ResourceContents> contents;
  std::int64_t ttl_ms = 0;  // 0: always stale
  CacheScope scope = CacheScope::Private;
};

struct PromptMessage {
  enum class Role : std::uint8_t { User, Assistant };
  Role role = Role::User;
  Content content;
};

struct PromptResult {
  std::string description;  // may be empty
  std::vector<PromptMessage> messages;
};

// The call needs answers first. The client gets the questions; the handler is called again with
// what they brought (Exchange::response) and with `state` as it left it (Exchange::state).
struct InputRequired {
  std::vector<InputRequest> requests;
  // Kept by the client under a signature: it can be read there, not changed. Null: none. Without
  // requests it means "ask again later".
  std::shared_ptr<const Json> state = nullptr;
};

// The call goes on behind a task that is already durable.
struct TaskCreated {
  std::string members;  // of the task as JSON text without the braces
};

using Outcome =
    std::variant<ToolResult, ReadResult, PromptResult, InputRequired, TaskCreated, RpcError>;

[[nodiscard]] inline ToolResult tool_failure(std::string text) {
  ToolResult result;
  result.content.push_back(text_content(std::move(text)));
  result.is_error = true;
  return result;
}

}  // namespace martgate::mcp
