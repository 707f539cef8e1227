// What a server offers: the protocol's view of a registry of tools, resources and prompts. The
// library brings the wire; an Offer brings the things.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gate/caller.h"
#include "json/json_fwd.h"
#include "mcp/changes.h"
#include "mcp/exchange.h"
#include "mcp/rpc_error.h"
#include "mcp/tool.h"

namespace martgate::mcp {

struct ServerInfo {
  std::string name;
  std::string version;
};

// What is not offered is not advertised, and its methods do not exist.
struct Capabilities {
  bool tools = false;
  bool tools_list_changed = false;
  bool resources = false;
  bool resources_list_changed = false;
  bool resources_subscribe = false;
  bool prompts = false;
  bool prompts_list_changed = false;
  bool completions = false;
  bool logging = false;
  bool tasks = false;  // the tasks extension; Offer::tasks() is not null then
  // Further extensions: id and settings as JSON object text.
  std::vector<std::pair<std::string, std::string>> extensions = {};
};

struct Resource {
  std::string uri;
  std::string name;
  std::string title = {};
  std::string description = {};
  std::string mime_type = {};
  std::optional<std::int64_t> size_bytes = std::nullopt;
  std::string annotations = {};  // JSON object text; empty: none
  std::string meta = {};         // JSON object text; empty: none
};

struct ResourceTemplate {
  std::string uri_template;  // RFC 6570
  std::string name;
  std::string title = {};
  std::string description = {};
  std::string mime_type = {};
  std::string annotations = {};
  std::string meta = {};
};

struct PromptArgument {
  std::string name;
  std::string title = {};
  std::string description = {};
  bool is_required = false;
};

struct Prompt {
  std::string name;
  std::string title = {};
  std::string description;
  std::vector<PromptArgument> arguments = {};
  std::string meta = {};
};

struct ToolCall {
  std::string name;
  std::shared_ptr<const Json> arguments;  // an object; shared by the rounds of one call
  std::string trace_id;                   // from traceparent; may be empty
};

struct ResourceRead {
  std::string uri;  // as the client sent it: hostile until it is parsed
  std::string trace_id;
};

struct PromptGet {
  std::string name;
  std::map<std::string, std::string, std::less<>> arguments;
  std::string trace_id;
};

struct CompletionRequest {
  enum class Of : std::uint8_t { Prompt, Resource };
  Of of;
  std::string subject;  // the prompt's name, or a URI or URI template
  std::string argument;
  std::string value;                                       // typed so far
  std::map<std::string, std::string, std::less<>> chosen;  // arguments that have their value
};

struct Completion {
  std::vector<std::string> values;  // best first; the library sends kCompletionValuesMax of them
  std::optional<std::int64_t> total = std::nullopt;
  bool has_more = false;
};
inline constexpr std::size_t kCompletionValuesMax = 100;

// Tasks of the extension, each known to the caller who owns it and to nobody else. Every refusal of
// an unknown, foreign or expired id is the same.
class TaskOffer {
 public:
  virtual ~TaskOffer() = default;
  // The task's members as JSON text without the braces, as tasks/get answers; nothing when the
  // caller has no such task.
  [[nodiscard]] virtual RpcResult<std::optional<std::string>> get(std::string_view task_id,
                                                                  const gate::Caller& caller) = 0;
  // `responses` is an object of objects. Answers to what was not asked are ignored. False: the
  // caller has no such task.
  [[nodiscard]] virtual RpcResult<bool> update(std::string_view task_id, const gate::Caller& caller,
                                               const Json& responses) = 0;
  // Asks the task to stop and returns at once. False: the caller has no such task.
  [[nodiscard]] virtual RpcResult<bool> cancel(std::string_view task_id,
                                               const gate::Caller& caller) = 0;
};

// Lists are in a fixed order and depend on the caller only, never on the connection or on earlier
// calls; the library pages them. Members of capabilities that are not offered are never called.
//
// Threads: every member may be called from any thread.
class Offer {
 public:
  virtual ~Offer() = default;

  [[nodiscard]] virtual Capabilities capabilities() const = 0;
  [[nodiscard]] virtual ServerInfo server_info() const = 0;
  // One or two sentences for the model; empty: none.
  [[nodiscard]] virtual std::string instructions() const { return {}; }

  [[nodiscard]] virtual std::vector<std::shared_ptr<const Tool>> tools(
      const gate::Caller& /*caller*/) const {
    return {};
  }
  // Null when the caller has no such tool.
  [[nodiscard]] virtual std::shared_ptr<const Tool> tool(std::string_view /*name*/,
                                                         const gate::Caller& /*caller*/) const {
    return nullptr;
  }
  // The tool is one that tool() knows; its arguments are any object: bad ones are a ToolResult with
  // is_error, so that the model reads why. Runs on the calling thread until it returns.
  virtual void call_tool(ToolCall call, std::shared_ptr<Exchange> exchange);

  [[nodiscard]] virtual std::vector<Resource> resources(const gate::Caller& /*caller*/) const {
    return {};
  }
  [[nodiscard]] virtual std::vector<ResourceTemplate> resource_templates(
      const gate::Caller& /*caller*/) const {
    return {};
  }
  // An unknown URI ends with resource_not_found().
  virtual void read_resource(ResourceRead read, std::shared_ptr<Exchange> exchange);
  // Whether the caller may be told that this resource changed.
  [[nodiscard]] virtual bool may_watch(std::string_view /*uri*/,
                                       const gate::Caller& /*caller*/) const {
    return true;
  }

  [[nodiscard]] virtual std::vector<Prompt> prompts(const gate::Caller& /*caller*/) const {
    return {};
  }
  // The prompt is one of prompts(), and has its required arguments.
  virtual void get_prompt(PromptGet get, std::shared_ptr<Exchange> exchange);

  // Only values that the caller may see. Errors: invalid params for an unknown subject.
  [[nodiscard]] virtual RpcResult<Completion> complete(const CompletionRequest& request,
                                                       const gate::Caller& caller);

  // Empty when the caller's credential permits the operation; else all the scopes that one needs
  // for it, so that a client can ask for them at once. `subject` is a tool, a prompt, a URI, or
  // empty.
  [[nodiscard]] virtual std::vector<std::string> scopes_missing(
      std::string_view /*method*/, std::string_view /*subject*/,
      const gate::Caller& /*caller*/) const {
    return {};
  }

  [[nodiscard]] virtual TaskOffer* tasks() { return nullptr; }
  // Where this offer publishes what changes; null: nothing ever does.
  [[nodiscard]] virtual Changes* changes() { return nullptr; }
};

}  // namespace martgate::mcp
