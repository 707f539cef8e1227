// The head of an HTTP request as far as the protocol reads it, and the rules for its values.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "gate/caller.h"
#include "mcp/era.h"
#include "mcp/param_headers.h"
#include "mcp/rpc_error.h"

namespace martgate::mcp {

// Values are those of the fields of that name, without the blanks around them. The views are read
// while Server::handle_http runs and not after.
struct HttpHead {
  std::string_view method;
  std::vector<std::string_view> accept;  // one per field
  std::optional<std::string_view> content_type;
  std::optional<std::string_view> protocol_version;
  std::optional<std::string_view> rpc_method;  // Mcp-Method
  std::optional<std::string_view> name;        // Mcp-Name
  std::optional<std::string_view> session_id;
  std::optional<std::string_view> last_event_id;
  std::vector<HeaderField> params;  // Mcp-Param-*
  gate::Caller caller;
};

[[nodiscard]] bool is_json_type(std::string_view content_type);
// Whether a media range in `accept` admits "application/json" or another full type; q=0 does not.
// No Accept field admits every type (RFC 9110, section 12.5.1).
[[nodiscard]] bool accepts(std::span<const std::string_view> accept, std::string_view media_type);
[[nodiscard]] VersionHeader version_header_of(std::optional<std::string_view> value);

// A value as it is, or decoded from "=?base64?…?=" (2026-07-28, Streamable HTTP: Value Encoding).
// Errors: header mismatch for bytes a plain value cannot hold, base64 that is not canonical, and
// decoded bytes that are not UTF-8.
[[nodiscard]] RpcResult<std::string> decoded_value(std::string_view header, std::string_view value);

}  // namespace martgate::mcp
