#include "mcp/tools.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "base/text.h"
#include "mcp/meta.h"
#include "mcp/paging.h"
#include "mcp/param_headers.h"

namespace martgate::mcp {
namespace {

void write_tool(JsonWriter& writer, const ToolSpec& tool, const Features& features) {
  writer.begin_object().field("name", tool.name);
  if (features.has_structured_content && !tool.title.empty()) writer.field("title", tool.title);
  writer.field("description", tool.description);
  writer.key("inputSchema").raw(tool.input_schema);
  if (features.has_structured_content && !tool.output_schema.empty()) {
    writer.key("outputSchema").raw(tool.output_schema);
  }
  // Every hint is explicit, since the defaults are those of a tool that may destroy.
  writer.key("annotations").begin_object();
  writer.field("readOnlyHint", tool.hints.read_only);
  writer.field("destructiveHint", tool.hints.destructive);
  writer.field("idempotentHint", tool.hints.idempotent);
  writer.field("openWorldHint", tool.hints.open_world);
  writer.end_object();
  if (features.has_structured_content && !tool.meta.empty()) writer.key("_meta").raw(tool.meta);
  writer.end_object();
}

RpcError unknown_tool(Call& call, std::string_view name) {
  std::vector<std::string> names;
  for (const auto& tool : call.service().offer.tools(call.caller())) names.push_back(tool->name());
  return to_rpc({Code::NotFound, fmt::format("unknown tool: \"{}\"", shown(name, 80)),
                 name_hints(name, names)});
}

}  // namespace

void list_tools(const std::shared_ptr<Call>& call, const HttpHead* /*head*/) {
  const Features features = features_of(call->revision());
  answer_list(
      *call, "tools", call->service().offer.tools(call->caller()),
      [](const auto& tool) -> std::string_view { return tool->name(); },
      [&](JsonWriter& writer, const auto& tool) { write_tool(writer, tool->spec(), features); });
}

void call_tool(const std::shared_ptr<Call>& call, const HttpHead* head) {
  Json* params = call->params();
  const auto name = params == nullptr ? Json::iterator() : params->find("name");
  if (params == nullptr || name == params->end() || !name->is_string()) {
    return call->refuse(invalid_params("params.name must name a tool"));
  }
  ToolCall asked{name->get<std::string>(), nullptr, trace_id_of(params)};
  Offer& offer = call->service().offer;
  const std::shared_ptr<const Tool> tool = offer.tool(asked.name, call->caller());
  if (tool == nullptr) return call->refuse(unknown_tool(*call, asked.name));

  const auto arguments = params->find("arguments");
  if (arguments != params->end() && !arguments->is_object()) {
    return call->refuse(invalid_params("params.arguments must be an object"));
  }
  asked.arguments = std::make_shared<const Json>(
      arguments == params->end() ? Json::object() : std::move(*arguments));
  if (head != nullptr && call->era() == Era::Modern && !tool->param_headers().empty()) {
    const RpcResult<void> mirrored =
        check_param_headers(tool->param_headers(), asked.arguments.get(), head->params);
    if (!mirrored) return call->refuse(mirrored.error());
  }
  if (const auto allowed = check_scopes(*call, asked.name); !allowed) {
    return call->refuse(allowed.error());
  }
  call->run_in_rounds(asked.name, asked.arguments,
                      [&offer, asked](std::shared_ptr<Exchange> exchange) {
                        offer.call_tool(asked, std::move(exchange));
                      });
}

}  // namespace martgate::mcp
