// Tools that ask the user, the model or the client first. Each is written once, for both eras.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "asking.h"
#include "fixture_tool.h"
#include "mcp/rpc_error.h"
#include "schemas.h"

namespace martgate::conformance {
namespace {

using Call = mcp::ToolCall;
using ExchangePtr = std::shared_ptr<mcp::Exchange>;

constexpr const char* kPromptInput =
    R"({"type":"object","properties":{"prompt":{"type":"string"}},"required":["prompt"]})";
constexpr const char* kMessageInput =
    R"({"type":"object","properties":{"message":{"type":"string"}},"required":["message"]})";
constexpr const char* kUserForm = R"({
  "type": "object",
  "properties": {"username": {"type": "string", "description": "your name"},
                 "email": {"type": "string", "description": "your address"}},
  "required": ["username", "email"]
})";

mcp::InputRequired ask(mcp::InputRequest request, nlohmann::json state = nullptr) {
  mcp::InputRequired input;
  input.requests.push_back(std::move(request));
  if (!state.is_null()) input.state = std::make_shared<const nlohmann::json>(std::move(state));
  return input;
}

int round_of(const mcp::Exchange& exchange) {
  const nlohmann::json* state = exchange.state();
  if (state == nullptr || !state->is_object()) return 0;
  return state->value("round", 0);
}

std::string greeting_of(const std::string& name) {
  return name.empty() ? "The user would rather not say." : fmt::format("Hello, {}!", name);
}

void sampling(const Call& call, const ExchangePtr& exchange) {
  if (const auto text = model_answer(*exchange, "completion")) {
    return exchange->finish(text_result("LLM response: " + *text));
  }
  exchange->finish(ask(ask_model("completion", text_argument(call, "prompt", ""))));
}

// Asks with the given form and tells what came back.
void elicit(const ExchangePtr& exchange, std::string_view message, std::string_view form) {
  const nlohmann::json* response = exchange->response("form");
  if (const auto answer = mcp::read_elicit_answer(response)) {
    return exchange->finish(text_result("User response: " + response->dump()));
  }
  exchange->finish(ask(mcp::elicit_form("form", message, form)));
}

void ask_name(const Call& /*call*/, const ExchangePtr& exchange) {
  if (const auto name = text_answer(*exchange, "user_name", "name")) {
    return exchange->finish(text_result(greeting_of(*name)));
  }
  exchange->finish(ask(ask_text("user_name", "What is your name?", "name")));
}

void ask_capital(const Call& /*call*/, const ExchangePtr& exchange) {
  if (const auto text = model_answer(*exchange, "capital_question")) {
    return exchange->finish(text_result("The model said: " + *text));
  }
  exchange->finish(ask(ask_model("capital_question", "What is the capital of France?")));
}

void ask_roots(const Call& /*call*/, const ExchangePtr& exchange) {
  if (const auto count = root_count(*exchange, "client_roots")) {
    return exchange->finish(text_result(fmt::format("The client has {} roots.", *count)));
  }
  exchange->finish(ask(mcp::list_roots("client_roots")));
}

// What was verified is the library's word: a state that is there is ours.
void ask_with_state(const Call& /*call*/, const ExchangePtr& exchange) {
  if (round_of(*exchange) == 1 && mcp::read_elicit_answer(exchange->response("confirm"))) {
    const bool is_sure = has_yes(*exchange, "confirm", "ok");
    return exchange->finish(
        text_result(is_sure ? "state-ok, confirmed" : "state-ok, not confirmed"));
  }
  exchange->finish(ask(ask_yes("confirm", "Go on?", "ok"), {{"round", 1}}));
}

// Answers may come over several rounds; those that are there are kept in the state.
void ask_several(const Call& /*call*/, const ExchangePtr& exchange) {
  nlohmann::json got = nlohmann::json::object();
  if (exchange->state() != nullptr) got = *exchange->state();
  if (const auto name = text_answer(*exchange, "user_name", "name")) got["name"] = *name;
  if (const auto text = model_answer(*exchange, "greeting")) got["greeting"] = *text;
  if (const auto count = root_count(*exchange, "client_roots")) got["roots"] = *count;
  mcp::InputRequired input;
  if (!got.contains("name")) {
    input.requests.push_back(ask_text("user_name", "What is your name?", "name"));
  }
  if (!got.contains("greeting")) {
    input.requests.push_back(ask_model("greeting", "Generate a greeting"));
  }
  if (!got.contains("roots")) input.requests.push_back(mcp::list_roots("client_roots"));
  if (input.requests.empty()) return exchange->finish(text_result("All inputs: " + got.dump()));
  input.state = std::make_shared<const nlohmann::json>(std::move(got));
  exchange->finish(std::move(input));
}

void ask_in_rounds(const Call& /*call*/, const ExchangePtr& exchange) {
  const int round = round_of(*exchange);
  const nlohmann::json* state = exchange->state();
  if (round == 1) {
    if (const auto name = text_answer(*exchange, "step1", "name")) {
      return exchange->finish(ask(ask_text("step2", "And your favourite colour?", "color"),
                                  {{"round", 2}, {"name", *name}}));
    }
  }
  if (round == 2) {
    if (const auto colour = text_answer(*exchange, "step2", "color")) {
      return exchange->finish(
          text_result(fmt::format("{} likes {}.", state->value("name", "Someone"), *colour)));
    }
    return exchange->finish(ask(ask_text("step2", "And your favourite colour?", "color"), *state));
  }
  exchange->finish(ask(ask_text("step1", "What is your name?", "name"), {{"round", 1}}));
}

// Asks whatever this client can answer, and nothing else.
void ask_what_is_possible(const Call& /*call*/, const ExchangePtr& exchange) {
  if (text_answer(*exchange, "user_name", "name") || model_answer(*exchange, "greeting")) {
    return exchange->finish(text_result("Answered."));
  }
  mcp::InputRequired input;
  if (exchange->client().elicits_form) {
    input.requests.push_back(ask_text("user_name", "What is your name?", "name"));
  }
  if (exchange->client().samples) {
    input.requests.push_back(ask_model("greeting", "Generate a greeting"));
  }
  if (input.requests.empty()) {
    return exchange->finish(
        mcp::missing_capability(mcp::capability_for(mcp::InputRequest::Kind::ElicitForm)));
  }
  exchange->finish(std::move(input));
}

}  // namespace

void add_asking_tools(FixtureTools& tools) {
  add_tool(tools, reading("test_sampling", "Asks the client's model.", kPromptInput), sampling);
  add_tool(tools,
           reading("test_elicitation", "Asks the user for a name and address.", kMessageInput),
           [](const Call& call, const ExchangePtr& exchange) {
             elicit(exchange, text_argument(call, "message", "Who are you?"), kUserForm);
           });
  add_tool(
      tools,
      reading("test_elicitation_sep1034_defaults", "Asks with a default in every field.", kNoInput),
      [](const Call& /*call*/, const ExchangePtr& exchange) {
        elicit(exchange, "Please review the form", kFormWithDefaults);
      });
  add_tool(tools,
           reading("test_elicitation_sep1330_enums", "Asks with every kind of choice.", kNoInput),
           [](const Call& /*call*/, const ExchangePtr& exchange) {
             elicit(exchange, "Please choose", kFormWithChoices);
           });
  const auto add = [&tools](const char* suffix, const char* description, RunTool run) {
    add_tool(tools,
             reading(std::string("test_input_required_result_") + suffix, description, kNoInput),
             std::move(run));
  };
  add("elicitation", "Asks for a name first.", ask_name);
  add("sampling", "Asks the model first.", ask_capital);
  add("list_roots", "Asks for the client's roots first.", ask_roots);
  add("request_state", "Asks, and remembers through the client.", ask_with_state);
  add("multiple_inputs", "Asks three things at once.", ask_several);
  add("multi_round", "Asks one thing after the other.", ask_in_rounds);
  add("tampered_state", "Asks, and refuses a changed state.", ask_with_state);
  add("capabilities", "Asks only what this client can answer.", ask_what_is_possible);
}

}  // namespace martgate::conformance
