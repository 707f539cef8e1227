#include "mcp/project_offer.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "gate/prompts.h"
#include "gate/resources.h"
#include "mcp/wire.h"

namespace martgate::mcp {
namespace {

// A description changes with the snapshot; a client that may keep it this long need not ask twice
// while it works on one answer.
constexpr std::int64_t kResourceTtlMs = 60'000;

Completion completion_of(std::vector<std::string> values) {
  Completion completion{std::move(values)};
  completion.total = static_cast<std::int64_t>(completion.values.size());
  completion.has_more = completion.values.size() > kCompletionValuesMax;
  return completion;
}

}  // namespace

ProjectOffer::ProjectOffer(gate::MartGate& gate, ServerInfo info)
    : GateOffer(gate, std::move(info)), mart_gate_(gate) {
  snapshots_ = gate.snapshots().subscribe(
      [this](const engine::SnapshotFacts& /*now*/) { publish_snapshot(); });
}

ProjectOffer::~ProjectOffer() {
  mart_gate_.snapshots().unsubscribe(snapshots_);
}

Capabilities ProjectOffer::capabilities() const {
  Capabilities capabilities = GateOffer::capabilities();
  const auto world = mart_gate_.world();
  capabilities.resources = !gate::resources_of(*world).empty();
  capabilities.resources_subscribe = capabilities.resources;
  capabilities.prompts = !gate::prompts_of(*world).empty();
  capabilities.completions = capabilities.resources || capabilities.prompts;
  return capabilities;
}

std::vector<Resource> ProjectOffer::resources(const gate::Caller& /*caller*/) const {
  std::vector<Resource> listed;
  for (gate::ResourceListing& listing : gate::resources_of(*mart_gate_.world())) {
    listed.push_back({.uri = std::move(listing.uri),
                      .name = std::move(listing.name),
                      .title = std::move(listing.title),
                      .description = std::move(listing.description),
                      .mime_type = std::string(gate::kResourceMimeType)});
  }
  return listed;
}

std::vector<ResourceTemplate> ProjectOffer::resource_templates(
    const gate::Caller& /*caller*/) const {
  std::vector<ResourceTemplate> listed;
  for (gate::ResourceTemplate& listing : gate::resource_templates_of(*mart_gate_.world())) {
    listed.push_back({.uri_template = std::move(listing.uri_template),
                      .name = std::move(listing.name),
                      .title = std::move(listing.title),
                      .description = std::move(listing.description),
                      .mime_type = std::string(gate::kResourceMimeType)});
  }
  return listed;
}

bool ProjectOffer::may_watch(std::string_view uri, const gate::Caller& /*caller*/) const {
  return gate::resource_call(*mart_gate_.world(), uri).has_value();
}

void ProjectOffer::read_resource(ResourceRead read, std::shared_ptr<Exchange> exchange) {
  auto call = gate::resource_call(*mart_gate_.world(), read.uri);
  if (!call) return exchange->finish(resource_not_found(read.uri));
  gate::CallRequest request;
  request.tool = std::move(call->tool);
  request.arguments = std::make_shared<Json>(Json{{"name", call->asset}});
  request.caller = exchange->caller();
  request.era = name_of(exchange->revision());
  request.transport = exchange->transport();
  request.trace_id = std::move(read.trace_id);
  request.cancel = exchange->cancelled();
  gate().call(std::move(request),
              [exchange = std::move(exchange), uri = std::move(read.uri)](gate::CallResult result) {
                if (result.is_error) {
                  return exchange->finish(RpcError{code::kInternalError, std::move(result.text)});
                }
                ReadResult contents{.contents = {}, .ttl_ms = kResourceTtlMs};
                contents.contents.push_back({.uri = uri,
                                             .mime_type = std::string(gate::kResourceMimeType),
                                             .body = std::move(result.structured)});
                exchange->finish(std::move(contents));
              });
}

std::vector<Prompt> ProjectOffer::prompts(const gate::Caller& /*caller*/) const {
  std::vector<Prompt> listed;
  for (gate::PromptListing& listing : gate::prompts_of(*mart_gate_.world())) {
    Prompt prompt{.name = std::move(listing.name),
                  .title = std::move(listing.title),
                  .description = std::move(listing.description)};
    for (gate::PromptArgument& argument : listing.arguments) {
      prompt.arguments.push_back({.name = std::move(argument.name),
                                  .description = std::move(argument.description),
                                  .is_required = argument.required});
    }
    listed.push_back(std::move(prompt));
  }
  return listed;
}

void ProjectOffer::get_prompt(PromptGet get, std::shared_ptr<Exchange> exchange) {
  auto text = gate::prompt_text(*mart_gate_.world(), get.name, get.arguments);
  if (!text) return exchange->finish(to_rpc(text.error()));
  PromptResult result;
  result.messages.push_back({PromptMessage::Role::User, text_content(std::move(*text))});
  exchange->finish(std::move(result));
}

RpcResult<Completion> ProjectOffer::complete(const CompletionRequest& request,
                                             const gate::Caller& /*caller*/) {
  const auto world = mart_gate_.world();
  auto values =
      request.of == CompletionRequest::Of::Prompt
          ? gate::prompt_values(*world, request.subject, request.argument, request.value)
          : gate::resource_names(*world, request.subject, request.argument, request.value);
  if (!values) return tl::unexpected(to_rpc(values.error()));
  return completion_of(std::move(*values));
}

std::vector<std::string> ProjectOffer::scopes_missing(std::string_view method,
                                                      std::string_view subject,
                                                      const gate::Caller& caller) const {
  if (method != method::kResourcesRead) return GateOffer::scopes_missing(method, subject, caller);
  const auto call = gate::resource_call(*mart_gate_.world(), subject);
  return call ? gate().scopes_missing(caller, call->tool) : std::vector<std::string>();
}

void ProjectOffer::publish_snapshot() {
  for (gate::ResourceListing& listing : gate::resources_of(*mart_gate_.world())) {
    changes_.publish({.kind = Change::Kind::Resource, .subject = std::move(listing.uri)});
  }
}

}  // namespace martgate::mcp
