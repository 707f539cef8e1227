// Resources and their templates: lists, reading, and the subscriptions of legacy sessions.
#pragma once

#include "mcp/methods.h"

namespace martgate::mcp {

void list_resources(const std::shared_ptr<Call>& call, const HttpHead* head);
void list_resource_templates(const std::shared_ptr<Call>& call, const HttpHead* head);
void read_resource(const std::shared_ptr<Call>& call, const HttpHead* head);
void subscribe(const std::shared_ptr<Call>& call, const HttpHead* head);
void unsubscribe(const std::shared_ptr<Call>& call, const HttpHead* head);

}  // namespace martgate::mcp
