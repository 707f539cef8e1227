// Refusals as JSON-RPC errors, each with the HTTP status that belongs to it, and the one place
// where an Error of ours becomes one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "mcp/revision.h"

namespace martgate::mcp {

struct RpcError {
  int code;
  std::string message;
  std::string data = {};  // JSON text; empty: no such member
  int http_status = 200;  // an error behind the dispatch is an ordinary answer
  std::vector<std::string> scopes_needed = {};  // of a 403: what a better credential needs
};

template <class T>
using RpcResult = tl::expected<T, RpcError>;

// What the JSON gate refused is a parse error; arguments and names that can be corrected are
// invalid params; the rest is internal. Failures inside a tool do not come here: they are results
// with isError, so that the model reads them.
[[nodiscard]] RpcError to_rpc(const Error& error);

// Not a JSON-RPC message, or one that is not taken at this place. Never a code that only modern
// servers use: a client of both eras takes those as proof of a modern server.
[[nodiscard]] RpcError invalid_request(std::string message, int http_status = 400);
[[nodiscard]] RpcError invalid_meta(std::string message);
// 404 in the modern era, an ordinary answer before it.
[[nodiscard]] RpcError method_not_found(std::string_view method, Era era);
// `body_value` is what the header had to say; `header_value` is null when it was absent.
[[nodiscard]] RpcError header_mismatch(std::string_view header,
                                       const std::string_view* header_value,
                                       std::string_view body_value);
[[nodiscard]] RpcError malformed_header(std::string_view header, std::string_view cause);
[[nodiscard]] RpcError unsupported_version(std::string_view requested);
[[nodiscard]] RpcError invalid_params(std::string message);
// `capabilities` is the object of objects that the client must declare, as JSON text.
[[nodiscard]] RpcError missing_capability(std::string_view capabilities);
// Carries the code of the legacy wires; the modern one says invalid params (2026-07-28, section
// Error Codes), and the answer is translated where it is written.
[[nodiscard]] RpcError resource_not_found(std::string_view uri);
// HTTP only: 403, and the transport's challenge names all the scopes.
[[nodiscard]] RpcError insufficient_scope(std::vector<std::string> scopes);

}  // namespace martgate::mcp
