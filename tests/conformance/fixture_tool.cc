#include "fixture_tool.h"

#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <nlohmann/json.hpp>
#include <utility>

namespace martgate::conformance {

void add_tool(FixtureTools& tools, mcp::ToolSpec spec, RunTool run) {
  auto tool = mcp::Tool::make(std::move(spec));
  if (!tool) {
    std::fprintf(stderr, "martgate-conformance: %s\n", to_text(tool.error()).c_str());
    std::abort();
  }
  tools.push_back({std::move(*tool), std::move(run)});
}

mcp::ToolSpec reading(std::string name, std::string description, std::string input_schema) {
  mcp::ToolSpec spec;
  spec.name = std::move(name);
  spec.description = std::move(description);
  spec.input_schema = std::move(input_schema);
  spec.hints = {.read_only = true, .destructive = false, .idempotent = true, .open_world = false};
  return spec;
}

mcp::ToolResult text_result(std::string text) {
  mcp::ToolResult result;
  result.content.push_back(mcp::text_content(std::move(text)));
  return result;
}

std::string text_argument(const mcp::ToolCall& call, const char* name, std::string otherwise) {
  const auto found = call.arguments->find(name);
  if (found == call.arguments->end() || !found->is_string()) return otherwise;
  return found->get<std::string>();
}

double number_argument(const mcp::ToolCall& call, const char* name, double otherwise) {
  const auto found = call.arguments->find(name);
  if (found == call.arguments->end() || !found->is_number()) return otherwise;
  return found->get<double>();
}

bool pause(const std::stop_token& stop, std::chrono::milliseconds time) {
  std::mutex mutex;
  std::condition_variable_any over;
  std::unique_lock lock(mutex);
  over.wait_for(lock, stop, time, [] { return false; });
  return !stop.stop_requested();
}

}  // namespace martgate::conformance
