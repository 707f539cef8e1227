// An offer whose handlers the test writes, and a server over it with the clock in the test's hand.
#pragma once

#include <doctest/doctest.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "mcp/offer.h"
#include "mcp/replies.h"
#include "mcp/server.h"

namespace martgate::mcp {

class HandClock final : public Clock {
 public:
  [[nodiscard]] WallTime now() const override {
    return WallTime(std::chrono::milliseconds(at_ms_.load()));
  }
  [[nodiscard]] std::int64_t monotonic_ns() const override { return at_ms_ * 1'000'000; }
  void advance_ms(std::int64_t ms) { at_ms_ += ms; }

 private:
  std::atomic<std::int64_t> at_ms_ = 0;
};

class FakeOffer final : public Offer, public TaskOffer {
 public:
  using ToolHandler = std::function<void(const ToolCall&, const std::shared_ptr<Exchange>&)>;

  Capabilities offered = {.tools = true,
                          .tools_list_changed = true,
                          .resources = true,
                          .resources_list_changed = true,
                          .resources_subscribe = true,
                          .prompts = true,
                          .prompts_list_changed = true,
                          .completions = true,
                          .logging = true,
                          .tasks = true};
  std::vector<Resource> resource_list = {
      {.uri = "test://a", .name = "a", .title = "A", .mime_type = "text/plain"},
      {.uri = "test://b", .name = "b", .size_bytes = 3}};
  std::vector<ResourceTemplate> template_list = {{.uri_template = "test://{name}", .name = "any"}};
  std::vector<Prompt> prompt_list = {
      {.name = "greet",
       .title = "Greet",
       .description = "Says hello.",
       .arguments = {{.name = "who", .is_required = true}, {.name = "tone"}}}};
  ToolHandler on_read;    // with the URI as its name
  ToolHandler on_prompt;  // with the prompt's name
  std::map<std::string, std::vector<std::string>> scopes;
  std::map<std::string, std::pair<std::string, std::string>> owned_tasks;  // id: owner, members
  std::vector<std::string> task_requests;
  Changes hub;

  void add_tool(ToolSpec spec, ToolHandler handler) {
    if (spec.input_schema.empty()) spec.input_schema = R"({"type":"object"})";
    const std::string name = spec.name;
    auto tool = Tool::make(std::move(spec));
    REQUIRE(tool);
    tools_.push_back(*tool);
    handlers_[name] = std::move(handler);
  }
  void add_tool(const std::string& name, ToolHandler handler) {
    add_tool({.name = name, .description = "d", .input_schema = {}}, std::move(handler));
  }

  [[nodiscard]] Capabilities capabilities() const override { return offered; }
  [[nodiscard]] ServerInfo server_info() const override { return {"fake", "1"}; }
  [[nodiscard]] std::vector<std::shared_ptr<const Tool>> tools(
      const gate::Caller& /*caller*/) const override {
    return tools_;
  }
  [[nodiscard]] std::shared_ptr<const Tool> tool(std::string_view name,
                                                 const gate::Caller& /*caller*/) const override {
    for (const auto& tool : tools_) {
      if (tool->name() == name) return tool;
    }
    return nullptr;
  }
  void call_tool(ToolCall call, std::shared_ptr<Exchange> exchange) override {
    handlers_.at(call.name)(call, exchange);
  }
  [[nodiscard]] std::vector<Resource> resources(const gate::Caller& /*caller*/) const override {
    return resource_list;
  }
  [[nodiscard]] std::vector<ResourceTemplate> resource_templates(
      const gate::Caller& /*caller*/) const override {
    return template_list;
  }
  void read_resource(ResourceRead read, std::shared_ptr<Exchange> exchange) override {
    if (on_read) return on_read({read.uri, nullptr, {}}, exchange);
    if (!read.uri.starts_with("test://")) return exchange->finish(resource_not_found(read.uri));
    exchange->finish(ReadResult{{{.uri = read.uri, .mime_type = "text/plain", .body = "body"}}});
  }
  [[nodiscard]] bool may_watch(std::string_view uri,
                               const gate::Caller& /*caller*/) const override {
    return uri != "test://secret";
  }
  [[nodiscard]] std::vector<Prompt> prompts(const gate::Caller& /*caller*/) const override {
    return prompt_list;
  }
  void get_prompt(PromptGet get, std::shared_ptr<Exchange> exchange) override {
    if (on_prompt) return on_prompt({get.name, nullptr, {}}, exchange);
    exchange->finish(PromptResult{
        "d", {{PromptMessage::Role::User, text_content("Greet " + get.arguments.at("who"))}}});
  }
  [[nodiscard]] RpcResult<Completion> complete(const CompletionRequest& request,
                                               const gate::Caller& /*caller*/) override {
    if (request.subject == "nobody") return tl::unexpected(invalid_params("unknown reference"));
    Completion completion;
    for (int i = 0; i < 150; ++i) completion.values.push_back(request.value + std::to_string(i));
    completion.total = 150;
    return completion;
  }
  [[nodiscard]] std::vector<std::string> scopes_missing(
      std::string_view /*method*/, std::string_view subject,
      const gate::Caller& /*caller*/) const override {
    const auto found = scopes.find(std::string(subject));
    return found == scopes.end() ? std::vector<std::string>() : found->second;
  }
  [[nodiscard]] TaskOffer* tasks() override { return this; }
  [[nodiscard]] Changes* changes() override { return &hub; }

  [[nodiscard]] RpcResult<std::optional<std::string>> get(std::string_view task_id,
                                                          const gate::Caller& caller) override {
    const auto found = owned_tasks.find(std::string(task_id));
    if (found == owned_tasks.end() || found->second.first != caller.principal) {
      return std::optional<std::string>();
    }
    return std::optional<std::string>(found->second.second);
  }
  [[nodiscard]] RpcResult<bool> update(std::string_view task_id, const gate::Caller& caller,
                                       const Json& responses) override {
    task_requests.push_back("update " + responses.dump());
    return get(task_id, caller)->has_value();
  }
  [[nodiscard]] RpcResult<bool> cancel(std::string_view task_id,
                                       const gate::Caller& caller) override {
    task_requests.push_back("cancel");
    return get(task_id, caller)->has_value();
  }

 private:
  std::vector<std::shared_ptr<const Tool>> tools_;
  std::map<std::string, ToolHandler> handlers_;
};

inline ToolResult said(std::string text) {
  ToolResult result;
  result.content.push_back(text_content(std::move(text)));
  return result;
}

struct OfferBench {
  HandClock clock;
  SeededIds ids{1};
  FakeOffer offer;
  ServerOptions options = {.key = MacKey{1, 2, 3}, .beat_ms = 0};
  std::unique_ptr<Server> made;
  gate::Caller caller;

  // Made at its first use, so that a test can say what is offered before.
  Server& server() {
    if (made == nullptr) made = std::make_unique<Server>(offer, clock, ids, options);
    return *made;
  }

  using Headers = std::map<std::string, std::string>;
  std::shared_ptr<KeptReply> http(std::string_view method, const std::string& body,
                                  const Headers& headers) {
    HttpHead head;
    head.method = method;
    head.caller = caller;
    const auto field = [&](const char* name) -> std::optional<std::string_view> {
      const auto found = headers.find(name);
      if (found == headers.end()) return std::nullopt;
      return found->second;
    };
    head.content_type = field("Content-Type").value_or("application/json");
    head.accept.push_back(field("Accept").value_or("application/json, text/event-stream"));
    head.protocol_version = field("MCP-Protocol-Version");
    head.rpc_method = field("Mcp-Method");
    head.name = field("Mcp-Name");
    head.session_id = field("Mcp-Session-Id");
    head.last_event_id = field("Last-Event-ID");
    for (const auto& [name, value] : headers) {
      if (name.starts_with("Mcp-Param-")) head.params.emplace_back(name, value);
    }
    auto reply = std::make_shared<KeptReply>();
    server().handle_http(head, body, reply);
    return reply;
  }

  // A modern request with the headers that belong to it. `params` lacks its `_meta`.
  std::shared_ptr<KeptReply> modern(const std::string& method, nlohmann::json params,
                                    const nlohmann::json& capabilities = nlohmann::json::object(),
                                    Headers more = {}, const nlohmann::json& id = 7) {
    auto& meta = params["_meta"];
    meta["io.modelcontextprotocol/protocolVersion"] = "2026-07-28";
    meta["io.modelcontextprotocol/clientCapabilities"] = capabilities;
    more.emplace("MCP-Protocol-Version", "2026-07-28");
    more.emplace("Mcp-Method", method);
    for (const char* key : {"name", "uri", "taskId"}) {
      if (params.contains(key) && params[key].is_string()) {
        more.emplace("Mcp-Name", params[key].get<std::string>());
      }
    }
    const nlohmann::json message = {
        {"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", params}};
    return http("POST", message.dump(), more);
  }

  // The id of a new, initialized session.
  std::string session(const std::string& revision, const nlohmann::json& capabilities) {
    const nlohmann::json message = {
        {"jsonrpc", "2.0"},
        {"id", 1},
        {"method", "initialize"},
        {"params", {{"protocolVersion", revision}, {"capabilities", capabilities}}}};
    const HttpAnswer answer = http("POST", message.dump(), {})->answer();
    REQUIRE(answer.status == 200);
    REQUIRE(answer.headers.size() == 1);
    std::string id = answer.headers[0].second;
    http("POST", R"({"jsonrpc":"2.0","method":"notifications/initialized"})",
         {{"Mcp-Session-Id", id}});
    return id;
  }
  std::shared_ptr<KeptReply> legacy(const std::string& session, const std::string& method,
                                    const nlohmann::json& params, const nlohmann::json& id = 7) {
    const nlohmann::json message = {
        {"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", params}};
    return http("POST", message.dump(), {{"Mcp-Session-Id", session}});
  }
  // What a client posts that answers a request of ours.
  std::shared_ptr<KeptReply> respond(const std::string& session, const nlohmann::json& id,
                                     const nlohmann::json& result) {
    const nlohmann::json message = {{"jsonrpc", "2.0"}, {"id", id}, {"result", result}};
    return http("POST", message.dump(), {{"Mcp-Session-Id", session}});
  }
};

inline nlohmann::json body_of(const KeptReply& reply) {
  return nlohmann::json::parse(reply.answer().body);
}

// The n-th message of an event stream.
inline nlohmann::json message_of(const KeptReply& reply, std::size_t at) {
  const auto messages = reply.messages();
  REQUIRE(messages.size() > at);
  return nlohmann::json::parse(messages[at]);
}

}  // namespace martgate::mcp
