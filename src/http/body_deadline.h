// How slowly a body may come.
#pragma once

#include <cstdint>

#include "http/options.h"

namespace martgate::http {

// When a body that began at `began_ns` and of which `wire_bytes` have come is given up if nothing
// more comes: after body_grace_ms, and a second later for each body_bytes_per_second_min bytes, but
// never later than body_ms_max. A sender that dribbles is found out long before the last deadline.
[[nodiscard]] std::int64_t body_deadline_ns(std::int64_t began_ns, std::uint64_t wire_bytes,
                                            const ListenerOptions& options);

}  // namespace martgate::http
