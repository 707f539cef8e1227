// `params._meta`: what a modern request says of itself, and what any request may bring for tracing.
#pragma once

#include <optional>
#include <string>

#include "json/json_fwd.h"
#include "mcp/log_level.h"
#include "mcp/rpc_error.h"

namespace martgate::mcp {

// True when `_meta` names a protocol version, whatever the value. `params` may be null.
[[nodiscard]] bool has_claim(const Json* params);

struct Meta {
  std::string protocol_version;  // as sent
};

// Errors: invalid params with HTTP status 400, naming the keys that are missing or of a wrong type.
[[nodiscard]] RpcResult<Meta> read_meta(const Json* params);

// The JSON text of `_meta.progressToken`; empty when it is absent or no token.
[[nodiscard]] std::string progress_token_of(const Json* params);
// What the request asks to be told; nothing when it does not ask.
[[nodiscard]] std::optional<LogLevel> log_level_of(const Json* params);
// Null when the request declares none.
[[nodiscard]] const Json* client_capabilities_of(const Json* params);

// 32 lower-case hex digits from a W3C traceparent; empty when absent or malformed, which is no
// error (Trace Context, section 3.2.2).
[[nodiscard]] std::string trace_id_of(const Json* params);

}  // namespace martgate::mcp
