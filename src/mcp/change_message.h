// A change as the notification that tells of it.
#pragma once

#include <string>
#include <string_view>

#include "mcp/changes.h"

namespace martgate::mcp {

// `subscription_id` is the JSON text of a listen request's id; empty in a legacy session.
[[nodiscard]] std::string change_message(const Change& change, std::string_view subscription_id);

}  // namespace martgate::mcp
