// Prompts of the fixture, and completion of their arguments.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "asking.h"
#include "base/base64.h"
#include "fixture_offer.h"
#include "mcp/rpc_error.h"
#include "media.h"

namespace martgate::conformance {
namespace {

constexpr const char* kSimple = "test_simple_prompt";
constexpr const char* kWithArguments = "test_prompt_with_arguments";
constexpr const char* kWithResource = "test_prompt_with_embedded_resource";
constexpr const char* kWithImage = "test_prompt_with_image";
constexpr const char* kAsking = "test_input_required_result_prompt";

mcp::PromptResult result_of(std::vector<mcp::Content> contents) {
  mcp::PromptResult result;
  for (mcp::Content& content : contents) {
    result.messages.push_back({mcp::PromptMessage::Role::User, std::move(content)});
  }
  return result;
}

// What the prompt says; the required arguments are there.
mcp::Outcome outcome_of(const mcp::PromptGet& get, const mcp::Exchange& exchange) {
  const auto argument = [&](const char* name) { return get.arguments.find(name)->second; };
  if (get.name == kSimple) {
    return result_of({mcp::text_content("This is a simple prompt for testing.")});
  }
  if (get.name == kWithArguments) {
    return result_of({mcp::text_content(fmt::format("Prompt with arguments: arg1='{}', arg2='{}'",
                                                    argument("arg1"), argument("arg2")))});
  }
  if (get.name == kWithResource) {
    const mcp::ResourceContents resource{argument("resourceUri"), "text/plain",
                                         "Embedded resource content for testing."};
    return result_of(
        {{resource}, mcp::text_content("Please process the embedded resource above.")});
  }
  if (get.name == kWithImage) {
    return result_of({{mcp::ImageContent{base64(png_pixel()), "image/png"}},
                      mcp::text_content("Please analyze the image above.")});
  }
  if (const auto context = text_answer(exchange, "user_context", "context")) {
    return result_of({mcp::text_content("Use this context: " + *context)});
  }
  mcp::InputRequired input;
  input.requests.push_back(ask_text("user_context", "What should the prompt know?", "context"));
  return input;
}

}  // namespace

std::vector<mcp::Prompt> FixtureOffer::prompts(const gate::Caller& /*caller*/) const {
  const auto required = [](const char* name, const char* description) {
    return mcp::PromptArgument{.name = name, .description = description, .is_required = true};
  };
  return {{.name = kSimple, .title = "Simple", .description = "One message without arguments"},
          {.name = kWithArguments,
           .title = "With arguments",
           .description = "Repeats both arguments",
           .arguments = {required("arg1", "the first one"), required("arg2", "the second one")}},
          {.name = kWithResource,
           .title = "With a resource",
           .description = "Shows a resource first",
           .arguments = {required("resourceUri", "the resource to show")}},
          {.name = kWithImage, .title = "With a picture", .description = "Shows a picture first"},
          {.name = kAsking,
           .title = "Asks first",
           .description = "Asks the user for context before it is complete"}};
}

void FixtureOffer::get_prompt(mcp::PromptGet get, std::shared_ptr<mcp::Exchange> exchange) {
  exchange->finish(outcome_of(get, *exchange));
}

mcp::RpcResult<mcp::Completion> FixtureOffer::complete(const mcp::CompletionRequest& request,
                                                       const gate::Caller& caller) {
  static constexpr std::array kValues{"testing", "test1", "test2", "paris", "park", "party"};
  const bool is_prompt = request.of == mcp::CompletionRequest::Of::Prompt;
  const auto has_subject = [&](const auto& items, auto name) {
    return std::ranges::any_of(items,
                               [&](const auto& item) { return item.*name == request.subject; });
  };
  const bool is_known =
      is_prompt ? has_subject(prompts(caller), &mcp::Prompt::name)
                : has_subject(resource_templates(caller), &mcp::ResourceTemplate::uri_template);
  if (!is_known) return tl::unexpected(mcp::invalid_params("unknown prompt or template"));
  mcp::Completion completion;
  for (const char* value : kValues) {
    if (std::string_view(value).starts_with(request.value)) completion.values.emplace_back(value);
  }
  completion.total = static_cast<std::int64_t>(completion.values.size());
  return completion;
}

}  // namespace martgate::conformance
