// The questions of catalog/questions.yaml as prompts: one for each question, and one review for
// each cadence that goes through all of its questions.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "gate/world.h"

namespace martgate::gate {

struct PromptArgument {
  std::string name;
  std::string description;
  bool required = false;
};

struct PromptListing {
  std::string name;  // "weekly_review", "revenue_by_month"
  std::string title;
  std::string description;
  std::vector<PromptArgument> arguments;
};

using PromptArguments = std::map<std::string, std::string, std::less<>>;

// Reviews first, the most frequent first, then the questions in file order. Empty when the project
// exposes no tool of kind metric_query.
[[nodiscard]] std::vector<PromptListing> prompts_of(const World& world);

// The message a person would send: the questions, the calls that answer them, and how to report.
// Arguments: `from` and `to` (ISO dates, half-open), and `asked_by` of a review.
// Errors: NotFound (reason "unknown_prompt"), InvalidArgument (reason "prompt_argument").
[[nodiscard]] Result<std::string> prompt_text(const World& world, std::string_view name,
                                              const PromptArguments& arguments);

// Values of an argument that begin with `prefix`: who asks, for a review; nothing for dates.
// Errors: NotFound (reason "unknown_prompt") for an unknown prompt or argument.
[[nodiscard]] Result<std::vector<std::string>> prompt_values(const World& world,
                                                             std::string_view name,
                                                             std::string_view argument,
                                                             std::string_view prefix);

}  // namespace martgate::gate
