#include <doctest/doctest.h>

#include <array>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "base/clock.h"
#include "base/ids.h"
#include "mcp/owner.h"
#include "mcp/replies.h"
#include "mcp/server.h"
#include "mcp/tasks/task_runner.h"
#include "temp_folder.h"

namespace martgate::mcp {
namespace {

// One tool, which always answers with a task that waits for the client's roots.
class JobOffer final : public Offer {
 public:
  explicit JobOffer(TaskRunner& runner) : runner_(runner) {
    auto made = Tool::make(
        {.name = "job", .description = "A job.", .input_schema = R"({"type":"object"})"});
    REQUIRE(made);
    tool_ = *made;
  }
  [[nodiscard]] Capabilities capabilities() const override {
    return {.tools = true, .tasks = true};
  }
  [[nodiscard]] ServerInfo server_info() const override { return {"jobs", "1"}; }
  [[nodiscard]] std::shared_ptr<const Tool> tool(std::string_view /*name*/,
                                                 const gate::Caller& /*caller*/) const override {
    return tool_;
  }
  void call_tool(ToolCall /*call*/, std::shared_ptr<Exchange> exchange) override {
    if (!exchange->client().takes_tasks()) return exchange->finish(ToolResult{});
    auto members =
        runner_.start({.owner = owner_text(exchange->caller())}, [](TaskWork& work) -> TaskEnd {
          const std::array questions{list_roots("roots")};
          const auto answers = work.ask(questions);
          if (!answers || !*answers) return TaskStopped{};
          return TaskDone{(*answers)->at("roots")};
        });
    REQUIRE(members);
    exchange->finish(TaskCreated{std::move(*members)});
  }
  [[nodiscard]] TaskOffer* tasks() override { return &runner_; }

 private:
  TaskRunner& runner_;
  std::shared_ptr<const Tool> tool_;
};

struct Reply {
  int status;
  Json message;
  [[nodiscard]] const Json& result() const { return message.at("result"); }
  [[nodiscard]] int code() const { return message.at("error").at("code"); }
};

struct Fixture {
  TempFolder folder;
  SystemClock clock;
  RandomIds ids;
  std::unique_ptr<TaskStore> store = [this] {
    auto made = TaskStore::open(folder.path() / "tasks.db", clock, ids);
    REQUIRE(made);
    return std::move(*made);
  }();
  TaskRunner runner{*store, nullptr, {.tend_ms = 10}};
  JobOffer offer{runner};
  Server server{offer, clock, ids};
  bool declares_tasks = true;
  std::string principal = "ada";

  Reply send(const std::string& method, Json params, const std::string& mirrored = "") {
    Json capabilities = Json::object();
    if (declares_tasks) capabilities["extensions"][kTasksExtension] = Json::object();
    params["_meta"] = {{"io.modelcontextprotocol/protocolVersion", "2026-07-28"},
                       {"io.modelcontextprotocol/clientCapabilities", capabilities}};
    const std::string body =
        Json{{"jsonrpc", "2.0"}, {"id", 1}, {"method", method}, {"params", params}}.dump();
    HttpHead head;
    head.method = "POST";
    head.content_type = "application/json";
    head.protocol_version = "2026-07-28";
    head.rpc_method = method;
    if (!mirrored.empty()) head.name = mirrored;
    head.caller.principal = principal;
    const auto reply = std::make_shared<KeptReply>();
    server.handle_http(head, body, reply);
    REQUIRE(reply->is_sent());
    return {reply->answer().status, Json::parse(reply->answer().body)};
  }
  Reply ask(const std::string& method, const std::string& id, Json more = Json::object()) {
    more["taskId"] = id;
    return send(method, more, id);
  }
  std::string started() {
    const Reply created = send("tools/call", {{"name", "job"}}, "job");
    REQUIRE(created.result().at("resultType") == "task");
    return created.result().at("taskId");
  }
  // Polls as a client would.
  Json settled(const std::string& id, const std::string& status) {
    for (;;) {
      Reply got = ask("tasks/get", id);
      REQUIRE(got.status == 200);
      if (got.result().at("status") == status) return got.result();
      REQUIRE(got.result().at("status") != "failed");
    }
  }
};

constexpr std::array kTaskMethods{"tasks/get", "tasks/update", "tasks/cancel"};

}  // namespace

TEST_CASE("task methods: without the capability every id is refused, known or not") {
  Fixture fixture;
  const std::string id = fixture.started();
  fixture.declares_tasks = false;
  for (const char* method : kTaskMethods) {
    for (const std::string& asked : {id, std::string("task_none")}) {
      const Reply refused = fixture.ask(method, asked, {{"inputResponses", Json::object()}});
      CHECK(refused.status == 400);
      CHECK(refused.code() == -32021);
      CHECK(refused.message.at("error").at("data").at("requiredCapabilities").at("extensions") ==
            Json{{kTasksExtension, Json::object()}});
    }
  }
  // And the tool answers at once.
  CHECK(fixture.send("tools/call", {{"name", "job"}}, "job").result().at("resultType") ==
        "complete");
}

TEST_CASE("task methods: unknown and foreign ids are refused in the same words") {
  Fixture fixture;
  const std::string id = fixture.started();
  fixture.principal = "eve";
  for (const char* method : kTaskMethods) {
    std::string words;
    for (const std::string& asked : {id, "task_" + std::string(32, 'f'), std::string("x")}) {
      const Reply refused = fixture.ask(method, asked, {{"inputResponses", Json::object()}});
      CHECK(refused.status == 200);
      CHECK(refused.code() == -32602);
      const std::string message = refused.message.at("error").dump();
      if (words.empty()) words = message;
      CHECK(message == words);
    }
  }
  fixture.principal = "ada";
  CHECK(fixture.ask("tasks/get", id).result().at("taskId") == id);
}

TEST_CASE("task methods: params and headers of another shape are refused") {
  Fixture fixture;
  const std::string id = fixture.started();
  CHECK(fixture.send("tasks/get", Json::object()).code() == -32602);
  CHECK(fixture.send("tasks/get", {{"taskId", 7}}).code() == -32602);
  const Reply mismatch = fixture.send("tasks/get", {{"taskId", id}}, "task_other");
  CHECK(mismatch.status == 400);
  CHECK(mismatch.code() == -32020);
  CHECK(fixture.send("tasks/get", {{"taskId", id}}).code() == -32020);
  for (const Json& responses : {Json(), Json("x"), Json::array(), Json{{"roots", 1}}}) {
    CHECK(fixture.ask("tasks/update", id, {{"inputResponses", responses}}).code() == -32602);
  }
  CHECK(fixture.ask("tasks/update", id).code() == -32602);
  for (const char* method : {"tasks/result", "tasks/list"}) {
    const Reply unknown = fixture.send(method, {{"taskId", id}});
    CHECK(unknown.status == 404);
    CHECK(unknown.code() == -32601);
  }
}

TEST_CASE("task methods: a task is there at once, takes its answer and shows its result") {
  Fixture fixture;
  const std::string id = fixture.started();
  const Json asking = fixture.settled(id, "input_required");
  CHECK(asking.at("resultType") == "complete");
  CHECK(asking.at("inputRequests").at("roots").at("method") == "roots/list");
  const Reply done =
      fixture.ask("tasks/update", id, {{"inputResponses", {{"roots", {{"roots", {}}}}}}});
  CHECK(done.result().at("resultType") == "complete");
  CHECK_FALSE(done.result().contains("taskId"));
  CHECK(fixture.settled(id, "completed").at("result") == Json{{"roots", nullptr}});
  CHECK(fixture.ask("tasks/cancel", id).result().at("resultType") == "complete");
  CHECK(fixture.settled(id, "completed").at("status") == "completed");
}

TEST_CASE("task methods: a legacy session gets results, whatever it declares") {
  Fixture fixture;
  PipeSession pipe;
  std::vector<Json> answers;
  const auto run = [&](const Json& message) {
    const Work work = fixture.server.handle_line(
        pipe, message.dump(), std::make_shared<LineTo>([&](const std::string& answer) {
          answers.push_back(Json::parse(answer));
        }));
    if (work) work();
  };
  const Json capabilities = {{"extensions", {{kTasksExtension, Json::object()}}}};
  run({{"jsonrpc", "2.0"},
       {"id", 1},
       {"method", "initialize"},
       {"params", {{"protocolVersion", "2025-11-25"}, {"capabilities", capabilities}}}});
  run({{"jsonrpc", "2.0"}, {"id", 2}, {"method", "tools/call"}, {"params", {{"name", "job"}}}});
  run({{"jsonrpc", "2.0"}, {"id", 3}, {"method", "tasks/get"}, {"params", {{"taskId", "x"}}}});
  REQUIRE(answers.size() == 3);
  CHECK_FALSE(answers[0].at("result").at("capabilities").contains("extensions"));
  CHECK(answers[1].at("result").at("content") == Json::array());
  CHECK(answers[2].at("error").at("code") == -32601);
}

}  // namespace martgate::mcp
