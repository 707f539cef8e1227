#include "mcp/offer.h"

#include "mcp/wire.h"

namespace martgate::mcp {

// Reached only when an offer advertises what it does not have.

void Offer::call_tool(ToolCall /*call*/, std::shared_ptr<Exchange> exchange) {
  exchange->finish(RpcError{code::kInternalError, "no tools are offered"});
}

void Offer::read_resource(ResourceRead read, std::shared_ptr<Exchange> exchange) {
  exchange->finish(resource_not_found(read.uri));
}

void Offer::get_prompt(PromptGet /*get*/, std::shared_ptr<Exchange> exchange) {
  exchange->finish(RpcError{code::kInternalError, "no prompts are offered"});
}

RpcResult<Completion> Offer::complete(const CompletionRequest& /*request*/,
                                      const gate::Caller& /*caller*/) {
  return Completion{};
}

}  // namespace martgate::mcp
