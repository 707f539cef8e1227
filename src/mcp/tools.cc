#include "mcp/tools.h"

#include <fmt/format.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "base/text.h"
#include "mcp/meta.h"

namespace martgate::mcp {
namespace {

constexpr std::int64_t kListTtlMs = 60'000;

// Schemas are written by people, over many lines; a message is one line. Blanks outside of strings
// go, everything else stays as it was written.
std::string on_one_line(std::string_view json) {
  std::string line;
  line.reserve(json.size());
  bool is_in_string = false;
  for (std::size_t at = 0; at < json.size(); ++at) {
    const char c = json[at];
    if (is_in_string && c == '\\') {
      line.append(json.substr(at, 2));
      ++at;
      continue;
    }
    if (c == '"') is_in_string = !is_in_string;
    if (is_in_string || (c != ' ' && c != '\n' && c != '\r' && c != '\t')) line.push_back(c);
  }
  return line;
}

void write_tool(JsonWriter& writer, const gate::ToolListing& tool, const Features& features) {
  writer.begin_object().field("name", tool.name);
  if (features.has_structured_content) writer.field("title", tool.title);
  writer.field("description", tool.description);
  writer.key("inputSchema").raw(on_one_line(tool.input_schema));
  if (features.has_structured_content && !tool.output_schema.empty()) {
    writer.key("outputSchema").raw(on_one_line(tool.output_schema));
  }
  // Every hint is explicit, since the defaults are those of a tool that may destroy.
  writer.key("annotations").begin_object();
  writer.field("readOnlyHint", tool.read_only).field("destructiveHint", !tool.read_only);
  writer.field("idempotentHint", tool.read_only).field("openWorldHint", false);
  writer.end_object().end_object();
}

// Errors: InvalidArgument for params of a wrong shape, NotFound for an unknown tool.
Result<gate::CallRequest> read_call(const gate::Gate& gate, Request& request) {
  const auto refuse = [](const char* message) { return fail(Code::InvalidArgument, message); };
  if (request.params == nullptr) return refuse("params.name must name a tool");
  Json& params = *request.params;
  const auto name = params.find("name");
  if (name == params.end() || !name->is_string()) return refuse("params.name must name a tool");

  gate::CallRequest call;
  call.tool = name->get<std::string>();
  if (!gate.has_tool(call.tool)) {
    std::vector<std::string> names;
    for (gate::ToolListing& tool : gate.tools(request.caller))
      names.push_back(std::move(tool.name));
    return fail(Code::NotFound, fmt::format("unknown tool: \"{}\"", shown(call.tool, 80)),
                name_hints(call.tool, names));
  }

  const auto arguments = params.find("arguments");
  if (arguments != params.end() && !arguments->is_object()) {
    return refuse("params.arguments must be an object");
  }
  call.arguments =
      std::make_unique<Json>(arguments == params.end() ? Json::object() : std::move(*arguments));
  call.trace_id = trace_id_of(&params);
  call.caller = std::move(request.caller);
  call.era = name_of(request.frame.revision);
  call.transport = request.transport;
  return call;
}

std::string call_message(const Frame& frame, const gate::CallResult& result) {
  constexpr std::size_t kAroundBytes = 512;
  ResultMessage message(
      frame, result.text.size() + result.structured.size() + result.envelope.size() + kAroundBytes);
  JsonWriter& writer = message.members();
  writer.key("content").begin_array().begin_object();
  writer.field("type", "text").field("text", result.text);
  writer.end_object().end_array();

  // The envelope is seen once: inside the structured content, or in `_meta` when there is none.
  const bool is_structured = !result.is_error && !result.structured.empty() &&
                             features_of(frame.revision).has_structured_content;
  if (is_structured) {
    writer.key("structuredContent").raw(result.structured);
  } else {
    message.meta_envelope(result.envelope);
  }
  if (result.is_error) writer.field("isError", true);
  return std::move(message).finish();
}

}  // namespace

void list_tools(gate::Gate& gate, Request request, const Finish& finish) {
  if (request.params != nullptr && request.params->contains("cursor")) {
    return finish(tl::unexpected(to_rpc({Code::InvalidArgument,
                                         "unknown cursor",
                                         {"the list has one page: leave the cursor out"}})));
  }
  const Features features = features_of(request.frame.revision);
  ResultMessage message(request.frame);
  JsonWriter& writer = message.members();
  writer.key("tools").begin_array();
  for (const gate::ToolListing& tool : gate.tools(request.caller)) {
    write_tool(writer, tool, features);
  }
  writer.end_array();
  message.cache_hint(kListTtlMs, ResultMessage::CacheScope::Private);  // it depends on the caller
  finish(std::move(message).finish());
}

void call_tool(gate::Gate& gate, Request request, const Finish& finish) {
  Result<gate::CallRequest> call = read_call(gate, request);
  if (!call) return finish(tl::unexpected(to_rpc(call.error())));
  gate.call(std::move(*call),
            [frame = std::move(request.frame), finish](const gate::CallResult& result) {
              finish(call_message(frame, result));
            });
}

}  // namespace martgate::mcp
