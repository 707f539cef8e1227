#include <doctest/doctest.h>

#include <array>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "mcp/owner.h"
#include "mcp/tasks/task_runner.h"
#include "temp_folder.h"

namespace martgate::mcp {
namespace {

constexpr std::chrono::milliseconds kForever{60'000};

const gate::Caller kAda{"ada", "default"};
const gate::Caller kEve{"eve", "default"};

// What was published, and a way to wait for a status.
class Heard {
 public:
  explicit Heard(Changes& changes)
      : listening_(changes.listen([this](const Change& change) {
          const std::lock_guard lock(mutex_);
          all_.push_back(Json::parse("{" + change.task_members + "}"));
          more_.notify_all();
        })) {}

  // The task as it was published with that status; stops the test case when it never was.
  Json wait_for(const std::string& status) {
    std::unique_lock lock(mutex_);
    Json found;
    const bool is_there = more_.wait_for(lock, kForever, [&] {
      for (const Json& task : all_) {
        if (task.at("status") == status) found = task;
      }
      return !found.is_null();
    });
    REQUIRE_MESSAGE(is_there, status);
    return found;
  }

 private:
  std::mutex mutex_;
  std::condition_variable more_;
  std::vector<Json> all_;
  Changes::Listening listening_;
};

struct Fixture {
  TempFolder folder;
  SystemClock clock;
  RandomIds ids;
  std::unique_ptr<TaskStore> store = opened();
  Changes changes;
  Heard heard{changes};
  std::unique_ptr<TaskRunner> runner = std::make_unique<TaskRunner>(
      *store, &changes, TaskRunnerOptions{.running_max = 2, .tend_ms = 10});

  std::unique_ptr<TaskStore> opened() {
    auto made = TaskStore::open(folder.path() / "tasks.db", clock, ids);
    REQUIRE(made);
    return std::move(*made);
  }
  // The id of the new task.
  std::string started(TaskBody body) {
    const auto members = runner->start({.owner = owner_text(kAda)}, std::move(body));
    REQUIRE(members);
    return Json::parse("{" + *members + "}").at("taskId");
  }
  Json seen(const std::string& id) {
    const auto members = runner->get(id, kAda);
    REQUIRE(members);
    REQUIRE(*members);
    return Json::parse("{" + **members + "}");
  }
};

TaskEnd wait_for_stop(TaskWork& work) {
  return work.wait(kForever) ? TaskEnd(TaskDone{"{}"}) : TaskEnd(TaskStopped{});
}

const std::array kQuestions{elicit_form("name", "Who?", R"({"type":"object"})"),
                            list_roots("roots")};

}  // namespace

TEST_CASE("task_runner: another caller neither sees, answers nor cancels a task") {
  Fixture fixture;
  const std::string id = fixture.started(wait_for_stop);
  CHECK_FALSE(fixture.runner->get(id, kEve).value());
  CHECK_FALSE(fixture.runner->update(id, kEve, Json::object()).value());
  CHECK_FALSE(fixture.runner->cancel(id, kEve).value());
  CHECK(fixture.seen(id).at("status") == "working");
}

TEST_CASE("task_runner: a body past the limit is not started, and leaves no task") {
  Fixture fixture;
  const std::string first = fixture.started(wait_for_stop);
  static_cast<void>(fixture.started(wait_for_stop));
  const auto third = fixture.runner->start({.owner = owner_text(kAda)}, wait_for_stop);
  REQUIRE_FALSE(third);
  CHECK(third.error().code == Code::ResourceExhausted);
  CHECK(fixture.runner->cancel(first, kAda).value());
  static_cast<void>(fixture.heard.wait_for("cancelled"));
}

TEST_CASE("task_runner: results, refusals and cancelled work end as what they are") {
  Fixture fixture;
  const std::string good = fixture.started([](TaskWork&) { return TaskDone{R"({"content":[]})"}; });
  CHECK(fixture.heard.wait_for("completed").at("result") == Json{{"content", Json::array()}});
  CHECK(fixture.seen(good).at("status") == "completed");

  static_cast<void>(fixture.started([](TaskWork&) { return RpcError{-32603, "no"}; }));
  CHECK(fixture.heard.wait_for("failed").at("error") == Json{{"code", -32603}, {"message", "no"}});

  const std::string stopped = fixture.started(wait_for_stop);
  CHECK(fixture.runner->cancel(stopped, kAda).value());
  CHECK(fixture.heard.wait_for("cancelled").at("taskId") == stopped);
  CHECK(fixture.runner->cancel(stopped, kAda).value());  // acknowledged again
}

TEST_CASE("task_runner: a body goes on when its last question is answered, not before") {
  Fixture fixture;
  std::promise<TaskStore::Responses> got;
  const std::string id = fixture.started([&got](TaskWork& work) -> TaskEnd {
    auto responses = work.ask(kQuestions, "two things");
    got.set_value(responses && *responses ? **responses : TaskStore::Responses());
    return TaskDone{"{}"};
  });
  const Json asking = fixture.heard.wait_for("input_required");
  CHECK(asking.at("statusMessage") == "two things");
  CHECK(asking.at("inputRequests").at("name").at("method") == "elicitation/create");
  CHECK(fixture.runner
            ->update(id, kAda, Json{{"name", {{"action", "decline"}}}, {"other", Json::object()}})
            .value());
  CHECK(fixture.seen(id).at("inputRequests").size() == 1);
  CHECK(fixture.runner->update(id, kAda, Json{{"roots", {{"roots", Json::array()}}}}).value());
  const auto responses = got.get_future().get();
  REQUIRE(responses.size() == 2);
  CHECK(responses.at("name") == R"({"action":"decline"})");
  CHECK(fixture.heard.wait_for("completed").at("taskId") == id);
}

TEST_CASE("task_runner: a task that waits for answers ends at once when it is cancelled") {
  Fixture fixture;
  std::promise<bool> had_answers;
  const std::string id = fixture.started([&](TaskWork& work) -> TaskEnd {
    const auto responses = work.ask(kQuestions);
    had_answers.set_value(responses && responses->has_value());
    return TaskStopped{};
  });
  static_cast<void>(fixture.heard.wait_for("input_required"));
  CHECK(fixture.runner->cancel(id, kAda).value());
  CHECK_FALSE(had_answers.get_future().get());
  CHECK(fixture.seen(id).at("status") == "cancelled");
}

TEST_CASE("task_runner: many short tasks follow each other") {
  Fixture fixture;
  constexpr int kTasks = 100;
  for (int made = 0; made < kTasks;) {
    const auto members = fixture.runner->start({.owner = owner_text(kAda)},
                                               [](TaskWork& /*work*/) { return TaskDone{"{}"}; });
    if (members) ++made;
    if (!members && members.error().code != Code::ResourceExhausted) FAIL(members.error().message);
  }
  fixture.runner.reset();
  auto raw = store::Connection::open_readonly(fixture.folder.path() / "tasks.db");
  REQUIRE(raw);
  const auto count = raw->query_value("SELECT count(*) FROM tasks WHERE state = 2");  // completed
  CHECK(std::get<std::int64_t>(count.value()) == kTasks);
}

TEST_CASE("task_runner: what another process asks of a task reaches its body") {
  Fixture fixture;
  const auto other = fixture.opened();
  const std::string id = fixture.started(wait_for_stop);
  REQUIRE(other->request_cancel(owner_text(kAda), id));
  CHECK(fixture.heard.wait_for("cancelled").at("taskId") == id);

  const std::string asking = fixture.started([](TaskWork& work) -> TaskEnd {
    const std::array one{list_roots("roots")};
    const auto responses = work.ask(one);
    return TaskDone{responses && *responses ? (*responses)->at("roots") : "{}"};
  });
  static_cast<void>(fixture.heard.wait_for("input_required"));
  REQUIRE(other->answer(owner_text(kAda), asking, {{"roots", R"({"roots":[1]})"}}));
  CHECK(fixture.heard.wait_for("completed").at("result") == Json{{"roots", {1}}});
}

TEST_CASE("task_runner: tasks that run when the process ends have failed") {
  Fixture fixture;
  const std::string id = fixture.started(wait_for_stop);
  fixture.runner.reset();
  const auto task = fixture.store->find(owner_text(kAda), id);
  REQUIRE(task);
  CHECK(task->state == TaskState::Failed);
  CHECK(Json::parse(task->outcome).at("code") == -32603);
}

}  // namespace martgate::mcp
