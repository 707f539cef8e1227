// tasks/get, tasks/update and tasks/cancel of the tasks extension.
#pragma once

#include <memory>

#include "mcp/call.h"
#include "mcp/http_head.h"

namespace martgate::mcp {

// Each is refused, before the id is looked up, when the request does not declare the extension; an
// unknown, a foreign and an expired id are refused in the same words.
void get_task(const std::shared_ptr<Call>& call, const HttpHead* head);
void update_task(const std::shared_ptr<Call>& call, const HttpHead* head);
void cancel_task(const std::shared_ptr<Call>& call, const HttpHead* head);

}  // namespace martgate::mcp
