// tools/list and tools/call over the gate, in every revision.
#pragma once

#include "mcp/methods.h"

namespace martgate::mcp {

void list_tools(gate::Gate& gate, Request request, const Finish& finish);

// Unknown tools and params of a wrong shape are refused here; whatever happens behind the gate is a
// result, with isError when it failed.
void call_tool(gate::Gate& gate, Request request, const Finish& finish);

}  // namespace martgate::mcp
