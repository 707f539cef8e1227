#include "fixture_offer.h"

#include <algorithm>
#include <utility>

namespace martgate::conformance {

FixtureOffer::FixtureOffer(mcp::TaskRunner& tasks, mcp::Changes& changes)
    : tasks_(tasks), changes_(changes) {
  add_content_tools(tools_);
  add_flow_tools(tools_, changes_);
  add_asking_tools(tools_);
  add_task_tools(tools_, tasks_);
}

mcp::Capabilities FixtureOffer::capabilities() const {
  return {.tools = true,
          .tools_list_changed = true,
          .resources = true,
          .resources_list_changed = true,
          .resources_subscribe = true,
          .prompts = true,
          .prompts_list_changed = true,
          .completions = true,
          .logging = true,
          .tasks = true};
}

mcp::ServerInfo FixtureOffer::server_info() const {
  return {"martgate-conformance", "1"};
}

std::string FixtureOffer::instructions() const {
  return "A server for tests: every tool does what its name says.";
}

std::vector<std::shared_ptr<const mcp::Tool>> FixtureOffer::tools(
    const gate::Caller& /*caller*/) const {
  std::vector<std::shared_ptr<const mcp::Tool>> listed;
  for (const FixtureTool& tool : tools_) listed.push_back(tool.tool);
  return listed;
}

const FixtureTool* FixtureOffer::find(std::string_view name) const {
  const auto found = std::ranges::find_if(
      tools_, [&](const FixtureTool& tool) { return tool.tool->name() == name; });
  return found == tools_.end() ? nullptr : &*found;
}

std::shared_ptr<const mcp::Tool> FixtureOffer::tool(std::string_view name,
                                                    const gate::Caller& /*caller*/) const {
  const FixtureTool* found = find(name);
  return found == nullptr ? nullptr : found->tool;
}

void FixtureOffer::call_tool(mcp::ToolCall call, std::shared_ptr<mcp::Exchange> exchange) {
  find(call.name)->run(call, exchange);
}

}  // namespace martgate::conformance
