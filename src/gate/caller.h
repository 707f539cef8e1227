// Who asks, as the transport established it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "identity/principal.h"

namespace martgate::gate {

// A caller on this machine who showed nothing is "local" of tenant "default".
struct Caller {
  std::string principal = "local";
  std::string tenant = "default";
  // When the credential ends, and with it the streams that were opened under it.
  std::optional<WallTime> authenticated_until = std::nullopt;
  // What is known beyond the name; null for a local caller. Shared by the request, its session and
  // its streams.
  std::shared_ptr<const identity::Principal> who = nullptr;
  // False: no credential was shown, so its scopes say nothing.
  bool has_scopes = false;
};

// Whether both are one principal of one tenant, whatever their credentials are.
[[nodiscard]] inline bool is_same_principal(const Caller& left, const Caller& right) {
  return left.principal == right.principal && left.tenant == right.tenant;
}

}  // namespace martgate::gate
