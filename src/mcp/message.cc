#include "mcp/message.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "base/json_writer.h"
#include "base/text.h"

namespace martgate::mcp {
namespace {

constexpr std::string_view kIdRule = "id must be a string or an integer";

Message malformed(Message message, std::string flaw) {
  message.kind = Message::Kind::Malformed;
  message.flaw = std::move(flaw);
  return message;
}

// Of an error only the words are kept: what it means to us does not depend on its code.
Message read_response(Json& json, Message message) {
  const auto result = json.find("result");
  const auto error = json.find("error");
  if (result == json.end() && error == json.end()) {
    return malformed(std::move(message), "a message needs a method, a result or an error");
  }
  message.kind = Message::Kind::Response;
  if (error == json.end()) {
    message.result = std::make_unique<Json>(std::move(*result));
    return message;
  }
  message.error = "the client answered with an error";
  const auto words = error->is_object() ? error->find("message") : error->end();
  if (error->is_object() && words != error->end() && words->is_string()) {
    message.error += ": " + shown(words->get_ref<const std::string&>());
  }
  return message;
}

Message read_message(Json& json) {
  Message message;
  if (!json.is_object()) return malformed(std::move(message), "a message must be a JSON object");

  const auto id = json.find("id");
  const bool has_id = id != json.end();
  if (has_id) {
    std::optional<std::string> text = id_text_of(*id);
    if (!text) return malformed(std::move(message), std::string(kIdRule));
    if (text->size() > kIdBytesMax) {
      return malformed(std::move(message), fmt::format("id longer than {} bytes", kIdBytesMax));
    }
    message.id = std::move(*text);
  }

  const auto version = json.find("jsonrpc");
  if (version == json.end() || *version != "2.0") {
    return malformed(std::move(message), "jsonrpc must be \"2.0\"");
  }

  const auto method = json.find("method");
  if (method == json.end()) {
    return read_response(json, std::move(message));
  }
  if (!method->is_string()) return malformed(std::move(message), "method must be a string");
  message.method = std::move(method->get_ref<std::string&>());

  if (const auto params = json.find("params"); params != json.end()) {
    if (!params->is_object()) return malformed(std::move(message), "params must be an object");
    message.params = std::make_unique<Json>(std::move(*params));
  }
  message.kind = has_id ? Message::Kind::Request : Message::Kind::Notification;
  return message;
}

}  // namespace

Message::Message() = default;
Message::Message(Message&&) noexcept = default;
Message& Message::operator=(Message&&) noexcept = default;
Message::~Message() = default;

std::optional<std::string> id_text_of(const Json& id) {
  if (id.is_string()) return json_quoted(id.get_ref<const std::string&>());
  if (id.is_number_integer()) return id.dump();
  return std::nullopt;
}

RpcResult<Body> parse_body(std::string_view text, const ParseLimits& limits) {
  Result<Json> json = parse_ijson(text, limits);
  if (!json) return tl::unexpected(to_rpc(json.error()));

  Body body;
  if (!json->is_array()) {
    body.messages.push_back(read_message(*json));
    return body;
  }
  if (json->empty()) return tl::unexpected(invalid_request("an empty batch"));
  if (json->size() > kBatchMessagesMax) {
    return tl::unexpected(
        invalid_request(fmt::format("a batch of more than {} messages", kBatchMessagesMax)));
  }
  body.is_batch = true;
  for (Json& element : *json) body.messages.push_back(read_message(element));
  return body;
}

}  // namespace martgate::mcp
