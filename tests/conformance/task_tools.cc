// Tools that answer with a task when their client takes one.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "asking.h"
#include "fixture_tool.h"
#include "mcp/owner.h"
#include "mcp/rpc_error.h"
#include "mcp/tasks/wire.h"
#include "mcp/wire.h"
#include "mcp/write_result.h"
#include "schemas.h"

namespace martgate::conformance {
namespace {

using Call = mcp::ToolCall;
using ExchangePtr = std::shared_ptr<mcp::Exchange>;
using std::chrono::milliseconds;

constexpr milliseconds kJobTime{1'000};
constexpr std::int64_t kTaskTtlMs = std::int64_t{10} * 60 * 1'000;
constexpr std::int64_t kPollMs = 200;

mcp::TaskEnd done(const mcp::ToolResult& result) {
  return mcp::TaskDone{mcp::tool_result_json(result)};
}

// Errors of the store end the task as an error of the server.
template <class T>
mcp::TaskEnd ended(const Result<T>& failed) {
  return mcp::to_rpc(failed.error());
}

void start(mcp::TaskRunner& tasks, const ExchangePtr& exchange, mcp::TaskBody body) {
  auto members = tasks.start({.owner = mcp::owner_text(exchange->caller()),
                              .ttl_ms = kTaskTtlMs,
                              .poll_interval_ms = kPollMs},
                             std::move(body));
  if (!members) return exchange->finish(mcp::to_rpc(members.error()));
  exchange->finish(mcp::TaskCreated{std::move(*members)});
}

// A tool that cannot do without a task.
RunTool only_as_task(mcp::TaskRunner& tasks, mcp::TaskBody body) {
  return [&tasks, body](const Call& /*call*/, const ExchangePtr& exchange) {
    if (!exchange->client().takes_tasks()) {
      return exchange->finish(mcp::missing_capability(mcp::tasks_wire::required_capabilities()));
    }
    start(tasks, exchange, body);
  };
}

void slow_compute(mcp::TaskRunner& tasks, const Call& call, const ExchangePtr& exchange) {
  constexpr double kSecondsMax = 60;
  const double seconds = std::clamp(number_argument(call, "seconds", 0), 0.0, kSecondsMax);
  const milliseconds time(static_cast<std::int64_t>(seconds * 1'000));
  const mcp::ToolResult result =
      text_result(fmt::format("{} done", text_argument(call, "label", "computation")));
  if (!exchange->client().takes_tasks()) {
    static_cast<void>(pause(exchange->cancelled(), time));
    return exchange->finish(result);
  }
  start(tasks, exchange, [time, result](mcp::TaskWork& work) -> mcp::TaskEnd {
    if (!work.wait(time)) return mcp::TaskStopped{};
    return done(result);
  });
}

mcp::TaskEnd fail_as_tool(mcp::TaskWork& work) {
  if (!work.wait(kJobTime)) return mcp::TaskStopped{};
  return done(mcp::tool_failure("The job did not succeed."));
}

mcp::TaskEnd fail_as_protocol(mcp::TaskWork& work) {
  if (!work.wait(kJobTime)) return mcp::TaskStopped{};
  return mcp::RpcError{mcp::code::kInternalError, "the job could not be carried out"};
}

bool is_confirmed(const mcp::TaskStore::Responses& responses, const std::string& key) {
  const auto response = nlohmann::json::parse(responses.at(key));
  const auto answer = mcp::read_elicit_answer(&response);
  return answer && answer->content != nullptr && answer->content->value("confirm", false);
}

mcp::TaskEnd delete_file(mcp::TaskWork& work, const std::string& name) {
  const std::array questions{ask_yes("confirm", fmt::format("Delete {}?", name), "confirm")};
  const auto answers = work.ask(questions, "waiting for a confirmation");
  if (!answers) return ended(answers);
  if (!*answers) return mcp::TaskStopped{};
  const bool is_sure = is_confirmed(**answers, "confirm");
  return done(text_result(fmt::format("{} {}", name, is_sure ? "deleted" : "kept")));
}

mcp::TaskEnd ask_two(mcp::TaskWork& work) {
  const std::array questions{ask_yes("first", "Is the first thing fine?", "confirm"),
                             ask_yes("second", "Is the second thing fine?", "confirm")};
  const auto answers = work.ask(questions);
  if (!answers) return ended(answers);
  if (!*answers) return mcp::TaskStopped{};
  return done(text_result("Both questions were answered."));
}

// One question before the task begins, by the call itself.
void ask_then_work(mcp::TaskRunner& tasks, const Call& /*call*/, const ExchangePtr& exchange) {
  const auto name = text_answer(*exchange, "user_name", "name");
  if (!name) {
    mcp::InputRequired input;
    input.requests.push_back(ask_text("user_name", "What is your name?", "name"));
    return exchange->finish(std::move(input));
  }
  const mcp::ToolResult result = text_result(fmt::format("Hello, {}!", *name));
  if (!exchange->client().takes_tasks()) return exchange->finish(result);
  start(tasks, exchange, [result](mcp::TaskWork& /*work*/) { return done(result); });
}

}  // namespace

void add_task_tools(FixtureTools& tools, mcp::TaskRunner& tasks) {
  add_tool(
      tools,
      reading("greet", "Greets, at once.",
              R"({"type":"object","properties":{"name":{"type":"string"}},"required":["name"]})"),
      [](const Call& call, const ExchangePtr& exchange) {
        exchange->finish(
            text_result(fmt::format("Hello, {}!", text_argument(call, "name", "World"))));
      });
  add_tool(tools,
           reading("slow_compute", "Takes as long as it is told.",
                   R"({"type":"object","properties":{"seconds":{"type":"number"},
                       "label":{"type":"string"}}})"),
           [&tasks](const Call& call, const ExchangePtr& exchange) {
             slow_compute(tasks, call, exchange);
           });
  add_tool(tools, reading("failing_job", "A task whose tool reports a failure.", kNoInput),
           only_as_task(tasks, fail_as_tool));
  add_tool(tools, reading("protocol_error_job", "A task that ends in an error.", kNoInput),
           only_as_task(tasks, fail_as_protocol));
  add_tool(tools,
           reading("confirm_delete", "A task that asks before it goes on.",
                   R"({"type":"object","properties":{"filename":{"type":"string"}}})"),
           [&tasks](const Call& call, const ExchangePtr& exchange) {
             const std::string name = text_argument(call, "filename", "the file");
             only_as_task(tasks, [name](mcp::TaskWork& work) { return delete_file(work, name); })(
                 call, exchange);
           });
  add_tool(tools, reading("multi_input", "A task that asks two things at once.", kNoInput),
           only_as_task(tasks, ask_two));
  add_tool(tools,
           reading("test_tool_with_task", "Asks first and then goes on as a task.", kNoInput),
           [&tasks](const Call& call, const ExchangePtr& exchange) {
             ask_then_work(tasks, call, exchange);
           });
}

}  // namespace martgate::conformance
