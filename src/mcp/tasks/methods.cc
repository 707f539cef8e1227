#include "mcp/tasks/methods.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "base/check.h"
#include "mcp/methods.h"
#include "mcp/tasks/wire.h"

namespace martgate::mcp {
namespace {

struct Asked {
  TaskOffer& tasks;
  std::string id;
};

RpcError unknown_task() {
  return invalid_params("unknown task");
}

// What the three have in common, or the refusal.
RpcResult<Asked> read(Call& call) {
  if (!call.client().takes_tasks()) {
    return tl::unexpected(missing_capability(tasks_wire::required_capabilities()));
  }
  const Json* params = call.params();
  const auto id = params == nullptr ? Json::const_iterator() : params->find("taskId");
  if (params == nullptr || id == params->end() || !id->is_string()) {
    return tl::unexpected(invalid_params("params.taskId must name a task"));
  }
  if (const auto allowed = check_scopes(call, {}); !allowed) {
    return tl::unexpected(allowed.error());
  }
  TaskOffer* tasks = call.service().offer.tasks();
  MARTGATE_CHECK(tasks != nullptr);  // the capability is offered
  return Asked{*tasks, id->get<std::string>()};
}

// {"resultType":"complete"}, and nothing of the task.
void acknowledge(Call& call, const RpcResult<bool>& done) {
  if (!done) return call.refuse(done.error());
  if (!*done) return call.refuse(unknown_task());
  call.answer(ResultMessage(call.frame()).finish());
}

}  // namespace

void get_task(const std::shared_ptr<Call>& call, const HttpHead* /*head*/) {
  const auto asked = read(*call);
  if (!asked) return call->refuse(asked.error());
  const auto members = asked->tasks.get(asked->id, call->caller());
  if (!members) return call->refuse(members.error());
  if (!*members) return call->refuse(unknown_task());
  ResultMessage message(call->frame(), (*members)->size() + 256);
  message.members().raw(**members);
  call->answer(std::move(message).finish());
}

void update_task(const std::shared_ptr<Call>& call, const HttpHead* /*head*/) {
  const auto asked = read(*call);
  if (!asked) return call->refuse(asked.error());
  const Json& params = *call->params();
  const auto responses = params.find("inputResponses");
  const bool is_map = responses != params.end() && responses->is_object();
  if (!is_map || !std::ranges::all_of(*responses, &Json::is_object)) {
    return call->refuse(invalid_params("params.inputResponses must be an object of objects"));
  }
  acknowledge(*call, asked->tasks.update(asked->id, call->caller(), *responses));
}

void cancel_task(const std::shared_ptr<Call>& call, const HttpHead* /*head*/) {
  const auto asked = read(*call);
  if (!asked) return call->refuse(asked.error());
  acknowledge(*call, asked->tasks.cancel(asked->id, call->caller()));
}

}  // namespace martgate::mcp
