// The tasks extension as it stands on the wire. The extension is a draft: its names and shapes are
// in this file and its .cc and nowhere else.
// Source: io.modelcontextprotocol/tasks, SEP-2663 and modelcontextprotocol/ext-tasks, draft.
#pragma once

#include <string>
#include <string_view>

#include "base/json_writer.h"
#include "json/json_fwd.h"
#include "mcp/rpc_error.h"
#include "mcp/tasks/task.h"
#include "mcp/tasks/task_store.h"

namespace martgate::mcp::tasks_wire {

inline constexpr std::string_view kExtension = "io.modelcontextprotocol/tasks";
inline constexpr std::string_view kGet = "tasks/get";
inline constexpr std::string_view kUpdate = "tasks/update";
inline constexpr std::string_view kCancel = "tasks/cancel";
inline constexpr std::string_view kNotification = "notifications/tasks";
inline constexpr std::string_view kTaskIdParam = "taskId";   // what Mcp-Name repeats
inline constexpr std::string_view kListenParam = "taskIds";  // of subscriptions/listen
inline constexpr std::string_view kCreatedResultType = "task";

[[nodiscard]] std::string_view status_name(TaskState state);

// Whether a request's clientCapabilities name the extension; null when it has none.
[[nodiscard]] bool is_declared(const Json* client_capabilities);
// The value of data.requiredCapabilities of the refusal of a request that does not.
[[nodiscard]] std::string required_capabilities();

// taskId, status, statusMessage, createdAt, lastUpdatedAt, ttlMs, pollIntervalMs into an open
// object: all there is in the answer to tools/call.
void write_members(JsonWriter& writer, const Task& task);
// The same and, by status, inputRequests, result or error: tasks/get and the notification.
void write_details(JsonWriter& writer, const Task& task);

// Errors: InvalidArgument.
[[nodiscard]] Result<std::string> task_id_of(const Json* params);
// Each response as JSON text. Errors: InvalidArgument when they are not an object of objects.
[[nodiscard]] Result<TaskStore::Responses> responses_of(const Json* params);

}  // namespace martgate::mcp::tasks_wire
