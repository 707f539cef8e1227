// Work behind tasks: bodies on threads of their own, and what their owners ask of them meanwhile.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <variant>

#include "base/result.h"
#include "mcp/input_request.h"
#include "mcp/offer.h"
#include "mcp/tasks/task_store.h"

namespace martgate::mcp {

class TaskRunner;

// A task as its body sees it. Used by the thread of the body alone.
class TaskWork {
 public:
  // Stop requested: the owner wants no result any more, or the process ends.
  [[nodiscard]] std::stop_token stop() const;
  // False as soon as the task is to stop, true when the time is over.
  [[nodiscard]] bool wait(std::chrono::milliseconds time);
  // Asks the client and waits until every question has its answer, as JSON text by key. Nothing
  // when the task is to stop before. Keys are never used twice in the life of a task.
  // Errors: those of TaskStore::ask.
  [[nodiscard]] Result<std::optional<TaskStore::Responses>> ask(
      std::span<const InputRequest> questions, std::string_view status_message = {});
  // How far it is, for people.
  [[nodiscard]] Status say(std::string_view status_message);

 private:
  friend class TaskRunner;
  struct Running;
  TaskWork(TaskRunner& runner, std::shared_ptr<Running> running);

  TaskRunner& runner_;
  std::shared_ptr<Running> running_;
};

struct TaskDone {
  std::string result;  // what the tool call would have answered: JSON object text
};
struct TaskStopped {};  // it stopped because it was asked to, and has no result
using TaskEnd = std::variant<TaskDone, TaskStopped, RpcError>;
using TaskBody = std::function<TaskEnd(TaskWork&)>;

struct TaskRunnerOptions {
  std::size_t running_max = 64;
  // Between two looks at what other processes asked of tasks, and at time limits.
  std::int64_t tend_ms = 1'000;
};

// Threads  everything may be called from any thread. One thread for each running task and one more.
class TaskRunner final : public TaskOffer {
 public:
  // The store and the hub outlive the runner; without a hub nobody is told of changes.
  TaskRunner(TaskStore& store, Changes* changes, TaskRunnerOptions options = {});
  // Asks every body to stop and waits for it. Tasks that end so have failed, since nobody asked for
  // it.
  ~TaskRunner() override;
  TaskRunner(const TaskRunner&) = delete;
  TaskRunner& operator=(const TaskRunner&) = delete;

  // The members of the new task for TaskCreated; it is durable and `body` runs.
  // Errors: ResourceExhausted when running_max bodies run, and those of TaskStore::create.
  [[nodiscard]] Result<std::string> start(NewTask task, TaskBody body);

  [[nodiscard]] RpcResult<std::optional<std::string>> get(std::string_view task_id,
                                                          const gate::Caller& caller) override;
  [[nodiscard]] RpcResult<bool> update(std::string_view task_id, const gate::Caller& caller,
                                       const Json& responses) override;
  [[nodiscard]] RpcResult<bool> cancel(std::string_view task_id,
                                       const gate::Caller& caller) override;

 private:
  friend class TaskWork;
  using Running = TaskWork::Running;

  void run(const std::shared_ptr<Running>& running, const TaskBody& body);
  [[nodiscard]] Status settle(const Running& running, const TaskEnd& end);
  void tend(const std::stop_token& stop);
  void look_at_running();
  void publish(const Task& task);
  void publish(std::string_view id);
  [[nodiscard]] std::shared_ptr<Running> running_named(std::string_view id);

  TaskStore& store_;
  Changes* const changes_;
  const TaskRunnerOptions options_;
  std::mutex mutex_;
  std::condition_variable_any tend_due_;
  std::map<std::string, std::shared_ptr<Running>, std::less<>> running_;
  std::jthread tender_;  // last: it ends first
};

}  // namespace martgate::mcp
