// Canonical JSON text (RFC 8785): equal values have equal bytes, so a digest stands for the value.
#pragma once

#include <string>

#include "json/json_fwd.h"

namespace martgate {

// Members sorted by the UTF-16 code units of their keys, no blanks, minimal escapes, doubles in
// the shortest ECMAScript form (1.0 is 1, 1e21 stays 1e+21).
// Beyond RFC 8785, integers keep all 64 bits as digits instead of being rounded to a double.
// The value is one that passed parse_ijson or is as shallow; NaN and infinities are null.
[[nodiscard]] std::string canonical_json(const Json& value);

}  // namespace martgate
