#include "mcp/modern.h"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>

#include "mcp/meta.h"
#include "mcp/wire.h"

namespace martgate::mcp {
namespace {

constexpr std::int64_t kDiscoverTtlMs = 600'000;

using Check = RpcResult<void>;

Check check_mirror(std::string_view header, std::optional<std::string_view> value,
                   std::string_view body_value) {
  if (!value) return tl::unexpected(header_mismatch(header, nullptr, body_value));
  if (*value != body_value) return tl::unexpected(header_mismatch(header, &*value, body_value));
  return {};
}

Check check_name(const HttpHead& head, std::string_view body_value) {
  if (!head.name) return check_mirror(header::kName, std::nullopt, body_value);
  const RpcResult<std::string> name = decoded_value(header::kName, *head.name);
  if (!name) return tl::unexpected(name.error());
  return check_mirror(header::kName, *name, body_value);
}

// The string that Mcp-Name repeats. Null when the method has none, or params lacks it: then the
// method refuses its params.
const std::string* mirrored_value(const Message& request) {
  const Method* method = find_method(request.method, Era::Modern);
  if (method == nullptr || method->mirrored_param.empty()) return nullptr;
  const auto value = request.params->find(method->mirrored_param);
  if (value == request.params->end() || !value->is_string()) return nullptr;
  return &value->get_ref<const std::string&>();
}

Check check_headers(const HttpHead& head, const Message& request, const Meta& meta) {
  if (Check version =
          check_mirror(header::kProtocolVersion, head.protocol_version, meta.protocol_version);
      !version) {
    return version;
  }
  if (Check method = check_mirror(header::kMethod, head.rpc_method, request.method); !method) {
    return method;
  }
  const std::string* name = mirrored_value(request);
  return name == nullptr ? Check{} : check_name(head, *name);
}

}  // namespace

RpcResult<const Method*> admit_modern(const Message& request, const HttpHead* head,
                                      const Capabilities& capabilities) {
  const RpcResult<Meta> meta = read_meta(request.params.get());
  if (!meta) return tl::unexpected(meta.error());
  if (head != nullptr) {
    if (const Check headers = check_headers(*head, request, *meta); !headers) {
      return tl::unexpected(headers.error());
    }
  }
  if (meta->protocol_version != name_of(kNewestModern)) {
    return tl::unexpected(unsupported_version(meta->protocol_version));
  }
  const Method* method = find_method(request.method, Era::Modern, capabilities);
  if (method == nullptr) return tl::unexpected(method_not_found(request.method, Era::Modern));
  return method;
}

void discover(const std::shared_ptr<Call>& call, const HttpHead* /*head*/) {
  const Service& service = call->service();
  ResultMessage message(call->frame());
  JsonWriter& writer = message.members();
  writer.key("supportedVersions").begin_array().string(name_of(kNewestModern)).end_array();
  write_capabilities(writer.key("capabilities"), service.capabilities, Era::Modern);
  if (const std::string instructions = service.offer.instructions(); !instructions.empty()) {
    writer.field("instructions", instructions);
  }
  message.cache_hint(kDiscoverTtlMs, CacheScope::Public);
  call->answer(std::move(message).finish());
}

}  // namespace martgate::mcp
