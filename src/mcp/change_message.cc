#include "mcp/change_message.h"

#include "base/check.h"
#include "base/json_writer.h"
#include "mcp/answer.h"
#include "mcp/wire.h"

namespace martgate::mcp {
namespace {

std::string_view method_of(Change::Kind kind) {
  switch (kind) {
    case Change::Kind::Tools:
      return method::kToolsChanged;
    case Change::Kind::Prompts:
      return method::kPromptsChanged;
    case Change::Kind::Resources:
      return method::kResourcesChanged;
    case Change::Kind::Resource:
      return method::kResourceUpdated;
    case Change::Kind::Task:
      return method::kTaskChanged;
  }
  MARTGATE_CHECK(false);
}

}  // namespace

std::string change_message(const Change& change, std::string_view subscription_id) {
  std::string params;
  JsonWriter writer(params);
  writer.begin_object();
  if (change.kind == Change::Kind::Resource) writer.field("uri", change.subject);
  if (change.kind == Change::Kind::Task) writer.raw(change.task_members);
  if (!subscription_id.empty()) {
    writer.key("_meta").begin_object();
    writer.key(meta_key::kSubscriptionId).raw(subscription_id).end_object();
  }
  writer.end_object();
  return notification(method_of(change.kind), params);
}

}  // namespace martgate::mcp
