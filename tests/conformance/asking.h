// Questions and the reading of their answers, for tools and prompts alike.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "mcp/exchange.h"
#include "mcp/input_request.h"

namespace martgate::conformance {

// A form with one required string.
[[nodiscard]] mcp::InputRequest ask_text(std::string key, std::string_view message,
                                         std::string_view field);
// A form with one required boolean.
[[nodiscard]] mcp::InputRequest ask_yes(std::string key, std::string_view message,
                                        std::string_view field);
// One message of the user, 100 tokens at most.
[[nodiscard]] mcp::InputRequest ask_model(std::string key, std::string_view text);

// The accepted field; an empty text when the user declined or cancelled. Nothing when there is no
// answer, or one that does not fit the form: it is asked again.
[[nodiscard]] std::optional<std::string> text_answer(const mcp::Exchange& exchange,
                                                     std::string_view key, const char* field);
[[nodiscard]] bool has_yes(const mcp::Exchange& exchange, std::string_view key, const char* field);
// The model's text.
[[nodiscard]] std::optional<std::string> model_answer(const mcp::Exchange& exchange,
                                                      std::string_view key);
// How many roots the client named.
[[nodiscard]] std::optional<std::size_t> root_count(const mcp::Exchange& exchange,
                                                    std::string_view key);

}  // namespace martgate::conformance
