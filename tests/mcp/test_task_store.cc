#include <doctest/doctest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "base/private_file.h"
#include "mcp/client_capabilities.h"
#include "mcp/owner.h"
#include "mcp/tasks/task_store.h"
#include "mcp/tasks/wire.h"
#include "temp_folder.h"

namespace martgate::mcp {
namespace {

// Stands where it is put.
class SetClock final : public Clock {
 public:
  [[nodiscard]] WallTime now() const override { return WallTime(std::chrono::milliseconds(ms)); }
  [[nodiscard]] std::int64_t monotonic_ns() const override { return ms * 1'000'000; }
  std::int64_t ms = 1'790'000'000'000;
};

struct Fixture {
  TempFolder folder;
  SetClock clock;
  SeededIds ids{1};
  std::unique_ptr<TaskStore> store = opened();

  [[nodiscard]] std::unique_ptr<TaskStore> opened(TaskLimits limits = {}) {
    auto made = TaskStore::open(folder.path() / "tasks.db", clock, ids, limits);
    REQUIRE(made);
    return std::move(*made);
  }
  [[nodiscard]] std::string working(NewTask task = {.owner = "ada"}) const {
    auto made = store->create(task);
    REQUIRE(made);
    return made->id;
  }
  [[nodiscard]] Task seen(const std::string& id) const {
    auto found = store->find("ada", id);
    REQUIRE(found);
    return std::move(*found);
  }
};

const TaskInput kFirst{"first", R"({"method":"elicitation/create","params":{}})", ""};
const TaskInput kSecond{"second", R"({"method":"roots/list"})", ""};
const std::array kBoth{kFirst, kSecond};

template <class T>
std::string refusal(const Result<T>& result) {
  return result ? "none" : to_text(result.error());
}

}  // namespace

TEST_CASE("task_store: unknown, foreign, expired and malformed ids are refused in the same words") {
  Fixture fixture;
  const std::string id = fixture.working({.owner = "ada", .ttl_ms = 1'000});
  const std::string unknown = refusal(fixture.store->find("ada", "task_" + std::string(32, '0')));
  CHECK(unknown == "unknown task");
  for (const char* text : {"", "task_", "' OR 1=1 --", "../../etc/passwd"}) {
    CHECK(refusal(fixture.store->find("ada", text)) == unknown);
  }
  CHECK(refusal(fixture.store->find("eve", id)) == unknown);
  CHECK(refusal(fixture.store->answer("eve", id, {{"first", "{}"}})) == unknown);
  CHECK(refusal(fixture.store->request_cancel("eve", id)) == unknown);
  CHECK(fixture.store->find("ada", id));
  CHECK_FALSE(fixture.seen(id).cancel_requested);
  fixture.clock.ms += 1'000;
  CHECK(refusal(fixture.store->find("ada", id)) == unknown);
  CHECK(refusal(fixture.store->complete(id, "{}")) == unknown);
  CHECK(owner_text({"b", "a:x"}) != owner_text({"x:b", "a"}));
}

TEST_CASE("task_store: what has ended stays as it is") {
  Fixture fixture;
  const std::string id = fixture.working();
  REQUIRE(fixture.store->complete(id, R"({"content":[]})"));
  CHECK_FALSE(fixture.store->complete(id, "{}"));
  CHECK_FALSE(fixture.store->fail_task(id, "{}"));
  CHECK_FALSE(fixture.store->cancelled(id));
  CHECK_FALSE(fixture.store->ask(id, kBoth));
  CHECK_FALSE(fixture.store->set_message(id, "late"));
  REQUIRE(fixture.store->request_cancel("ada", id));  // acknowledged all the same
  const Task task = fixture.seen(id);
  CHECK(task.state == TaskState::Completed);
  CHECK(task.outcome == R"({"content":[]})");
  CHECK_FALSE(task.cancel_requested);
}

TEST_CASE("task_store: a task is there for another opening of the file as soon as it is created") {
  Fixture fixture;
  const std::string id = fixture.working({.owner = "ada", .status_message = "starting"});
  const auto other = fixture.opened();
  const auto found = other->find("ada", id);
  REQUIRE(found);
  CHECK(found->status_message == "starting");
  CHECK(found->state == TaskState::Working);
  REQUIRE(other->request_cancel("ada", id));
  CHECK(fixture.store->find_as_worker(id).value().cancel_requested);
  REQUIRE(fixture.store->cancelled(id));
  CHECK(other->find("ada", id).value().state == TaskState::Cancelled);
}

TEST_CASE(
    "task_store: answers may come one by one, other keys are ignored, keys are never reused") {
  Fixture fixture;
  const std::string id = fixture.working();
  REQUIRE(fixture.store->ask(id, kBoth, "two questions"));
  CHECK(fixture.seen(id).status_message == "two questions");
  const auto none = fixture.store->answer("ada", id, {{"third", "{}"}});
  REQUIRE(none);
  CHECK(none->state == TaskState::InputRequired);

  const auto one =
      fixture.store->answer("ada", id, {{"first", R"({"action":"accept"})"}, {"x", "{}"}});
  REQUIRE(one);
  CHECK(one->state == TaskState::InputRequired);
  CHECK_FALSE(fixture.store->complete(id, "{}"));  // it waits
  // The first answer counts.
  REQUIRE(fixture.store->answer("ada", id, {{"first", R"({"action":"decline"})"}}));
  const auto both = fixture.store->answer("ada", id, {{"second", R"({"roots":[]})"}});
  REQUIRE(both);
  CHECK(both->state == TaskState::Working);
  CHECK(fixture.seen(id).inputs.at(0).response == R"({"action":"accept"})");

  const std::array again{kFirst};
  const auto reused = fixture.store->ask(id, again);
  REQUIRE_FALSE(reused);
  CHECK(reused.error().reason == "key_reused");
  CHECK(fixture.seen(id).state == TaskState::Working);  // nothing of the refused question stays
}

TEST_CASE(
    "task_store: a task that waits for answers is cancelled at once, a working one is asked") {
  Fixture fixture;
  const std::string waiting = fixture.working();
  REQUIRE(fixture.store->ask(waiting, kBoth));
  CHECK(fixture.store->request_cancel("ada", waiting).value().state == TaskState::Cancelled);
  CHECK(fixture.seen(waiting).state == TaskState::Cancelled);

  const std::string working = fixture.working();
  CHECK(fixture.store->request_cancel("ada", working).value().state == TaskState::Working);
  REQUIRE(fixture.store->complete(working, "{}"));  // it was too late
  CHECK(fixture.seen(working).state == TaskState::Completed);
}

TEST_CASE("task_store: a task whose process is gone fails; one that waits outside does not") {
  Fixture fixture;
  const std::string held = fixture.working();
  const std::string outside = fixture.working({.owner = "ada", .worker = NewTask::Worker::Outside});
  const auto other = fixture.opened();
  fixture.clock.ms += 20'000;
  REQUIRE(fixture.store->tend());
  fixture.clock.ms += 20'000;
  CHECK(other->find("ada", held).value().state == TaskState::Working);
  fixture.clock.ms += 20'000;
  const auto dropped = other->find("ada", held);
  REQUIRE(dropped);
  CHECK(dropped->state == TaskState::Failed);
  CHECK(nlohmann::json::parse(dropped->outcome).at("code") == -32603);
  CHECK(other->find("ada", outside).value().state == TaskState::Working);
  REQUIRE(other->complete(outside, "{}"));
}

TEST_CASE("task_store: tending removes what has expired, with its questions, and nothing else") {
  Fixture fixture;
  const std::string brief = fixture.working({.owner = "ada", .ttl_ms = 5'000});
  REQUIRE(fixture.store->ask(brief, kBoth));
  const std::string forever = fixture.working({.owner = "ada", .ttl_ms = std::nullopt});
  fixture.clock.ms += 4'999;
  CHECK(fixture.store->tend().value() == 0);
  fixture.clock.ms += 1;
  CHECK(fixture.store->tend().value() == 1);
  CHECK(fixture.store->find("ada", forever));
  auto raw = store::Connection::open_readonly(fixture.folder.path() / "tasks.db");
  REQUIRE(raw);
  CHECK(std::get<std::int64_t>(raw->query_value("SELECT count(*) FROM task_inputs").value()) == 0);
}

TEST_CASE("task_store: limits refuse and leave what was there") {
  Fixture fixture;
  const auto small = fixture.opened(
      {.tasks_max = 3, .tasks_per_owner_max = 2, .inputs_per_task_max = 1, .outcome_bytes_max = 8});
  const std::string id = small->create({.owner = "ada"}).value().id;
  REQUIRE(small->create({.owner = "ada"}));
  const auto third = small->create({.owner = "ada"});
  REQUIRE_FALSE(third);
  CHECK(third.error().code == Code::ResourceExhausted);
  REQUIRE(small->create({.owner = "bob"}));
  CHECK_FALSE(small->create({.owner = "cid"}));
  CHECK_FALSE(small->ask(id, kBoth));
  CHECK_FALSE(small->complete(id, R"({"a":"long"})"));
  CHECK(small->find("ada", id).value().state == TaskState::Working);
}

TEST_CASE("task_store: a file that others can read is refused, and none is made like that") {
  namespace fs = std::filesystem;
  Fixture fixture;
  const fs::path file = fixture.folder.path() / "tasks.db";
  for (const char* name : {"tasks.db", "tasks.db-wal", "tasks.db-shm"}) {
    const fs::perms mode = fs::status(fixture.folder.path() / name).permissions();
    CHECK((mode & (fs::perms::group_all | fs::perms::others_all)) == fs::perms::none);
  }
  fs::permissions(file, fs::perms::group_read, fs::perm_options::add);
  const auto opened = TaskStore::open(file, fixture.clock, fixture.ids);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == Code::PermissionDenied);
}

TEST_CASE("task_store: a file of another format is refused") {
  TempFolder folder;
  SetClock clock;
  SeededIds ids{1};
  REQUIRE(prepare_private_file(folder.path() / "tasks.db", "x"));
  {
    auto raw =
        store::Connection::open_writable(folder.path() / "tasks.db", store::Durability::Full);
    REQUIRE(raw);
    REQUIRE(raw->execute("PRAGMA user_version = 9"));
  }
  CHECK_FALSE(TaskStore::open(folder.path() / "tasks.db", clock, ids));
}

TEST_CASE("task_store: two openings write at the same time and lose nothing") {
  Fixture fixture;
  const auto other = fixture.opened();
  constexpr int kEach = 25;
  std::array<int, 2> made{};
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < made.size(); ++i) {
      threads.emplace_back([&, i] {
        TaskStore& store = i == 0 ? *fixture.store : *other;
        for (int n = 0; n < kEach; ++n) {
          auto task = store.create({.owner = "ada"});
          if (task && store.complete(task->id, "{}")) ++made[i];
        }
      });
    }
  }
  CHECK(made[0] == kEach);
  CHECK(made[1] == kEach);
}

TEST_CASE("task_store: what was acknowledged is there after the process was killed") {
  TempFolder folder;
  std::array<int, 2> pipe_ends{};
  REQUIRE(::pipe(pipe_ends.data()) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    SetClock clock;
    RandomIds ids;
    auto store = TaskStore::open(folder.path() / "tasks.db", clock, ids);
    if (!store) ::_exit(1);
    const auto task = (*store)->create({.owner = "ada", .status_message = "kept"});
    if (!task || ::write(pipe_ends[1], task->id.data(), task->id.size()) < 0) ::_exit(1);
    ::kill(::getpid(), SIGKILL);
  }
  REQUIRE(child > 0);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  std::array<char, 64> buffer{};
  const ssize_t count = ::read(pipe_ends[0], buffer.data(), buffer.size());
  ::close(pipe_ends[0]);
  ::close(pipe_ends[1]);
  REQUIRE(count > 0);
  SetClock clock;
  SeededIds ids{2};
  auto store = TaskStore::open(folder.path() / "tasks.db", clock, ids);
  REQUIRE(store);
  const auto found =
      (*store)->find("ada", std::string(buffer.data(), static_cast<std::size_t>(count)));
  REQUIRE(found);
  CHECK(found->status_message == "kept");
}

TEST_CASE("tasks wire: each state shows its own members and no others") {
  Fixture fixture;
  const auto details = [&](const std::string& id) {
    return nlohmann::json::parse("{" + tasks_wire::details_text(fixture.seen(id)) + "}");
  };
  const auto keys = [&](const std::string& id) {
    std::string names;
    const nlohmann::json shown = details(id);
    for (const auto& [key, value] : shown.items()) names += key + " ";
    return names;
  };
  const std::string id = fixture.working();
  const std::string common = "createdAt %lastUpdatedAt pollIntervalMs %status taskId ttlMs ";
  const auto with = [&](const std::string& early, const std::string& late) {
    std::string names = common;
    names.replace(names.find('%'), 1, early);
    names.replace(names.find('%'), 1, late);
    return names;
  };
  CHECK(keys(id) == with("", ""));
  CHECK(details(id).at("createdAt") == "2026-09-21T14:13:20.000Z");
  CHECK(details(id).at("ttlMs") == 86'400'000);

  REQUIRE(fixture.store->ask(id, kBoth));
  CHECK(keys(id) == with("inputRequests ", ""));
  REQUIRE(fixture.store->answer("ada", id, {{"first", "{}"}}));
  CHECK(details(id).at("inputRequests") == nlohmann::json{{"second", {{"method", "roots/list"}}}});
  REQUIRE(fixture.store->answer("ada", id, {{"second", "{}"}}));
  REQUIRE(fixture.store->complete(id, R"({"content":[]})"));
  CHECK(keys(id) == with("", "result "));

  const std::string failed = fixture.working({.owner = "ada", .ttl_ms = std::nullopt});
  REQUIRE(fixture.store->fail_task(failed, R"({"code":-32603,"message":"no"})"));
  CHECK(keys(failed) == with("error ", ""));
  CHECK(details(failed).at("ttlMs").is_null());
}

TEST_CASE("tasks wire: what is asked for is what a client declares") {
  const auto wanted = nlohmann::json::parse(tasks_wire::required_capabilities());
  CHECK(read_client_capabilities(&wanted).takes_tasks());
  const nlohmann::json none = {{"tasks", {{"get", {}}}}};
  CHECK_FALSE(read_client_capabilities(&none).takes_tasks());
}

}  // namespace martgate::mcp
