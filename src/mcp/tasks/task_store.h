// Tasks in a file of their own: each change is on disk before anyone is told of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "mcp/owner.h"
#include "mcp/tasks/task.h"
#include "store/connection.h"

namespace martgate::mcp {

struct TaskLimits {
  std::size_t tasks_max = 10'000;
  std::size_t tasks_per_owner_max = 1'000;
  std::size_t inputs_per_task_max = 64;
  std::size_t outcome_bytes_max = 4U << 20U;
  // How long a task of a process that no longer says it is alive counts as being worked on.
  std::int64_t lease_ms = 30'000;
};

struct NewTask {
  std::string owner;
  std::string status_message = {};
  std::optional<std::int64_t> ttl_ms = std::int64_t{24} * 3'600 * 1'000;
  std::optional<std::int64_t> poll_interval_ms = 1'000;
  // Whether this process works on it, so that it fails when the process is gone; else it waits for
  // something that outlives processes, such as an approval.
  enum class Worker : std::uint8_t { ThisProcess, Outside };
  Worker worker = Worker::ThisProcess;
};

// Several processes may have the same file open; a task that another one works on can be read,
// answered and asked to stop from here.
//
// Errors   NotFound "unknown_task": no such task, expired, or another owner's, in the same words,
//          so that ids cannot be probed. FailedPrecondition: the task's state does not allow it.
//          ResourceExhausted: a limit. Unavailable: the disk; the change may be there or not.
// Threads  everything may be called from any thread.
class TaskStore {
 public:
  // Creates the file, for its owner's eyes only, when it is not there. Both outlive the store.
  // Errors also: PermissionDenied, the file can be read by others; FailedPrecondition, its format.
  [[nodiscard]] static Result<std::unique_ptr<TaskStore>> open(const std::filesystem::path& path,
                                                               const Clock& clock, IdSource& ids,
                                                               TaskLimits limits = {});

  [[nodiscard]] Result<Task> create(const NewTask& task);
  // A task of this owner. One whose process has stopped saying that it lives is failed first.
  [[nodiscard]] Result<Task> find(std::string_view owner, std::string_view id);

  // ---- for the owner's requests

  // Takes the answers to open questions and ignores every other key. The last one sets the task
  // working again; the task is returned as it is then. Values are JSON text.
  using Responses = std::map<std::string, std::string, std::less<>>;
  [[nodiscard]] Result<Task> answer(std::string_view owner, std::string_view id,
                                    const Responses& responses);
  // Asks the work to stop; what has ended stays as it is. A task that waits for answers is
  // cancelled at once, since nobody works on it.
  [[nodiscard]] Result<Task> request_cancel(std::string_view owner, std::string_view id);

  // ---- for whoever does the work

  [[nodiscard]] Result<Task> find_as_worker(std::string_view id);
  [[nodiscard]] Status ask(std::string_view id, std::span<const TaskInput> questions,
                           std::string_view status_message = {});
  // `result` and `error` are JSON text.
  [[nodiscard]] Status complete(std::string_view id, std::string_view result);
  [[nodiscard]] Status fail_task(std::string_view id, std::string_view error);
  [[nodiscard]] Status cancelled(std::string_view id);
  [[nodiscard]] Status set_message(std::string_view id, std::string_view status_message);

  // To be called every few seconds while this process works on tasks: renews what it holds, fails
  // what others have dropped, removes what has expired. Returns the number of removed tasks.
  [[nodiscard]] Result<std::int64_t> tend();

 private:
  TaskStore(store::Connection connection, const Clock& clock, IdSource& ids, TaskLimits limits);

  [[nodiscard]] std::int64_t now_ms() const;
  [[nodiscard]] Result<Task> load(std::string_view id);
  [[nodiscard]] Result<Task> load_for(std::string_view owner, std::string_view id);
  [[nodiscard]] Status load_inputs(Task& task);
  [[nodiscard]] Status room_for(std::string_view owner);
  [[nodiscard]] Status settle(std::string_view id, TaskEvent event, std::string_view outcome);
  [[nodiscard]] Status step(Task& task, TaskEvent event);
  [[nodiscard]] Result<bool> is_dropped(std::string_view id);
  [[nodiscard]] Status fail_dropped();

  const Clock& clock_;
  IdSource& ids_;
  const TaskLimits limits_;
  const std::string holder_;  // this opening of the file
  std::mutex mutex_;
  store::Connection connection_;
};

}  // namespace martgate::mcp
