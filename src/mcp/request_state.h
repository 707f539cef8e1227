// requestState: what a request that waits for answers must remember, carried by its client.
//
//   v1.<base64url of the payload>.<base64url of HMAC-SHA-256 over all before the second dot>
//   payload := {"a":…,"d":…,"exp":…,"m":…,"n":…,"sub":…}, canonical JSON
//
// The client can read it, so it holds no secret; it cannot change it, hand it to someone else, use
// it for another request, or keep it for long. It can send it twice: what may happen only once
// needs a record of our own. Any process with the key can open it.
// Source: 2026-07-28, basic/patterns/mrtr.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/mac.h"
#include "base/result.h"
#include "json/json_fwd.h"
#include "mcp/owner.h"

namespace martgate::mcp {

inline constexpr std::int64_t kRequestStateLifetimeMs = std::int64_t{10} * 60 * 1'000;
inline constexpr std::size_t kRequestStateBytesMax = 64U << 10U;

// The request a state belongs to; a retry must be the same one.
struct StateSubject {
  std::string_view method;  // "tools/call"
  std::string_view name;    // of the tool or prompt, or the URI
  std::string arguments;    // digest_of_arguments()
  std::string owner;        // owner_text()
};

// SHA-256 of the canonical form, hex; null and absent arguments are those of an empty object.
[[nodiscard]] std::string digest_of_arguments(const Json* arguments);

// `data` is whatever the handler wants back.
// Errors: ResourceExhausted when the state would be longer than kRequestStateBytesMax.
[[nodiscard]] Result<std::string> seal_state(const MacKey& key, const StateSubject& subject,
                                             const Json& data, WallTime now);

// The data again. Errors: InvalidArgument, with the same words for every flaw: which check failed
// would help nobody but who forges. Only a genuine state is told that it has expired.
[[nodiscard]] Result<Json> open_state(const MacKey& key, const StateSubject& subject,
                                      std::string_view state, WallTime now);

}  // namespace martgate::mcp
