#include "mcp/tasks/task_runner.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "mcp/owner.h"
#include "mcp/tasks/wire.h"
#include "mcp/wire.h"

namespace martgate::mcp {

struct TaskWork::Running {
  std::string id;
  std::stop_source stop;
  std::mutex mutex;
  std::condition_variable_any changed;
  bool has_news = false;  // since the body last looked
  bool is_shutdown = false;
  bool is_over = false;
  std::jthread thread;

  void tell() {
    {
      const std::lock_guard lock(mutex);
      has_news = true;
    }
    changed.notify_all();
  }
};

// ---- the body's view

TaskWork::TaskWork(TaskRunner& runner, std::shared_ptr<Running> running)
    : runner_(runner), running_(std::move(running)) {}

std::stop_token TaskWork::stop() const {
  return running_->stop.get_token();
}

bool TaskWork::wait(std::chrono::milliseconds time) {
  std::unique_lock lock(running_->mutex);
  running_->changed.wait_for(lock, stop(), time, [] { return false; });
  return !stop().stop_requested();
}

Status TaskWork::say(std::string_view status_message) {
  auto said = runner_.store_.set_message(running_->id, status_message);
  if (said) runner_.publish(running_->id);
  return said;
}

Result<std::optional<TaskStore::Responses>> TaskWork::ask(std::span<const InputRequest> questions,
                                                          std::string_view status_message) {
  std::vector<TaskInput> inputs;
  for (const InputRequest& question : questions) inputs.push_back(tasks_wire::input_of(question));
  if (auto asked = runner_.store_.ask(running_->id, inputs, status_message); !asked) {
    return tl::unexpected(asked.error());
  }
  runner_.publish(running_->id);
  while (!stop().stop_requested()) {
    auto task = runner_.store_.find_as_worker(running_->id);
    if (!task) return tl::unexpected(task.error());
    if (is_final(task->state)) break;
    if (task->state == TaskState::Working) {
      TaskStore::Responses responses;
      for (const InputRequest& question : questions) {
        const auto input = std::ranges::find(task->inputs, question.key, &TaskInput::key);
        if (input != task->inputs.end()) responses.emplace(input->key, input->response);
      }
      return responses;
    }
    std::unique_lock lock(running_->mutex);
    running_->changed.wait(lock, stop(), [this] { return running_->has_news; });
    running_->has_news = false;
  }
  return std::optional<TaskStore::Responses>();
}

// ---- the runner

TaskRunner::TaskRunner(TaskStore& store, Changes* changes, TaskRunnerOptions options)
    : store_(store),
      changes_(changes),
      options_(options),
      tender_([this](const std::stop_token& stop) { tend(stop); }) {}

TaskRunner::~TaskRunner() {
  tender_.request_stop();
  tender_.join();
  for (auto& [id, running] : running_) {
    {
      const std::lock_guard lock(running->mutex);
      running->is_shutdown = true;
    }
    running->stop.request_stop();
  }
  for (auto& [id, running] : running_) running->thread.join();
}

Result<std::string> TaskRunner::start(NewTask task, TaskBody body) {
  const std::lock_guard lock(mutex_);
  std::erase_if(running_, [](const auto& entry) {
    {
      const std::lock_guard state(entry.second->mutex);
      if (!entry.second->is_over) return false;
    }
    entry.second->thread.join();  // at its last step; it must not be the one who lets go last
    return true;
  });
  if (running_.size() >= options_.running_max) {
    return fail(Code::ResourceExhausted,
                fmt::format("{} tasks run already, more are not taken", running_.size()),
                {"try again when one has ended"}, "running_max");
  }
  task.worker = NewTask::Worker::ThisProcess;
  auto created = store_.create(task);
  if (!created) return tl::unexpected(created.error());
  const auto running = std::make_shared<Running>();
  running->id = created->id;
  running_.emplace(running->id, running);
  running->thread = std::jthread([this, running, body = std::move(body)] { run(running, body); });
  return tasks_wire::members_text(*created);
}

void TaskRunner::run(const std::shared_ptr<Running>& running, const TaskBody& body) {
  TaskWork work(*this, running);
  TaskEnd end = body(work);
  {
    const std::lock_guard lock(running->mutex);
    if (running->is_shutdown && std::holds_alternative<TaskStopped>(end)) {
      end = RpcError{code::kInternalError, "the server stopped before the task ended"};
    }
  }
  // Without its end on disk the task would be worked on for ever: tried again until it is there.
  while (!settle(*running, end) && work.wait(std::chrono::milliseconds(options_.tend_ms))) {
  }
  publish(running->id);
  const std::lock_guard lock(running->mutex);
  running->is_over = true;
}

// Errors: Unavailable, and only then is it worth trying again.
Status TaskRunner::settle(const Running& running, const TaskEnd& end) {
  const auto fail_with = [&](const RpcError& error) {
    return store_.fail_task(running.id, tasks_wire::error_text(error));
  };
  Status settled;
  if (const auto* done = std::get_if<TaskDone>(&end)) {
    settled = store_.complete(running.id, done->result);
  } else if (const auto* error = std::get_if<RpcError>(&end)) {
    settled = fail_with(*error);
  } else {
    settled = store_.cancelled(running.id);
  }
  if (!settled && settled.error().code == Code::ResourceExhausted) {
    settled = fail_with(to_rpc(settled.error()));
  }
  // It was cancelled while it waited for answers, or has expired: nothing is left to write.
  if (!settled && settled.error().code != Code::Unavailable) return {};
  return settled;
}

void TaskRunner::tend(const std::stop_token& stop) {
  const auto period = std::chrono::milliseconds(options_.tend_ms);
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    tend_due_.wait_for(lock, stop, period, [] { return false; });
    if (stop.stop_requested()) return;
    lock.unlock();
    // What cannot be written now is tried again at the next look.
    static_cast<void>(store_.tend());
    look_at_running();
    lock.lock();
  }
}

// Other processes may have answered or cancelled what runs here.
void TaskRunner::look_at_running() {
  std::vector<std::shared_ptr<Running>> all;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, running] : running_) all.push_back(running);
  }
  for (const auto& running : all) {
    const auto task = store_.find_as_worker(running->id);
    const bool is_gone = !task && task.error().code == Code::NotFound;
    if (is_gone || (task && task->cancel_requested)) running->stop.request_stop();
    running->tell();
  }
}

void TaskRunner::publish(const Task& task) {
  if (changes_ == nullptr) return;
  changes_->publish({Change::Kind::Task, task.id, tasks_wire::details_text(task)});
}

void TaskRunner::publish(std::string_view id) {
  if (changes_ == nullptr) return;
  if (const auto task = store_.find_as_worker(id)) publish(*task);
}

std::shared_ptr<TaskWork::Running> TaskRunner::running_named(std::string_view id) {
  const std::lock_guard lock(mutex_);
  const auto found = running_.find(id);
  return found == running_.end() ? nullptr : found->second;
}

// ---- what clients ask

RpcResult<std::optional<std::string>> TaskRunner::get(std::string_view task_id,
                                                      const gate::Caller& caller) {
  const auto task = store_.find(owner_text(caller), task_id);
  if (task) return tasks_wire::details_text(*task);
  if (task.error().code == Code::NotFound) return std::optional<std::string>();
  return tl::unexpected(to_rpc(task.error()));
}

RpcResult<bool> TaskRunner::update(std::string_view task_id, const gate::Caller& caller,
                                   const Json& responses) {
  TaskStore::Responses texts;
  for (const auto& [key, response] : responses.items()) texts.emplace(key, response.dump());
  const auto task = store_.answer(owner_text(caller), task_id, texts);
  if (!task) {
    if (task.error().code == Code::NotFound) return false;
    return tl::unexpected(to_rpc(task.error()));
  }
  if (const auto running = running_named(task_id)) running->tell();
  publish(*task);
  return true;
}

RpcResult<bool> TaskRunner::cancel(std::string_view task_id, const gate::Caller& caller) {
  const auto task = store_.request_cancel(owner_text(caller), task_id);
  if (!task) {
    if (task.error().code == Code::NotFound) return false;
    return tl::unexpected(to_rpc(task.error()));
  }
  if (task->cancel_requested) {
    if (const auto running = running_named(task_id)) running->stop.request_stop();
    publish(*task);
  }
  return true;
}

}  // namespace martgate::mcp
