// Tools of the fixture: what is listed of each, and what runs when it is called.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "mcp/changes.h"
#include "mcp/offer.h"
#include "mcp/tasks/task_runner.h"

namespace martgate::conformance {

using RunTool =
    std::function<void(const mcp::ToolCall& call, const std::shared_ptr<mcp::Exchange>& exchange)>;

struct FixtureTool {
  std::shared_ptr<const mcp::Tool> tool;
  RunTool run;
};
using FixtureTools = std::vector<FixtureTool>;

// Stops the program when the library would not take the tool.
void add_tool(FixtureTools& tools, mcp::ToolSpec spec, RunTool run);

// Reads only, changes nothing; `input_schema` is JSON text.
[[nodiscard]] mcp::ToolSpec reading(std::string name, std::string description,
                                    std::string input_schema);

[[nodiscard]] mcp::ToolResult text_result(std::string text);

// The argument as text, or what stands in for it when it is absent or no string.
[[nodiscard]] std::string text_argument(const mcp::ToolCall& call, const char* name,
                                        std::string otherwise);
[[nodiscard]] double number_argument(const mcp::ToolCall& call, const char* name, double otherwise);

// The pause that a scenario asks for between two messages. False as soon as nobody wants more.
[[nodiscard]] bool pause(const std::stop_token& stop, std::chrono::milliseconds time);

// One file each.
void add_content_tools(FixtureTools& tools);
void add_flow_tools(FixtureTools& tools, mcp::Changes& changes);
void add_asking_tools(FixtureTools& tools);
void add_task_tools(FixtureTools& tools, mcp::TaskRunner& tasks);

}  // namespace martgate::conformance
