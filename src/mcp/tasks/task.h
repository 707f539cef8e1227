// A task: a tool call that is answered with a handle and finishes later. Its life as a table.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

namespace martgate::mcp {

enum class TaskState : std::uint8_t { Working, InputRequired, Completed, Failed, Cancelled };

enum class TaskEvent : std::uint8_t {
  Ask,       // the work needs answers
  Answered,  // the last open question was answered
  Complete,  // the call has a result, good or bad
  Fail,      // the call ended in a JSON-RPC error
  Cancel,    // the work stopped because it was asked to
};

struct TaskRow {
  TaskState from;
  TaskEvent event;
  TaskState to;
};

// A pair that is not here is refused: what has ended stays as it is.
inline constexpr std::array kTaskRows{
    TaskRow{TaskState::Working, TaskEvent::Ask, TaskState::InputRequired},
    TaskRow{TaskState::Working, TaskEvent::Complete, TaskState::Completed},
    TaskRow{TaskState::Working, TaskEvent::Fail, TaskState::Failed},
    TaskRow{TaskState::Working, TaskEvent::Cancel, TaskState::Cancelled},
    TaskRow{TaskState::InputRequired, TaskEvent::Ask, TaskState::InputRequired},
    TaskRow{TaskState::InputRequired, TaskEvent::Answered, TaskState::Working},
    TaskRow{TaskState::InputRequired, TaskEvent::Fail, TaskState::Failed},
    TaskRow{TaskState::InputRequired, TaskEvent::Cancel, TaskState::Cancelled},
};

[[nodiscard]] constexpr std::optional<TaskState> task_step(TaskState state, TaskEvent event) {
  const auto* row = std::ranges::find_if(
      kTaskRows, [=](TaskRow r) { return r.from == state && r.event == event; });
  if (row == kTaskRows.end()) return std::nullopt;
  return row->to;
}

[[nodiscard]] constexpr bool is_final(TaskState state) {
  return std::ranges::none_of(kTaskRows, [=](TaskRow row) { return row.from == state; });
}
static_assert(is_final(TaskState::Completed) && is_final(TaskState::Failed) &&
              is_final(TaskState::Cancelled) && !is_final(TaskState::InputRequired));

// A question to the client of a task and, once it is there, its answer. JSON text.
struct TaskInput {
  std::string key;       // unique in the life of the task
  std::string request;   // {"method":…,"params":…}
  std::string response;  // empty while open
};

struct Task {
  std::string id;     // "task_" + 32 hex digits
  std::string owner;  // who may see it, see owner_text()
  TaskState state = TaskState::Working;
  std::string status_message;  // for people; may be empty
  WallTime created_at;
  WallTime updated_at;
  std::optional<std::int64_t> ttl_ms;  // from creation; none: kept for ever
  std::optional<std::int64_t> poll_interval_ms;
  bool cancel_requested = false;
  std::vector<TaskInput> inputs;  // in the order they were asked
  std::string outcome;            // the result when completed, the error when failed; JSON text
};

}  // namespace martgate::mcp
