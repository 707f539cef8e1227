#include "mcp/legacy.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

namespace martgate::mcp {

Result<Revision> negotiated(const Json* params) {
  const auto refuse = [](std::string_view key, std::string_view wanted) {
    return fail(Code::InvalidArgument, fmt::format("params.{} must be {}", key, wanted));
  };
  if (params == nullptr || !params->contains("protocolVersion") ||
      !(*params)["protocolVersion"].is_string()) {
    return refuse("protocolVersion", "a string");
  }
  for (const char* key : {"capabilities", "clientInfo"}) {
    if (params->contains(key) && !(*params)[key].is_object()) return refuse(key, "an object");
  }
  const auto asked = revision_named((*params)["protocolVersion"].get_ref<const std::string&>());
  return asked && era_of(*asked) == Era::Legacy ? *asked : kNewestLegacy;
}

std::string initialize_message(const gate::Gate& gate, const Frame& frame) {
  ResultMessage message(frame);
  JsonWriter& writer = message.members();
  writer.field("protocolVersion", name_of(frame.revision));
  write_capabilities(writer.key("capabilities"));
  writer.key("serverInfo").raw(*frame.server_info);
  writer.field("instructions", gate.instructions());
  return std::move(message).finish();
}

void ping(gate::Gate& /*gate*/, Request request, const Finish& finish) {
  finish(ResultMessage(request.frame).finish());
}

}  // namespace martgate::mcp
