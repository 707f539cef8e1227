#include "mcp/methods.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "mcp/completion.h"
#include "mcp/legacy.h"
#include "mcp/modern.h"
#include "mcp/prompts.h"
#include "mcp/resources.h"
#include "mcp/subscriptions.h"
#include "mcp/tasks/methods.h"
#include "mcp/tools.h"
#include "mcp/wire.h"

namespace martgate::mcp {
namespace {

using C = Capabilities;

// initialize is not here: it makes the session that requests are served in.
constexpr std::array kMethods{
    // name, legacy, modern, mirrored, capability, handler
    Method{method::kDiscover, false, true, {}, nullptr, discover},
    Method{method::kPing, true, false, {}, nullptr, ping},
    Method{method::kToolsList, true, true, {}, &C::tools, list_tools},
    Method{method::kToolsCall, true, true, "name", &C::tools, call_tool},
    Method{method::kResourcesList, true, true, {}, &C::resources, list_resources},
    Method{method::kTemplatesList, true, true, {}, &C::resources, list_resource_templates},
    Method{method::kResourcesRead, true, true, "uri", &C::resources, read_resource},
    Method{method::kResourcesSubscribe, true, false, {}, &C::resources_subscribe, subscribe},
    Method{method::kResourcesUnsubscribe, true, false, {}, &C::resources_subscribe, unsubscribe},
    Method{method::kPromptsList, true, true, {}, &C::prompts, list_prompts},
    Method{method::kPromptsGet, true, true, "name", &C::prompts, get_prompt},
    Method{method::kComplete, true, true, {}, &C::completions, complete},
    Method{method::kSetLevel, true, false, {}, &C::logging, set_log_level},
    Method{method::kListen, false, true, {}, nullptr, listen},
    Method{method::kTasksGet, false, true, "taskId", &C::tasks, get_task},
    Method{method::kTasksUpdate, false, true, "taskId", &C::tasks, update_task},
    Method{method::kTasksCancel, false, true, "taskId", &C::tasks, cancel_task},
};

}  // namespace

const Method* find_method(std::string_view name, Era era) {
  const auto found = std::ranges::find_if(kMethods, [&](const Method& method) {
    return method.name == name && (era == Era::Modern ? method.in_modern : method.in_legacy);
  });
  return found == kMethods.end() ? nullptr : &*found;
}

const Method* find_method(std::string_view name, Era era, const Capabilities& capabilities) {
  const Method* found = find_method(name, era);
  const bool is_offered =
      found != nullptr && (found->capability == nullptr || capabilities.*(found->capability));
  return is_offered ? found : nullptr;
}

void write_capabilities(JsonWriter& writer, const Capabilities& capabilities, Era era) {
  writer.begin_object();
  if (capabilities.tools) {
    writer.key("tools").begin_object();
    if (capabilities.tools_list_changed) writer.field("listChanged", true);
    writer.end_object();
  }
  if (capabilities.resources) {
    writer.key("resources").begin_object();
    if (capabilities.resources_subscribe) writer.field("subscribe", true);
    if (capabilities.resources_list_changed) writer.field("listChanged", true);
    writer.end_object();
  }
  if (capabilities.prompts) {
    writer.key("prompts").begin_object();
    if (capabilities.prompts_list_changed) writer.field("listChanged", true);
    writer.end_object();
  }
  if (capabilities.completions) writer.key("completions").begin_object().end_object();
  if (capabilities.logging) writer.key("logging").begin_object().end_object();
  const bool has_tasks = capabilities.tasks && era == Era::Modern;
  if (has_tasks || !capabilities.extensions.empty()) {
    writer.key("extensions").begin_object();
    if (has_tasks) writer.key(kTasksExtension).begin_object().end_object();
    for (const auto& [id, settings] : capabilities.extensions) writer.key(id).raw(settings);
    writer.end_object();
  }
  writer.end_object();
}

RpcResult<void> check_scopes(Call& call, std::string_view subject) {
  if (call.transport() != kHttpTransport) return {};  // a pipe knows no challenge
  std::vector<std::string> needed =
      call.service().offer.scopes_missing(call.method(), subject, call.caller());
  if (needed.empty()) return {};
  return tl::unexpected(insufficient_scope(std::move(needed)));
}

}  // namespace martgate::mcp
