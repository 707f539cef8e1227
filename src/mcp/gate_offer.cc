#include "mcp/gate_offer.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/json_writer.h"
#include "mcp/wire.h"

namespace martgate::mcp {
namespace {

ToolSpec spec_of(const gate::ToolListing& listing) {
  return {.name = listing.name,
          .title = listing.title,
          .description = listing.description,
          .input_schema = listing.input_schema,
          .output_schema = listing.output_schema,
          .hints = {.read_only = listing.read_only,
                    .destructive = !listing.read_only,
                    .idempotent = listing.read_only,
                    .open_world = false}};
}

// The envelope is seen once: inside the structured content, or in `_meta` when there is none.
ToolResult result_of(gate::CallResult result, bool has_structured_content) {
  ToolResult made;
  made.content.push_back(text_content(std::move(result.text)));
  made.is_error = result.is_error;
  if (!result.is_error && !result.structured.empty() && has_structured_content) {
    made.structured = std::move(result.structured);
  } else if (!result.envelope.empty()) {
    made.meta.reserve(meta_key::kEnvelope.size() + result.envelope.size() + 3);
    JsonWriter(made.meta).key(meta_key::kEnvelope).raw(result.envelope);
  }
  return made;
}

}  // namespace

GateOffer::GateOffer(gate::Gate& gate, ServerInfo info) : gate_(gate), info_(std::move(info)) {}

Capabilities GateOffer::capabilities() const {
  return {.tools = true};
}

std::shared_ptr<const Tool> GateOffer::made(const gate::ToolListing& listing) const {
  const std::lock_guard lock(mutex_);
  if (const std::uint64_t version = gate_.tools_version(); version != version_) {
    made_.clear();
    version_ = version;
  }
  const auto found = made_.find(listing.name);
  if (found != made_.end()) return found->second;
  const Result<std::shared_ptr<const Tool>> tool = Tool::make(spec_of(listing));
  return made_.emplace(listing.name, tool ? *tool : nullptr).first->second;
}

std::vector<std::shared_ptr<const Tool>> GateOffer::tools(const gate::Caller& caller) const {
  std::vector<std::shared_ptr<const Tool>> tools;
  for (const gate::ToolListing& listing : gate_.tools(caller)) {
    if (auto tool = made(listing)) tools.push_back(std::move(tool));
  }
  return tools;
}

std::shared_ptr<const Tool> GateOffer::tool(std::string_view name,
                                            const gate::Caller& caller) const {
  if (!gate_.has_tool(name)) return nullptr;
  {
    const std::lock_guard lock(mutex_);
    const auto found = made_.find(name);
    if (found != made_.end() && version_ == gate_.tools_version()) return found->second;
  }
  const std::vector<gate::ToolListing> listings = gate_.tools(caller);
  const auto listing = std::ranges::find(listings, name, &gate::ToolListing::name);
  return listing == listings.end() ? nullptr : made(*listing);
}

std::vector<std::string> GateOffer::scopes_missing(std::string_view method,
                                                   std::string_view subject,
                                                   const gate::Caller& caller) const {
  if (method != method::kToolsCall) return {};
  return gate_.scopes_missing(caller, subject);
}

void GateOffer::call_tool(ToolCall call, std::shared_ptr<Exchange> exchange) {
  gate::CallRequest request;
  request.tool = std::move(call.name);
  request.arguments = std::move(call.arguments);
  request.caller = exchange->caller();
  request.era = name_of(exchange->revision());
  request.transport = exchange->transport();
  request.trace_id = std::move(call.trace_id);
  request.cancel = exchange->cancelled();
  const bool is_structured = features_of(exchange->revision()).has_structured_content;
  gate_.call(std::move(request),
             [exchange = std::move(exchange), is_structured](gate::CallResult result) {
               exchange->finish(result_of(std::move(result), is_structured));
             });
}

}  // namespace martgate::mcp
