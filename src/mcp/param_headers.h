// "x-mcp-header": arguments of a tool that its HTTP clients repeat as Mcp-Param-* headers, so that
// what stands between them and us can route without reading bodies.
// Source: 2026-07-28, basic/transports/streamable-http; SEP-2243.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "json/json_fwd.h"
#include "mcp/rpc_error.h"

namespace martgate::mcp {

inline constexpr std::string_view kParamHeaderKeyword = "x-mcp-header";
inline constexpr std::string_view kParamHeaderPrefix = "Mcp-Param-";

struct ParamHeader {
  std::string name;               // "Mcp-Param-Region"
  std::vector<std::string> path;  // the keys from the arguments to the value
};

// The annotations of an input schema, in the order of its keys. Clients drop a tool that breaks one
// of the rules without a word, so it is refused where it is registered: a name is a token (RFC
// 9110), once per tool whatever its case; the property is a string, an integer or a boolean, and is
// reached through "properties" only.
// Errors: InvalidArgument, naming the property.
[[nodiscard]] Result<std::vector<ParamHeader>> param_headers_of(const Json& input_schema);

// One field of a request; names in any case.
using HeaderField = std::pair<std::string_view, std::string_view>;

// An argument that is there and not null stands in its header, once and equal: strings byte by byte
// after decoding, booleans as true or false, integers by their value within +-(2^53-1). A header
// without its argument is ignored. `arguments` may be null.
// Errors: header mismatch.
[[nodiscard]] RpcResult<void> check_param_headers(std::span<const ParamHeader> headers,
                                                  const Json* arguments,
                                                  std::span<const HeaderField> fields);

}  // namespace martgate::mcp
