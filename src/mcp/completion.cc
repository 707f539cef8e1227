#include "mcp/completion.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace martgate::mcp {
namespace {

const Json* object_in(const Json& parent, const char* key) {
  const auto found = parent.find(key);
  return found != parent.end() && found->is_object() ? &*found : nullptr;
}

const std::string* string_in(const Json& parent, const char* key) {
  const auto found = parent.find(key);
  return found != parent.end() && found->is_string() ? &found->get_ref<const std::string&>()
                                                     : nullptr;
}

RpcResult<CompletionRequest> read_request(const Json* params) {
  const auto refuse = [](const char* words) { return tl::unexpected(invalid_params(words)); };
  const Json* ref = params == nullptr ? nullptr : object_in(*params, "ref");
  const Json* argument = params == nullptr ? nullptr : object_in(*params, "argument");
  if (ref == nullptr || argument == nullptr) {
    return refuse("params need the objects ref and argument");
  }
  const std::string* type = string_in(*ref, "type");
  const bool is_prompt = type != nullptr && *type == "ref/prompt";
  if (!is_prompt && (type == nullptr || *type != "ref/resource")) {
    return refuse("params.ref.type must be ref/prompt or ref/resource");
  }
  const std::string* subject = string_in(*ref, is_prompt ? "name" : "uri");
  if (subject == nullptr) return refuse("params.ref must name a prompt, or a resource by its uri");
  const std::string* name = string_in(*argument, "name");
  const std::string* value = string_in(*argument, "value");
  if (name == nullptr || value == nullptr) {
    return refuse("params.argument needs the strings name and value");
  }
  using Of = CompletionRequest::Of;
  CompletionRequest request{is_prompt ? Of::Prompt : Of::Resource, *subject, *name, *value, {}};
  const Json* context = object_in(*params, "context");
  const Json* chosen = context == nullptr ? nullptr : object_in(*context, "arguments");
  if (chosen == nullptr) return request;
  for (const auto& [key, text] : chosen->items()) {
    if (!text.is_string()) return refuse("params.context.arguments must hold strings");
    request.chosen.emplace(key, text.get<std::string>());
  }
  return request;
}

}  // namespace

void complete(const std::shared_ptr<Call>& call, const HttpHead* /*head*/) {
  const RpcResult<CompletionRequest> request = read_request(call->params());
  if (!request) return call->refuse(request.error());
  const RpcResult<Completion> completion = call->service().offer.complete(*request, call->caller());
  if (!completion) return call->refuse(completion.error());

  const std::size_t count = std::min(completion->values.size(), kCompletionValuesMax);
  ResultMessage message(call->frame());
  JsonWriter& writer = message.members();
  writer.key("completion").begin_object().key("values").begin_array();
  for (std::size_t at = 0; at < count; ++at) writer.string(completion->values[at]);
  writer.end_array();
  if (completion->total) writer.field("total", *completion->total);
  writer.field("hasMore", completion->has_more || count < completion->values.size());
  writer.end_object();
  call->answer(std::move(message).finish());
}

}  // namespace martgate::mcp
