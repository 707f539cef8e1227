#include "mcp/input_request.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/check.h"
#include "base/json_writer.h"

namespace martgate::mcp {

InputRequest elicit_form(std::string key, std::string_view message,
                         std::string_view requested_schema) {
  // The mode is left out: form is what its absence means, in every revision.
  InputRequest request{std::move(key), InputRequest::Kind::ElicitForm, {}, {}};
  JsonWriter(request.params)
      .begin_object()
      .field("message", message)
      .key("requestedSchema")
      .raw(requested_schema)
      .end_object();
  return request;
}

InputRequest elicit_url(std::string key, std::string_view message, std::string_view url,
                        std::string_view id) {
  InputRequest request{std::move(key), InputRequest::Kind::ElicitUrl, {}, std::string(id)};
  JsonWriter(request.params)
      .begin_object()
      .field("mode", "url")
      .field("message", message)
      .field("url", url)
      .end_object();
  return request;
}

std::string legacy_params_of(const InputRequest& request) {
  if (request.elicitation_id.empty()) return request.params;
  std::string params = request.params;
  params.pop_back();  // the brace
  params += ",\"elicitationId\":" + json_quoted(request.elicitation_id) + "}";
  return params;
}

InputRequest sample(std::string key, std::string params) {
  return {std::move(key), InputRequest::Kind::Sample, std::move(params), {}};
}

InputRequest list_roots(std::string key) {
  return {std::move(key), InputRequest::Kind::ListRoots, "{}", {}};
}

std::string_view method_of(InputRequest::Kind kind) {
  switch (kind) {
    case InputRequest::Kind::ElicitForm:
    case InputRequest::Kind::ElicitUrl:
      return "elicitation/create";
    case InputRequest::Kind::Sample:
    case InputRequest::Kind::SampleWithTools:
      return "sampling/createMessage";
    case InputRequest::Kind::ListRoots:
      return "roots/list";
  }
  MARTGATE_CHECK(false);
}

bool can_answer(const ClientCapabilities& client, InputRequest::Kind kind) {
  switch (kind) {
    case InputRequest::Kind::ElicitForm:
      return client.elicits_form;
    case InputRequest::Kind::ElicitUrl:
      return client.elicits_url;
    case InputRequest::Kind::Sample:
      return client.samples;
    case InputRequest::Kind::SampleWithTools:
      return client.samples_with_tools;
    case InputRequest::Kind::ListRoots:
      return client.lists_roots;
  }
  MARTGATE_CHECK(false);
}

std::string_view capability_for(InputRequest::Kind kind) {
  switch (kind) {
    case InputRequest::Kind::ElicitForm:
      return R"({"elicitation":{"form":{}}})";
    case InputRequest::Kind::ElicitUrl:
      return R"({"elicitation":{"url":{}}})";
    case InputRequest::Kind::Sample:
      return R"({"sampling":{}})";
    case InputRequest::Kind::SampleWithTools:
      return R"({"sampling":{"tools":{}}})";
    case InputRequest::Kind::ListRoots:
      return R"({"roots":{}})";
  }
  MARTGATE_CHECK(false);
}

std::optional<ElicitAnswer> read_elicit_answer(const Json* response) {
  if (response == nullptr || !response->is_object()) return std::nullopt;
  const auto action = response->find("action");
  if (action == response->end() || !action->is_string()) return std::nullopt;
  if (*action == "decline") return ElicitAnswer{ElicitAnswer::Action::Decline, nullptr};
  if (*action == "cancel") return ElicitAnswer{ElicitAnswer::Action::Cancel, nullptr};
  if (*action != "accept") return std::nullopt;
  const auto content = response->find("content");
  if (content != response->end() && !content->is_object()) return std::nullopt;
  return ElicitAnswer{ElicitAnswer::Action::Accept,
                      content == response->end() ? nullptr : &*content};
}

}  // namespace martgate::mcp
