#include "mcp/owner.h"

#include <fmt/format.h>

namespace martgate::mcp {

std::string owner_text(const gate::Caller& caller) {
  return fmt::format("{}:{}:{}", caller.tenant.size(), caller.tenant, caller.principal);
}

}  // namespace martgate::mcp
