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

std::shared_ptr<Session> session_of(const Json& params, Revision revision,
                                    const gate::Caller& caller, std::shared_ptr<LineWriter> pipe) {
  const auto capabilities = params.find("capabilities");
  ClientCapabilities client =
      read_client_capabilities(capabilities == params.end() ? nullptr : &*capabilities);
  // Clients of both eras declare it here too, but tasks/get and the rest are modern only.
  std::erase(client.extensions, kTasksExtension);
  return std::make_shared<Session>(revision, caller, std::move(client), std::move(pipe));
}

std::string initialize_message(const Service& service, const Frame& frame) {
  ResultMessage message(frame);
  JsonWriter& writer = message.members();
  writer.field("protocolVersion", name_of(frame.revision));
  write_capabilities(writer.key("capabilities"), service.capabilities, Era::Legacy);
  writer.key("serverInfo").raw(*frame.server_info);
  if (const std::string instructions = service.offer.instructions(); !instructions.empty()) {
    writer.field("instructions", instructions);
  }
  return std::move(message).finish();
}

void ping(const std::shared_ptr<Call>& call, const HttpHead* /*head*/) {
  call->answer(ResultMessage(call->frame()).finish());
}

void set_log_level(const std::shared_ptr<Call>& call, const HttpHead* /*head*/) {
  const Json* params = call->params();
  const auto level = params == nullptr ? Json::const_iterator() : params->find("level");
  const bool is_string = params != nullptr && level != params->end() && level->is_string();
  const auto named =
      is_string ? log_level_named(level->get_ref<const std::string&>()) : std::nullopt;
  if (!named) {
    return call->refuse(invalid_params(
        "params.level must be one of debug, info, notice, warning, error, critical, alert, "
        "emergency"));
  }
  call->session()->set_log_level(*named);
  call->answer(ResultMessage(call->frame()).finish());
}

}  // namespace martgate::mcp
