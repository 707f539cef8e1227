// The one JSON tree of this program, by name only; include <nlohmann/json.hpp> where it is used.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace martgate {
using Json = nlohmann::json;  // members sorted by key; integers keep 64 bits
}  // namespace martgate
