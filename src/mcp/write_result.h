// Outcomes as answers: one internal result, written as the revision of the request wants it.
#pragma once

#include <string>

#include "mcp/answer.h"
#include "mcp/outcome.h"

namespace martgate::mcp {

[[nodiscard]] std::string tool_message(const Frame& frame, const ToolResult& result);
[[nodiscard]] std::string read_message(const Frame& frame, const ReadResult& result);
[[nodiscard]] std::string prompt_message(const Frame& frame, const PromptResult& result);
[[nodiscard]] std::string task_message(const Frame& frame, const TaskCreated& task);

// The result object that tools/call would have had, as a task keeps it: modern, without what
// belongs to one answer.
[[nodiscard]] std::string tool_result_json(const ToolResult& result);

}  // namespace martgate::mcp
