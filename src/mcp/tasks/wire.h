// The shapes of the tasks extension on the wire. The extension is a draft: what its task objects
// look like is decided in this file's .cc and nowhere else. Source: io.modelcontextprotocol/tasks,
// SEP-2663 and modelcontextprotocol/ext-tasks, draft.
#pragma once

#include <string>
#include <string_view>

#include "json/json_fwd.h"
#include "mcp/input_request.h"
#include "mcp/rpc_error.h"
#include "mcp/tasks/task.h"

namespace martgate::mcp::tasks_wire {

[[nodiscard]] std::string_view status_name(TaskState state);

// What a request must declare, as the value of data.requiredCapabilities.
[[nodiscard]] std::string required_capabilities();

// Members of an object, without its braces: taskId, status, statusMessage, createdAt,
// lastUpdatedAt, ttlMs, pollIntervalMs. All there is in the answer to tools/call.
[[nodiscard]] std::string members_text(const Task& task);
// The same and, by status, inputRequests, result or error: tasks/get and the notification.
[[nodiscard]] std::string details_text(const Task& task);

// {"method":…,"params":…} under the question's key.
[[nodiscard]] TaskInput input_of(const InputRequest& question);
// {"code":…,"message":…,"data":…}
[[nodiscard]] std::string error_text(const RpcError& error);

}  // namespace martgate::mcp::tasks_wire
