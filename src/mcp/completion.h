// completion/complete, in every revision.
#pragma once

#include "mcp/methods.h"

namespace martgate::mcp {

void complete(const std::shared_ptr<Call>& call, const HttpHead* head);

}  // namespace martgate::mcp
