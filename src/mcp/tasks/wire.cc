#include "mcp/tasks/wire.h"

#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/clock.h"

namespace martgate::mcp::tasks_wire {
namespace {

constexpr const char* kResponses = "inputResponses";

void write_optional(JsonWriter& writer, std::string_view name,
                    const std::optional<std::int64_t>& number) {
  writer.key(name);
  if (number) {
    writer.integer(*number);
  } else {
    writer.null();
  }
}

void write_open_inputs(JsonWriter& writer, const Task& task) {
  writer.key("inputRequests").begin_object();
  for (const TaskInput& input : task.inputs) {
    if (input.response.empty()) writer.key(input.key).raw(input.request);
  }
  writer.end_object();
}

}  // namespace

std::string_view status_name(TaskState state) {
  switch (state) {
    case TaskState::Working:
      return "working";
    case TaskState::InputRequired:
      return "input_required";
    case TaskState::Completed:
      return "completed";
    case TaskState::Failed:
      return "failed";
    case TaskState::Cancelled:
      return "cancelled";
  }
  MARTGATE_CHECK(false);
}

bool is_declared(const Json* client_capabilities) {
  if (client_capabilities == nullptr || !client_capabilities->is_object()) return false;
  const auto extensions = client_capabilities->find("extensions");
  if (extensions == client_capabilities->end() || !extensions->is_object()) return false;
  const auto tasks = extensions->find(kExtension);
  return tasks != extensions->end() && tasks->is_object();
}

std::string required_capabilities() {
  std::string text;
  JsonWriter(text)
      .begin_object()
      .key("extensions")
      .begin_object()
      .key(kExtension)
      .begin_object()
      .end_object()
      .end_object()
      .end_object();
  return text;
}

void write_members(JsonWriter& writer, const Task& task) {
  writer.field("taskId", task.id).field("status", status_name(task.state));
  if (!task.status_message.empty()) writer.field("statusMessage", task.status_message);
  writer.field("createdAt", to_rfc3339(task.created_at));
  writer.field("lastUpdatedAt", to_rfc3339(task.updated_at));
  write_optional(writer, "ttlMs", task.ttl_ms);
  if (task.poll_interval_ms) writer.field("pollIntervalMs", *task.poll_interval_ms);
}

void write_details(JsonWriter& writer, const Task& task) {
  write_members(writer, task);
  switch (task.state) {
    case TaskState::InputRequired:
      write_open_inputs(writer, task);
      break;
    case TaskState::Completed:
      writer.key("result").raw(task.outcome);
      break;
    case TaskState::Failed:
      writer.key("error").raw(task.outcome);
      break;
    case TaskState::Working:
    case TaskState::Cancelled:
      break;
  }
}

Result<std::string> task_id_of(const Json* params) {
  const auto refused = [] { return fail(Code::InvalidArgument, "params.taskId must be a string"); };
  if (params == nullptr) return refused();
  const auto id = params->find(kTaskIdParam);
  if (id == params->end() || !id->is_string()) return refused();
  return id->get<std::string>();
}

Result<TaskStore::Responses> responses_of(const Json* params) {
  const auto refused = [] {
    return fail(Code::InvalidArgument, "params.inputResponses must be an object of objects");
  };
  if (params == nullptr) return refused();
  const auto found = params->find(kResponses);
  if (found == params->end() || !found->is_object()) return refused();
  TaskStore::Responses responses;
  for (const auto& [key, response] : found->items()) {
    if (!response.is_object()) return refused();
    responses.emplace(key, response.dump());
  }
  return responses;
}

}  // namespace martgate::mcp::tasks_wire
