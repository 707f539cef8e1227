// Tools that take their time, say so, stop when told, and change what is offered.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <memory>

#include "fixture_tool.h"
#include "mcp/rpc_error.h"
#include "schemas.h"

namespace martgate::conformance {
namespace {

using Call = mcp::ToolCall;
using ExchangePtr = std::shared_ptr<mcp::Exchange>;

constexpr std::chrono::milliseconds kStep{50};
constexpr double kSecondsMax = 30;

void with_progress(const Call& /*call*/, const ExchangePtr& exchange) {
  for (const double percent : {0.0, 50.0, 100.0}) {
    exchange->progress(percent, 100, fmt::format("{} of 100", percent));
    // Also behind the last one: clients forget whom to tell of progress when the answer is there.
    if (!pause(exchange->cancelled(), kStep)) break;
  }
  exchange->finish(text_result("Tool with progress executed successfully"));
}

void with_logging(const Call& /*call*/, const ExchangePtr& exchange) {
  for (const char* words : {R"("Tool execution started")", R"("Tool processing data")",
                            R"("Tool execution completed")"}) {
    exchange->log(mcp::LogLevel::Info, "fixture", words);
    if (!pause(exchange->cancelled(), kStep)) break;
  }
  exchange->finish(text_result("Tool with logging executed successfully"));
}

RunTool publishing(mcp::Changes& changes, mcp::Change change) {
  return [&changes, change](const Call& /*call*/, const ExchangePtr& exchange) {
    changes.publish(change);
    exchange->finish(text_result("The change was announced."));
  };
}

// Shared by the tool that is cancelled and the one that tells how often that happened.
void add_cancelling_tools(FixtureTools& tools) {
  const auto cancelled_count = std::make_shared<std::atomic<int>>(0);
  add_tool(
      tools,
      reading(
          "test_wait", "Waits for some seconds, or until it is cancelled.",
          R"({"type":"object","properties":{"seconds":{"type":"number","minimum":0,"maximum":30}},
                       "required":["seconds"],"additionalProperties":false})"),
      [cancelled_count](const Call& call, const ExchangePtr& exchange) {
        const double seconds = std::clamp(number_argument(call, "seconds", 0), 0.0, kSecondsMax);
        const auto time = std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1'000));
        exchange->progress(0, seconds, "waiting");
        if (!pause(exchange->cancelled(), time)) ++*cancelled_count;
        exchange->finish(text_result("waited"));
      });
  mcp::ToolSpec count = reading("test_cancelled_count", "How many waits were cancelled.", kNoInput);
  count.hints.idempotent = false;
  add_tool(tools, count, [cancelled_count](const Call& /*call*/, const ExchangePtr& exchange) {
    exchange->finish(text_result(std::to_string(*cancelled_count)));
  });
}

}  // namespace

void add_flow_tools(FixtureTools& tools, mcp::Changes& changes) {
  add_tool(tools, reading("test_tool_with_progress", "Reports how far it is.", kNoInput),
           with_progress);
  add_tool(tools, reading("test_tool_with_logging", "Logs while it runs.", kNoInput), with_logging);
  add_tool(tools, reading("test_logging_tool", "Logs for those who asked for it.", kNoInput),
           [](const Call& /*call*/, const ExchangePtr& exchange) {
             exchange->log(mcp::LogLevel::Info, "fixture", R"("one line")");
             exchange->finish(text_result("Logged, if that was wanted."));
           });
  add_tool(tools, reading("test_reconnection", "Lets its stream go before it answers.", kNoInput),
           [](const Call& /*call*/, const ExchangePtr& exchange) {
             exchange->suspend_stream();
             static_cast<void>(pause(exchange->cancelled(), kStep));
             exchange->finish(text_result("Reconnection test completed successfully"));
           });
  add_tool(tools, reading("test_missing_capability", "Needs a client that samples.", kNoInput),
           [](const Call& /*call*/, const ExchangePtr& exchange) {
             if (!exchange->client().samples) {
               return exchange->finish(
                   mcp::missing_capability(mcp::capability_for(mcp::InputRequest::Kind::Sample)));
             }
             exchange->finish(text_result("The client can sample."));
           });
  add_tool(tools, reading("test_streaming_elicitation", "Answers without asking.", kNoInput),
           [](const Call& /*call*/, const ExchangePtr& exchange) {
             exchange->finish(text_result("Nothing had to be asked."));
           });
  add_tool(tools, reading("test_trigger_tool_change", "Announces a new list of tools.", kNoInput),
           publishing(changes, {mcp::Change::Kind::Tools}));
  add_tool(tools,
           reading("test_trigger_prompt_change", "Announces a new list of prompts.", kNoInput),
           publishing(changes, {mcp::Change::Kind::Prompts}));
  add_tool(tools,
           reading("test_trigger_resource_change",
                   "Announces new contents of the watched resource.", kNoInput),
           publishing(changes, {mcp::Change::Kind::Resource, "test://watched-resource"}));
  add_cancelling_tools(tools);
}

}  // namespace martgate::conformance
