#include "mcp/tasks/task_store.h"

#include <fmt/format.h>

#include <array>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/private_file.h"
#include "store/value.h"

namespace martgate::mcp {
namespace {

using store::Value;

constexpr std::int64_t kSchemaVersion = 1;
constexpr std::size_t kTaskIdBytes = 37;

// A JSON-RPC error: the client sees why nothing more will come.
constexpr std::string_view kDroppedError =
    R"({"code":-32603,"message":"the server stopped before the task ended"})";

// Times are milliseconds since 1970. `state` counts as TaskState does.
constexpr store::Sql kSchema = R"sql(
  CREATE TABLE IF NOT EXISTS tasks(
    task_id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    state INTEGER NOT NULL,
    status_message TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    ttl_ms INTEGER,
    poll_interval_ms INTEGER,
    cancel_requested INTEGER NOT NULL DEFAULT 0,
    outcome TEXT NOT NULL DEFAULT '',
    holder TEXT NOT NULL,              -- empty: no process works on it
    lease_until_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS tasks_by_owner ON tasks(owner);
  CREATE TABLE IF NOT EXISTS task_inputs(
    task_id TEXT NOT NULL REFERENCES tasks ON DELETE CASCADE,
    position INTEGER NOT NULL,
    key TEXT NOT NULL,
    request TEXT NOT NULL,
    response TEXT NOT NULL DEFAULT '', -- empty: open
    PRIMARY KEY(task_id, key)
  ) STRICT, WITHOUT ROWID;
  PRAGMA user_version = 1;
)sql";

constexpr store::Sql kSelect = R"sql(
  SELECT task_id, owner, state, status_message, created_ms, updated_ms, ttl_ms, poll_interval_ms,
         cancel_requested, outcome
  FROM tasks WHERE task_id = ?1 AND (ttl_ms IS NULL OR created_ms + ttl_ms > ?2)
)sql";

Value text_value(std::string_view text) {
  return std::string(text);
}
Value optional_value(std::optional<std::int64_t> number) {
  return number ? Value(*number) : Value(std::monostate{});
}
std::int64_t int_of(const Value& value) {
  return std::get<std::int64_t>(value);
}
std::optional<std::int64_t> optional_int_of(const Value& value) {
  if (store::is_null(value)) return std::nullopt;
  return int_of(value);
}
WallTime time_of(const Value& value) {
  return WallTime(std::chrono::milliseconds(int_of(value)));
}

tl::unexpected<Error> unknown_task() {
  return fail(Code::NotFound, "unknown task", {}, "unknown_task");
}

bool is_task_id(std::string_view id) {
  return id.size() == kTaskIdBytes && id.starts_with("task_");
}

Status run(store::Connection& connection, store::Sql sql, std::span<const Value> values) {
  auto statement = connection.prepare(sql);
  if (!statement) return tl::unexpected(statement.error());
  if (auto bound = statement->bind_all(values); !bound) return bound;
  return statement->run();
}

}  // namespace

Result<std::unique_ptr<TaskStore>> TaskStore::open(const std::filesystem::path& path,
                                                   const Clock& clock, IdSource& ids,
                                                   TaskLimits limits) {
  // What tools answered is nobody else's.
  if (auto ready = prepare_private_file(path, "tasks_readable"); !ready) {
    return tl::unexpected(ready.error());
  }
  auto connection = store::Connection::open_writable(path, store::Durability::Full);
  if (!connection) return tl::unexpected(connection.error());
  const auto version = connection->query_value("PRAGMA user_version");
  if (!version) return tl::unexpected(version.error());
  if (int_of(*version) != 0 && int_of(*version) != kSchemaVersion) {
    return fail(Code::FailedPrecondition,
                fmt::format("{} was written by another version (format {}, this one reads {})",
                            path.string(), int_of(*version), kSchemaVersion));
  }
  if (int_of(*version) == 0) {
    auto writing = store::Transaction::begin(*connection);
    if (!writing) return tl::unexpected(writing.error());
    if (auto made = connection->execute(kSchema); !made) return tl::unexpected(made.error());
    if (auto done = writing->commit(); !done) return tl::unexpected(done.error());
  }
  return std::unique_ptr<TaskStore>(new TaskStore(std::move(*connection), clock, ids, limits));
}

TaskStore::TaskStore(store::Connection connection, const Clock& clock, IdSource& ids,
                     TaskLimits limits)
    : clock_(clock),
      ids_(ids),
      limits_(limits),
      holder_(id_text("holder_", ids.next())),
      connection_(std::move(connection)) {}

std::int64_t TaskStore::now_ms() const {
  return clock_.now().time_since_epoch().count();
}

// ---- reading; the mutex is held

Result<Task> TaskStore::load(std::string_view id) {
  if (!is_task_id(id)) return unknown_task();
  const std::array values{text_value(id), Value(now_ms())};
  auto rows = connection_.query(kSelect, values);
  if (!rows) return tl::unexpected(rows.error());
  if (rows->row_count() == 0) return unknown_task();
  const auto row = rows->row(0);
  Task task;
  task.id = std::get<std::string>(row[0]);
  task.owner = std::get<std::string>(row[1]);
  task.state = static_cast<TaskState>(int_of(row[2]));
  task.status_message = std::get<std::string>(row[3]);
  task.created_at = time_of(row[4]);
  task.updated_at = time_of(row[5]);
  task.ttl_ms = optional_int_of(row[6]);
  task.poll_interval_ms = optional_int_of(row[7]);
  task.cancel_requested = int_of(row[8]) != 0;
  task.outcome = std::get<std::string>(row[9]);
  if (auto loaded = load_inputs(task); !loaded) return tl::unexpected(loaded.error());
  return task;
}

Status TaskStore::load_inputs(Task& task) {
  const std::array values{text_value(task.id)};
  auto rows = connection_.query(
      "SELECT key, request, response FROM task_inputs WHERE task_id = ?1 ORDER BY position",
      values);
  if (!rows) return tl::unexpected(rows.error());
  for (std::size_t i = 0; i < rows->row_count(); ++i) {
    const auto row = rows->row(i);
    task.inputs.push_back({std::get<std::string>(row[0]), std::get<std::string>(row[1]),
                           std::get<std::string>(row[2])});
  }
  return {};
}

Result<Task> TaskStore::load_for(std::string_view owner, std::string_view id) {
  auto task = load(id);
  if (task && task->owner != owner) return unknown_task();
  return task;
}

Status TaskStore::room_for(std::string_view owner) {
  const std::array values{Value(now_ms()), text_value(owner)};
  auto rows = connection_.query(
      "SELECT count(*), count(*) FILTER (WHERE owner = ?2) FROM tasks"
      " WHERE ttl_ms IS NULL OR created_ms + ttl_ms > ?1",
      values);
  if (!rows) return tl::unexpected(rows.error());
  const auto at_limit = [](const Value& count, std::size_t max) {
    return static_cast<std::size_t>(int_of(count)) >= max;
  };
  if (at_limit(rows->at(0, 0), limits_.tasks_max) ||
      at_limit(rows->at(0, 1), limits_.tasks_per_owner_max)) {
    return fail(Code::ResourceExhausted, "too many tasks are being kept",
                {"let earlier ones finish and expire"}, "tasks_max");
  }
  return {};
}

// ---- the life of a task

Result<Task> TaskStore::create(const NewTask& wanted) {
  const std::lock_guard lock(mutex_);
  auto writing = store::Transaction::begin(connection_);
  if (!writing) return tl::unexpected(writing.error());
  if (auto room = room_for(wanted.owner); !room) return tl::unexpected(room.error());

  Task task;
  task.id = id_text("task_", ids_.next());
  task.owner = wanted.owner;
  task.status_message = wanted.status_message;
  task.created_at = task.updated_at = clock_.now();
  task.ttl_ms = wanted.ttl_ms;
  task.poll_interval_ms = wanted.poll_interval_ms;
  const bool is_held = wanted.worker == NewTask::Worker::ThisProcess;
  const std::int64_t now = task.created_at.time_since_epoch().count();
  const std::array values{text_value(task.id),
                          text_value(task.owner),
                          Value(static_cast<std::int64_t>(task.state)),
                          text_value(task.status_message),
                          Value(now),
                          optional_value(task.ttl_ms),
                          optional_value(task.poll_interval_ms),
                          text_value(is_held ? holder_ : ""),
                          Value(now + limits_.lease_ms)};
  auto written = run(connection_,
                     "INSERT INTO tasks(task_id, owner, state, status_message, created_ms,"
                     " updated_ms, ttl_ms, poll_interval_ms, holder, lease_until_ms)"
                     " VALUES(?1, ?2, ?3, ?4, ?5, ?5, ?6, ?7, ?8, ?9)",
                     values);
  if (!written) return tl::unexpected(written.error());
  if (auto done = writing->commit(); !done) return tl::unexpected(done.error());
  return task;
}

Result<Task> TaskStore::find(std::string_view owner, std::string_view id) {
  const std::lock_guard lock(mutex_);
  auto task = load_for(owner, id);
  if (!task || is_final(task->state)) return task;
  // Looked at first, so that a client's polling writes nothing.
  const auto dropped = is_dropped(id);
  if (!dropped) return tl::unexpected(dropped.error());
  if (!*dropped) return task;
  if (auto done = fail_dropped(); !done) return tl::unexpected(done.error());
  return load_for(owner, id);
}

Result<Task> TaskStore::find_as_worker(std::string_view id) {
  const std::lock_guard lock(mutex_);
  return load(id);
}

// Writes what the event leads to: state, message, outcome, the time. The caller's transaction.
Status TaskStore::step(Task& task, TaskEvent event) {
  const auto to = task_step(task.state, event);
  if (!to) return fail(Code::FailedPrecondition, "the task has ended", {}, "task_ended");
  task.state = *to;
  task.updated_at = clock_.now();
  const std::array values{text_value(task.id),
                          Value(static_cast<std::int64_t>(task.state)),
                          text_value(task.status_message),
                          Value(task.updated_at.time_since_epoch().count()),
                          text_value(task.outcome),
                          Value(std::int64_t{task.cancel_requested})};
  return run(connection_,
             "UPDATE tasks SET state = ?2, status_message = ?3, updated_ms = ?4, outcome = ?5,"
             " cancel_requested = ?6 WHERE task_id = ?1",
             values);
}

Status TaskStore::settle(std::string_view id, TaskEvent event, std::string_view outcome) {
  if (outcome.size() > limits_.outcome_bytes_max) {
    return fail(Code::ResourceExhausted,
                fmt::format("the outcome has {} bytes, at most {} are kept", outcome.size(),
                            limits_.outcome_bytes_max),
                {}, "outcome_bytes_max");
  }
  const std::lock_guard lock(mutex_);
  auto writing = store::Transaction::begin(connection_);
  if (!writing) return tl::unexpected(writing.error());
  auto task = load(id);
  if (!task) return tl::unexpected(task.error());
  task->outcome = outcome;
  if (auto stepped = step(*task, event); !stepped) return stepped;
  return writing->commit();
}

Status TaskStore::complete(std::string_view id, std::string_view result) {
  return settle(id, TaskEvent::Complete, result);
}
Status TaskStore::fail_task(std::string_view id, std::string_view error) {
  return settle(id, TaskEvent::Fail, error);
}
Status TaskStore::cancelled(std::string_view id) {
  return settle(id, TaskEvent::Cancel, {});
}

Status TaskStore::set_message(std::string_view id, std::string_view status_message) {
  const std::lock_guard lock(mutex_);
  auto writing = store::Transaction::begin(connection_);
  if (!writing) return tl::unexpected(writing.error());
  auto task = load(id);
  if (!task) return tl::unexpected(task.error());
  if (is_final(task->state)) {
    return fail(Code::FailedPrecondition, "the task has ended", {}, "task_ended");
  }
  const std::array values{text_value(id), text_value(status_message), Value(now_ms())};
  auto written =
      run(connection_, "UPDATE tasks SET status_message = ?2, updated_ms = ?3 WHERE task_id = ?1",
          values);
  if (!written) return written;
  return writing->commit();
}

// ---- questions and answers

Status TaskStore::ask(std::string_view id, std::span<const TaskInput> questions,
                      std::string_view status_message) {
  MARTGATE_CHECK(!questions.empty());
  const std::lock_guard lock(mutex_);
  auto writing = store::Transaction::begin(connection_);
  if (!writing) return tl::unexpected(writing.error());
  auto task = load(id);
  if (!task) return tl::unexpected(task.error());
  if (task->inputs.size() + questions.size() > limits_.inputs_per_task_max) {
    return fail(Code::ResourceExhausted,
                fmt::format("a task asks at most {} questions", limits_.inputs_per_task_max), {},
                "inputs_per_task_max");
  }
  task->status_message = status_message;
  if (auto stepped = step(*task, TaskEvent::Ask); !stepped) return stepped;

  auto position = static_cast<std::int64_t>(task->inputs.size());
  for (const TaskInput& question : questions) {
    const std::array values{text_value(id), Value(position++), text_value(question.key),
                            text_value(question.request)};
    // A key that was asked before breaks the primary key: it is never used again.
    auto written =
        run(connection_,
            "INSERT INTO task_inputs(task_id, position, key, request) VALUES(?1, ?2, ?3, ?4)"
            " ON CONFLICT DO NOTHING",
            values);
    if (!written) return written;
    if (connection_.changes() != 1) {
      return fail(Code::FailedPrecondition,
                  fmt::format("the task has asked \"{}\" before", question.key), {}, "key_reused");
    }
  }
  return writing->commit();
}

Result<Task> TaskStore::answer(std::string_view owner, std::string_view id,
                               const Responses& responses) {
  const std::lock_guard lock(mutex_);
  auto writing = store::Transaction::begin(connection_);
  if (!writing) return tl::unexpected(writing.error());
  auto task = load_for(owner, id);
  if (!task || task->state != TaskState::InputRequired) return task;

  bool has_open = false;
  bool has_taken = false;
  for (TaskInput& input : task->inputs) {
    if (!input.response.empty()) continue;
    const auto response = responses.find(input.key);
    if (response == responses.end() || response->second.empty()) {
      has_open = true;
      continue;
    }
    input.response = response->second;
    has_taken = true;
    const std::array values{text_value(id), text_value(input.key), text_value(input.response)};
    auto written =
        run(connection_, "UPDATE task_inputs SET response = ?3 WHERE task_id = ?1 AND key = ?2",
            values);
    if (!written) return tl::unexpected(written.error());
  }
  if (!has_taken) return task;
  if (!has_open) {
    task->status_message.clear();
    if (auto stepped = step(*task, TaskEvent::Answered); !stepped) {
      return tl::unexpected(stepped.error());
    }
  }
  if (auto done = writing->commit(); !done) return tl::unexpected(done.error());
  return task;
}

Result<Task> TaskStore::request_cancel(std::string_view owner, std::string_view id) {
  const std::lock_guard lock(mutex_);
  auto writing = store::Transaction::begin(connection_);
  if (!writing) return tl::unexpected(writing.error());
  auto task = load_for(owner, id);
  if (!task || is_final(task->state)) return task;
  task->cancel_requested = true;
  Status written;
  if (task->state == TaskState::InputRequired) {
    written = step(*task, TaskEvent::Cancel);
  } else {
    const std::array values{text_value(id)};
    written = run(connection_, "UPDATE tasks SET cancel_requested = 1 WHERE task_id = ?1", values);
  }
  if (!written) return tl::unexpected(written.error());
  if (auto done = writing->commit(); !done) return tl::unexpected(done.error());
  return task;
}

// ---- what time does

Result<bool> TaskStore::is_dropped(std::string_view id) {
  const std::array values{text_value(id), text_value(holder_), Value(now_ms())};
  const auto rows = connection_.query(
      "SELECT 1 FROM tasks WHERE task_id = ?1 AND holder NOT IN ('', ?2) AND lease_until_ms < ?3",
      values);
  if (!rows) return tl::unexpected(rows.error());
  return rows->row_count() > 0;
}

Status TaskStore::fail_dropped() {
  const std::array values{Value(now_ms()),
                          Value(static_cast<std::int64_t>(TaskState::Failed)),
                          text_value(kDroppedError),
                          Value(static_cast<std::int64_t>(TaskState::Working)),
                          Value(static_cast<std::int64_t>(TaskState::InputRequired)),
                          text_value(holder_)};
  return run(connection_,
             "UPDATE tasks SET state = ?2, outcome = ?3, status_message = '', updated_ms = ?1"
             " WHERE state IN (?4, ?5) AND holder NOT IN ('', ?6) AND lease_until_ms < ?1",
             values);
}

Result<std::int64_t> TaskStore::tend() {
  const std::lock_guard lock(mutex_);
  auto writing = store::Transaction::begin(connection_);
  if (!writing) return tl::unexpected(writing.error());
  const std::int64_t now = now_ms();
  const std::array renewed{text_value(holder_), Value(now + limits_.lease_ms)};
  if (auto done =
          run(connection_, "UPDATE tasks SET lease_until_ms = ?2 WHERE holder = ?1", renewed);
      !done) {
    return tl::unexpected(done.error());
  }
  if (auto done = fail_dropped(); !done) return tl::unexpected(done.error());
  const std::array values{Value(now)};
  if (auto done =
          run(connection_,
              "DELETE FROM tasks WHERE ttl_ms IS NOT NULL AND created_ms + ttl_ms <= ?1", values);
      !done) {
    return tl::unexpected(done.error());
  }
  const std::int64_t removed = connection_.changes();
  if (auto done = writing->commit(); !done) return tl::unexpected(done.error());
  return removed;
}

}  // namespace martgate::mcp
