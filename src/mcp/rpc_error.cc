#include "mcp/rpc_error.h"

#include <fmt/format.h>

#include <utility>

#include "base/json_writer.h"
#include "base/text.h"
#include "mcp/wire.h"

namespace martgate::mcp {
namespace {

constexpr std::size_t kShownBytesMax = 120;

std::string shown_quoted(std::string_view text) {
  return fmt::format("\"{}\"", shown(text, kShownBytesMax));
}

}  // namespace

RpcError to_rpc(const Error& error) {
  if (error.reason.starts_with("json_")) {
    return {code::kParseError, fmt::format("parse error: {}", to_text(error)), {}, 400};
  }
  switch (error.code) {
    case Code::InvalidArgument:
    case Code::NotFound:
      return {code::kInvalidParams, to_text(error)};
    case Code::PermissionDenied:
    case Code::FailedPrecondition:
    case Code::ResourceExhausted:
    case Code::Unavailable:
    case Code::Internal:
      break;
  }
  return {code::kInternalError, to_text(error)};
}

RpcError invalid_request(std::string message, int http_status) {
  return {code::kInvalidRequest, std::move(message), {}, http_status};
}

RpcError invalid_meta(std::string message) {
  return {code::kInvalidParams, std::move(message), {}, 400};
}

RpcError method_not_found(std::string_view method, Era era) {
  return {code::kMethodNotFound,
          fmt::format("method not found: {}", shown_quoted(method)),
          {},
          era == Era::Modern ? 404 : 200};
}

RpcError header_mismatch(std::string_view header, const std::string_view* header_value,
                         std::string_view body_value) {
  RpcError error{code::kHeaderMismatch, {}, {}, 400};
  JsonWriter data(error.data);
  data.begin_object().field("header", header);
  if (header_value != nullptr) {
    error.message = fmt::format("header {} is {}, the body says {}", header,
                                shown_quoted(*header_value), shown_quoted(body_value));
    data.field("headerValue", shown(*header_value));
  } else {
    error.message =
        fmt::format("header {} is missing, the body says {}", header, shown_quoted(body_value));
  }
  data.field("bodyValue", shown(body_value)).end_object();
  return error;
}

RpcError malformed_header(std::string_view header, std::string_view cause) {
  RpcError error{code::kHeaderMismatch, fmt::format("header {} {}", header, cause), {}, 400};
  JsonWriter(error.data).begin_object().field("header", header).end_object();
  return error;
}

RpcError unsupported_version(std::string_view requested) {
  RpcError error{code::kUnsupportedProtocolVersion,
                 fmt::format("protocol version {} is not served here; accepted: {}",
                             shown_quoted(requested), name_of(kNewestModern)),
                 {},
                 400};
  JsonWriter data(error.data);
  data.begin_object().key("supported").begin_array().string(name_of(kNewestModern)).end_array();
  data.field("requested", requested).end_object();
  return error;
}

RpcError invalid_params(std::string message) {
  return {code::kInvalidParams, std::move(message)};
}

RpcError missing_capability(std::string_view capabilities) {
  RpcError error{code::kMissingClientCapability,
                 fmt::format("the client must declare the capability {}", capabilities),
                 {},
                 400};
  JsonWriter(error.data).begin_object().key("requiredCapabilities").raw(capabilities).end_object();
  return error;
}

RpcError resource_not_found(std::string_view uri) {
  RpcError error{code::kResourceNotFound, fmt::format("no such resource: {}", shown_quoted(uri))};
  JsonWriter(error.data).begin_object().field("uri", uri).end_object();
  return error;
}

RpcError insufficient_scope(std::vector<std::string> scopes) {
  RpcError error = invalid_request(
      fmt::format("the credential lacks a scope; needed: {}", join(scopes, " ")), 403);
  error.scopes_needed = std::move(scopes);
  return error;
}

}  // namespace martgate::mcp
