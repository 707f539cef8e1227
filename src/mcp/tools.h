// tools/list and tools/call, in every revision.
#pragma once

#include "mcp/methods.h"

namespace martgate::mcp {

void list_tools(const std::shared_ptr<Call>& call, const HttpHead* head);

// Unknown tools and params of a wrong shape are refused here; whatever happens behind the offer is
// a result, with isError when it failed.
void call_tool(const std::shared_ptr<Call>& call, const HttpHead* head);

}  // namespace martgate::mcp
