// A cited answer as a person likes to read it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "cli/terminal.h"

namespace martgate::cli {

// The question, the call, the table with a bar for its first metric, then where every number is
// from. `result` is the MCP result object of a metric query; a refusal prints its text.
[[nodiscard]] std::string answer_view(const Terminal& terminal, std::string_view question,
                                      std::string_view tool, const nlohmann::json& arguments,
                                      const nlohmann::json& result);

}  // namespace martgate::cli
