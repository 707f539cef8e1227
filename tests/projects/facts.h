// The mapping language of facts.yaml: from the answers of tools to the columns and rows of a fact.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace martgate {

// Rows of a call, each an object from field to value.
using AnswerRows = std::vector<nlohmann::json>;
// Runs one call and gives its rows; throws std::runtime_error when the call is refused.
using Ask = std::function<AnswerRows(const std::string& tool, const nlohmann::json& arguments)>;

// Empty when the answers agree with the fact, else what differs, in words.
[[nodiscard]] std::string compare_fact(const nlohmann::json& fact, const nlohmann::json& mapping,
                                       const Ask& ask);

}  // namespace martgate
