#include "asking.h"

#include <nlohmann/json.hpp>

namespace martgate::conformance {
namespace {

mcp::InputRequest ask_field(std::string key, std::string_view message, std::string_view field,
                            const char* type) {
  const nlohmann::json schema = {
      {"type", "object"}, {"properties", {{field, {{"type", type}}}}}, {"required", {field}}};
  return mcp::elicit_form(std::move(key), message, schema.dump());
}

// The accepted content's member of that name, or null.
const nlohmann::json* accepted(const std::optional<mcp::ElicitAnswer>& answer, const char* field) {
  if (!answer || answer->content == nullptr) return nullptr;
  const auto found = answer->content->find(field);
  return found == answer->content->end() ? nullptr : &*found;
}

}  // namespace

mcp::InputRequest ask_text(std::string key, std::string_view message, std::string_view field) {
  return ask_field(std::move(key), message, field, "string");
}

mcp::InputRequest ask_yes(std::string key, std::string_view message, std::string_view field) {
  return ask_field(std::move(key), message, field, "boolean");
}

mcp::InputRequest ask_model(std::string key, std::string_view text) {
  const nlohmann::json params = {
      {"messages", {{{"role", "user"}, {"content", {{"type", "text"}, {"text", text}}}}}},
      {"maxTokens", 100}};
  return mcp::sample(std::move(key), params.dump());
}

std::optional<std::string> text_answer(const mcp::Exchange& exchange, std::string_view key,
                                       const char* field) {
  const auto answer = mcp::read_elicit_answer(exchange.response(key));
  if (!answer) return std::nullopt;
  if (answer->action != mcp::ElicitAnswer::Action::Accept) return std::string();
  const nlohmann::json* value = accepted(answer, field);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return value->get<std::string>();
}

bool has_yes(const mcp::Exchange& exchange, std::string_view key, const char* field) {
  const auto answer = mcp::read_elicit_answer(exchange.response(key));
  const nlohmann::json* value = accepted(answer, field);
  return value != nullptr && value->is_boolean() && value->get<bool>();
}

std::optional<std::string> model_answer(const mcp::Exchange& exchange, std::string_view key) {
  const nlohmann::json* response = exchange.response(key);
  if (response == nullptr) return std::nullopt;
  const nlohmann::json::json_pointer text("/content/text");
  if (!response->contains(text) || !response->at(text).is_string()) return std::nullopt;
  return response->at(text).get<std::string>();
}

std::optional<std::size_t> root_count(const mcp::Exchange& exchange, std::string_view key) {
  const nlohmann::json* response = exchange.response(key);
  if (response == nullptr) return std::nullopt;
  const auto roots = response->find("roots");
  if (roots == response->end() || !roots->is_array()) return std::nullopt;
  return roots->size();
}

}  // namespace martgate::conformance
