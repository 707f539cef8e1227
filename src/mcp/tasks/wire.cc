#include "mcp/tasks/wire.h"

#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/clock.h"
#include "base/json_writer.h"
#include "mcp/client_capabilities.h"

namespace martgate::mcp::tasks_wire {
namespace {

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

template <class WriteMore>
std::string text_of(const Task& task, WriteMore write_more) {
  std::string text;
  JsonWriter writer(text);
  writer.begin_object().field("taskId", task.id).field("status", status_name(task.state));
  if (!task.status_message.empty()) writer.field("statusMessage", task.status_message);
  writer.field("createdAt", to_rfc3339(task.created_at));
  writer.field("lastUpdatedAt", to_rfc3339(task.updated_at));
  write_optional(writer, "ttlMs", task.ttl_ms);
  if (task.poll_interval_ms) writer.field("pollIntervalMs", *task.poll_interval_ms);
  write_more(writer);
  writer.end_object();
  return text.substr(1, text.size() - 2);
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

std::string required_capabilities() {
  std::string text;
  JsonWriter(text)
      .begin_object()
      .key("extensions")
      .begin_object()
      .key(kTasksExtension)
      .begin_object()
      .end_object()
      .end_object()
      .end_object();
  return text;
}

std::string members_text(const Task& task) {
  return text_of(task, [](JsonWriter& /*writer*/) {});
}

std::string details_text(const Task& task) {
  return text_of(task, [&](JsonWriter& writer) {
    if (task.state == TaskState::InputRequired) write_open_inputs(writer, task);
    if (task.state == TaskState::Completed) writer.key("result").raw(task.outcome);
    if (task.state == TaskState::Failed) writer.key("error").raw(task.outcome);
  });
}

TaskInput input_of(const InputRequest& question) {
  TaskInput input{question.key, {}, {}};
  JsonWriter(input.request)
      .begin_object()
      .field("method", method_of(question.kind))
      .key("params")
      .raw(question.params)
      .end_object();
  return input;
}

std::string error_text(const RpcError& error) {
  std::string text;
  JsonWriter writer(text);
  writer.begin_object().field("code", error.code).field("message", error.message);
  if (!error.data.empty()) writer.key("data").raw(error.data);
  writer.end_object();
  return text;
}

}  // namespace martgate::mcp::tasks_wire
