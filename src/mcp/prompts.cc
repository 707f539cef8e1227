#include "mcp/prompts.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "base/text.h"
#include "mcp/meta.h"
#include "mcp/paging.h"

namespace martgate::mcp {
namespace {

void write_prompt(JsonWriter& writer, const Prompt& prompt, const Features& features) {
  const bool has_titles = features.has_structured_content;
  writer.begin_object().field("name", prompt.name);
  if (has_titles && !prompt.title.empty()) writer.field("title", prompt.title);
  if (!prompt.description.empty()) writer.field("description", prompt.description);
  if (!prompt.arguments.empty()) {
    writer.key("arguments").begin_array();
    for (const PromptArgument& argument : prompt.arguments) {
      writer.begin_object().field("name", argument.name);
      if (has_titles && !argument.title.empty()) writer.field("title", argument.title);
      if (!argument.description.empty()) writer.field("description", argument.description);
      writer.field("required", argument.is_required).end_object();
    }
    writer.end_array();
  }
  if (has_titles && !prompt.meta.empty()) writer.key("_meta").raw(prompt.meta);
  writer.end_object();
}

// The arguments, when they are strings and all that the prompt requires are there.
RpcResult<std::shared_ptr<const Json>> read_arguments(Json& params, const Prompt& prompt) {
  const auto refuse = [](std::string words) {
    return tl::unexpected(invalid_params(std::move(words)));
  };
  const auto found = params.find("arguments");
  auto arguments = std::make_shared<Json>(found == params.end() ? Json::object() : *found);
  if (!arguments->is_object()) return refuse("params.arguments must be an object of strings");
  for (const auto& [name, value] : arguments->items()) {
    if (!value.is_string()) {
      return refuse(fmt::format("params.arguments.{} must be a string", shown(name, 80)));
    }
  }
  for (const PromptArgument& argument : prompt.arguments) {
    if (argument.is_required && !arguments->contains(argument.name)) {
      return refuse(fmt::format("prompt {} needs the argument {}", prompt.name, argument.name));
    }
  }
  return arguments;
}

}  // namespace

void list_prompts(const std::shared_ptr<Call>& call, const HttpHead* /*head*/) {
  const Features features = features_of(call->revision());
  answer_list(
      *call, "prompts", call->service().offer.prompts(call->caller()),
      [](const Prompt& prompt) -> std::string_view { return prompt.name; },
      [&](JsonWriter& writer, const Prompt& prompt) { write_prompt(writer, prompt, features); });
}

void get_prompt(const std::shared_ptr<Call>& call, const HttpHead* /*head*/) {
  Json* params = call->params();
  const auto name = params == nullptr ? Json::iterator() : params->find("name");
  if (params == nullptr || name == params->end() || !name->is_string()) {
    return call->refuse(invalid_params("params.name must name a prompt"));
  }
  PromptGet asked{name->get<std::string>(), {}, trace_id_of(params)};
  Offer& offer = call->service().offer;
  const std::vector<Prompt> prompts = offer.prompts(call->caller());
  const auto prompt = std::ranges::find(prompts, asked.name, &Prompt::name);
  if (prompt == prompts.end()) {
    std::vector<std::string> names;
    for (const Prompt& known : prompts) names.push_back(known.name);
    return call->refuse(
        to_rpc({Code::NotFound, fmt::format("unknown prompt: \"{}\"", shown(asked.name, 80)),
                name_hints(asked.name, names)}));
  }
  const auto arguments = read_arguments(*params, *prompt);
  if (!arguments) return call->refuse(arguments.error());
  for (const auto& [key, value] : (*arguments)->items()) {
    asked.arguments.emplace(key, value.get<std::string>());
  }
  if (const auto allowed = check_scopes(*call, asked.name); !allowed) {
    return call->refuse(allowed.error());
  }
  call->run_in_rounds(asked.name, *arguments, [&offer, asked](std::shared_ptr<Exchange> exchange) {
    offer.get_prompt(asked, std::move(exchange));
  });
}

}  // namespace martgate::mcp
