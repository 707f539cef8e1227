// Whose a handle is: what was handed to one caller is nobody else's.
#pragma once

#include <string>

#include "gate/gate.h"

namespace martgate::mcp {

// A tenant and a principal as one text that no other pair has.
[[nodiscard]] std::string owner_text(const gate::Caller& caller);

}  // namespace martgate::mcp
