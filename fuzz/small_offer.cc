#include "small_offer.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/check.h"

namespace martgate::fuzz {

using namespace mcp;

SmallOffer::SmallOffer() {
  constexpr const char* kSchema =
      R"({"type":"object","properties":{"region":{"type":"string","x-mcp-header":"Region"}}})";
  for (const char* name : {"echo", "fail", "report", "ask"}) {
    auto tool =
        Tool::make({.name = name, .description = "For the fuzzer.", .input_schema = kSchema});
    MARTGATE_CHECK(tool.has_value());
    tools_.push_back(std::move(*tool));
  }
}

void SmallOffer::publish_everything() {
  for (const auto kind : {Change::Kind::Tools, Change::Kind::Prompts, Change::Kind::Resources}) {
    changes_.publish({kind});
  }
  changes_.publish({Change::Kind::Resource, "note://one"});
}

Capabilities SmallOffer::capabilities() const {
  Capabilities all;
  all.tools = all.tools_list_changed = true;
  all.resources = all.resources_list_changed = all.resources_subscribe = true;
  all.prompts = all.prompts_list_changed = true;
  all.completions = all.logging = true;
  return all;
}

std::vector<std::shared_ptr<const Tool>> SmallOffer::tools(const gate::Caller& /*caller*/) const {
  return tools_;
}

std::shared_ptr<const Tool> SmallOffer::tool(std::string_view name,
                                             const gate::Caller& /*caller*/) const {
  for (const auto& tool : tools_) {
    if (tool->name() == name) return tool;
  }
  return nullptr;
}

void SmallOffer::call_tool(ToolCall call, std::shared_ptr<Exchange> exchange) {
  ++tools_called_;
  if (call.name == "fail") return exchange->finish(tool_failure("no"));
  if (call.name == "ask" && exchange->response("name") == nullptr) {
    InputRequired input;
    input.requests.push_back(elicit_form(
        "name", "Who?", R"({"type":"object","properties":{"name":{"type":"string"}}})"));
    input.state = std::make_shared<const Json>(Json{{"step", 1}});
    return exchange->finish(std::move(input));
  }
  if (call.name == "report") {
    exchange->progress(1, 2, "half");
    exchange->log(LogLevel::Info, "fuzz", R"({"line":"one"})");
  }
  ToolResult result;
  result.content.push_back(text_content(call.arguments->dump()));
  exchange->finish(std::move(result));
}

std::vector<Resource> SmallOffer::resources(const gate::Caller& /*caller*/) const {
  return {{.uri = "note://one", .name = "one"}};
}

std::vector<ResourceTemplate> SmallOffer::resource_templates(const gate::Caller& /*caller*/) const {
  return {{.uri_template = "note://{name}", .name = "note"}};
}

void SmallOffer::read_resource(ResourceRead read, std::shared_ptr<Exchange> exchange) {
  ++things_read_;
  if (read.uri != "note://one") return exchange->finish(resource_not_found(read.uri));
  ReadResult result;
  result.contents.push_back({read.uri, "text/plain", "one", ResourceContents::Form::Text});
  exchange->finish(std::move(result));
}

std::vector<Prompt> SmallOffer::prompts(const gate::Caller& /*caller*/) const {
  return {
      {.name = "greet", .description = "", .arguments = {{.name = "who", .is_required = true}}}};
}

void SmallOffer::get_prompt(PromptGet get, std::shared_ptr<Exchange> exchange) {
  ++things_read_;
  MARTGATE_CHECK(get.name == "greet" && get.arguments.contains("who"));
  PromptResult result;
  result.messages.push_back({PromptMessage::Role::User, text_content(get.arguments.at("who"))});
  exchange->finish(std::move(result));
}

RpcResult<Completion> SmallOffer::complete(const CompletionRequest& request,
                                           const gate::Caller& /*caller*/) {
  if (request.argument != "who" && request.argument != "name") {
    return tl::unexpected(invalid_params("unknown argument"));
  }
  return Completion{.values = {"one", "other"}};
}

}  // namespace martgate::fuzz
