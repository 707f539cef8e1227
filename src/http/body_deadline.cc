#include "http/body_deadline.h"

#include <algorithm>

namespace martgate::http {

std::int64_t body_deadline_ns(std::int64_t began_ns, std::uint64_t wire_bytes,
                              const ListenerOptions& options) {
  constexpr std::int64_t kNsPerMs = 1'000'000;
  // Compared in seconds first, so that no body is long enough to overflow the product.
  const auto earned_s = wire_bytes / static_cast<std::uint64_t>(options.body_bytes_per_second_min);
  if (earned_s >= static_cast<std::uint64_t>(options.body_ms_max)) {
    return began_ns + options.body_ms_max * kNsPerMs;
  }
  const auto rest = static_cast<std::int64_t>(
      wire_bytes % static_cast<std::uint64_t>(options.body_bytes_per_second_min));
  const std::int64_t earned_ms = static_cast<std::int64_t>(earned_s) * 1'000 +
                                 rest * 1'000 / options.body_bytes_per_second_min;
  return began_ns + std::min(options.body_ms_max, options.body_grace_ms + earned_ms) * kNsPerMs;
}

}  // namespace martgate::http
