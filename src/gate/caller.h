// Who asks, as the transport established it.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"

namespace martgate::gate {

// Until identity is configured everyone local is "local" of tenant "default".
struct Caller {
  std::string principal = "local";
  std::string tenant = "default";
  // When the credential ends, and with it the streams that were opened under it.
  std::optional<WallTime> authenticated_until = std::nullopt;
};

// Whether both are one principal of one tenant, whatever their credentials are.
[[nodiscard]] inline bool is_same_principal(const Caller& left, const Caller& right) {
  return left.principal == right.principal && left.tenant == right.tenant;
}

}  // namespace martgate::gate
