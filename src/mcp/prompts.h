// prompts/list and prompts/get, in every revision.
#pragma once

#include "mcp/methods.h"

namespace martgate::mcp {

void list_prompts(const std::shared_ptr<Call>& call, const HttpHead* head);
// Unknown prompts and missing arguments are refused here.
void get_prompt(const std::shared_ptr<Call>& call, const HttpHead* head);

}  // namespace martgate::mcp
