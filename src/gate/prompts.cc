#include "gate/prompts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/calendar.h"
#include "base/json_writer.h"
#include "base/text.h"

namespace martgate::gate {
namespace {

using catalog::Question;

constexpr std::string_view kFrom = "from";
constexpr std::string_view kTo = "to";
constexpr std::string_view kAskedBy = "asked_by";
constexpr std::string_view kReviewEnding = "_review";

// The cadences a question may have, the most frequent first.
constexpr std::array<std::string_view, 5> kCadences{"daily", "weekly", "monthly", "quarterly",
                                                    "yearly"};

// A prompt of this world: a review of one cadence, or one question.
struct Prompt {
  std::string_view cadence;            // empty for a question
  std::vector<const Question*> about;  // of a question: itself

  [[nodiscard]] bool is_review() const { return !cadence.empty(); }
};

std::string capitalized(std::string_view word) {
  std::string text(word);
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') {
    text[0] = static_cast<char>(text[0] - 'a' + 'A');
  }
  return text;
}

std::string review_name(std::string_view cadence) {
  return fmt::format("{}{}", cadence, kReviewEnding);
}

const ReadyTool* asking_tool(const World& world) {
  const auto found = std::ranges::find_if(world.tools, [](const ReadyTool& tool) {
    return tool.definition->kind == catalog::ToolKind::MetricQuery;
  });
  return found == world.tools.end() ? nullptr : &*found;
}

// A question that is called like a review gives its name up to the review.
std::vector<Prompt> all_prompts(const World& world) {
  std::vector<Prompt> prompts;
  if (asking_tool(world) == nullptr) return prompts;
  std::set<std::string> taken;
  for (const std::string_view cadence : kCadences) {
    Prompt review{cadence, {}};
    for (const Question& question : world.project.questions) {
      if (question.cadence == cadence && !question.metrics.empty()) {
        review.about.push_back(&question);
      }
    }
    if (review.about.empty()) continue;
    taken.insert(review_name(cadence));
    prompts.push_back(std::move(review));
  }
  for (const Question& question : world.project.questions) {
    if (!question.metrics.empty() && !taken.contains(question.id)) {
      prompts.push_back({{}, {&question}});
    }
  }
  return prompts;
}

std::string name_of(const Prompt& prompt) {
  return prompt.is_review() ? review_name(prompt.cadence) : prompt.about.front()->id;
}

std::vector<PromptArgument> arguments_of(const Prompt& prompt) {
  std::vector<PromptArgument> arguments{
      {std::string(kFrom), "First day, YYYY-MM-DD; all of the past when left out.", false},
      {std::string(kTo), "Day after the last, YYYY-MM-DD.", false},
  };
  if (prompt.is_review()) {
    arguments.push_back(
        {std::string(kAskedBy), "Only the questions this role asks: owner, finance, ...", false});
  }
  return arguments;
}

std::vector<std::string> askers(const Prompt& prompt) {
  std::set<std::string> names;
  for (const Question* question : prompt.about) names.insert(question->asked_by);
  return {names.begin(), names.end()};
}

Result<Prompt> find_prompt(const World& world, std::string_view name) {
  std::vector<std::string> known;
  for (Prompt& prompt : all_prompts(world)) {
    known.push_back(name_of(prompt));
    if (known.back() == name) return std::move(prompt);
  }
  return fail(Code::NotFound, fmt::format("there is no prompt \"{}\"", shown(name, 80)),
              name_hints(name, known), "unknown_prompt");
}

struct Period {
  std::string from;  // ISO dates; empty: open
  std::string to;
};

Result<std::string> read_date(const PromptArguments& arguments, std::string_view key) {
  const auto given = arguments.find(key);
  if (given == arguments.end() || given->second.empty()) return std::string();
  const auto date = parse_date(given->second);
  if (!date) {
    return fail(Code::InvalidArgument,
                fmt::format("argument \"{}\" is no date: \"{}\"", key, shown(given->second, 40)),
                {"write YYYY-MM-DD"}, "prompt_argument");
  }
  return to_iso(*date);
}

Result<Period> read_period(const PromptArguments& arguments) {
  auto from = read_date(arguments, kFrom);
  if (!from) return tl::unexpected(from.error());
  auto to = read_date(arguments, kTo);
  if (!to) return tl::unexpected(to.error());
  if (!from->empty() && !to->empty() && *from >= *to) {
    return fail(Code::InvalidArgument,
                fmt::format("\"from\" ({}) must lie before \"to\" ({})", *from, *to), {},
                "prompt_argument");
  }
  return Period{std::move(*from), std::move(*to)};
}

Status check_names(const Prompt& prompt, const PromptArguments& arguments) {
  std::vector<std::string> known;
  for (PromptArgument& argument : arguments_of(prompt)) known.push_back(std::move(argument.name));
  for (const auto& [name, value] : arguments) {
    if (std::ranges::find(known, name) == known.end()) {
      return fail(Code::InvalidArgument,
                  fmt::format("{} has no argument \"{}\"", name_of(prompt), shown(name, 80)),
                  name_hints(name, known), "prompt_argument");
    }
  }
  return {};
}

// The questions that remain when only one role's are asked for.
Status narrow(Prompt& prompt, const PromptArguments& arguments) {
  const auto role = arguments.find(kAskedBy);
  if (role == arguments.end() || role->second.empty()) return {};
  const std::vector<std::string> known = askers(prompt);
  std::erase_if(prompt.about,
                [&](const Question* question) { return question->asked_by != role->second; });
  if (!prompt.about.empty()) return {};
  return fail(Code::InvalidArgument,
              fmt::format("nobody called \"{}\" asks {} questions", shown(role->second, 80),
                          prompt.cadence),
              name_hints(role->second, known), "prompt_argument");
}

std::string call_text(const Question& question, const Period& period) {
  std::string text;
  JsonWriter json(text);
  const auto names = [&](std::string_view key, const std::vector<std::string>& values) {
    json.key(key).begin_array();
    for (const std::string& value : values) json.string(value);
    json.end_array();
  };
  json.begin_object();
  names("metrics", question.metrics);
  if (!question.group_by.empty()) names("group_by", question.group_by);
  if (!period.from.empty() || !period.to.empty()) {
    json.key("time").begin_object();
    if (!period.from.empty()) json.field("from", period.from);
    if (!period.to.empty()) json.field("to", period.to);
    json.end_object();
  }
  json.end_object();
  return text;
}

constexpr std::string_view kHowToReport =
    "Give the figures exactly as the tool returns them, with their unit and period. Name the "
    "metric, the mart and the snapshot they come from, and pass every warning on. When the tool "
    "refuses, say what it refused and what it would accept; never estimate a figure yourself.\n";

}  // namespace

std::vector<PromptListing> prompts_of(const World& world) {
  std::vector<PromptListing> listed;
  for (const Prompt& prompt : all_prompts(world)) {
    PromptListing listing{name_of(prompt), {}, {}, arguments_of(prompt)};
    if (prompt.is_review()) {
      listing.title = fmt::format("{} business review", capitalized(prompt.cadence));
      listing.description = fmt::format("Goes through {} {} questions, each with its metrics.",
                                        prompt.about.size(), prompt.cadence);
    } else {
      const Question& question = *prompt.about.front();
      listing.title = question.question;
      listing.description = fmt::format("Answered by {}.", join(question.metrics, ", "));
      if (!question.asked_by.empty()) {
        listing.description += fmt::format(" Asked by {}", question.asked_by);
        listing.description +=
            question.cadence.empty() ? "." : fmt::format(", {}.", question.cadence);
      }
    }
    listed.push_back(std::move(listing));
  }
  return listed;
}

Result<std::string> prompt_text(const World& world, std::string_view name,
                                const PromptArguments& arguments) {
  auto prompt = find_prompt(world, name);
  if (!prompt) return tl::unexpected(prompt.error());
  if (const Status known = check_names(*prompt, arguments); !known) {
    return tl::unexpected(known.error());
  }
  const auto period = read_period(arguments);
  if (!period) return tl::unexpected(period.error());
  if (const Status narrowed = narrow(*prompt, arguments); !narrowed) {
    return tl::unexpected(narrowed.error());
  }
  const std::string& tool = asking_tool(world)->listing.name;
  std::string text;
  if (!prompt->is_review()) {
    const Question& question = *prompt->about.front();
    text = fmt::format("{}\n\nCall {} with {}.\n\n", question.question, tool,
                       call_text(question, *period));
  } else {
    text = fmt::format(
        "Prepare the {} business review of {}. Answer each question with the call of {} beside "
        "it:\n\n",
        prompt->cadence, world.project.settings.title, tool);
    int number = 0;
    for (const Question* question : prompt->about) {
      text += fmt::format("{}. {}\n   {}\n", ++number, question->question,
                          call_text(*question, *period));
    }
    text += "\nBegin with what changed most, one short paragraph for each question. ";
  }
  text += kHowToReport;
  return text;
}

Result<std::vector<std::string>> prompt_values(const World& world, std::string_view name,
                                               std::string_view argument, std::string_view prefix) {
  const auto prompt = find_prompt(world, name);
  if (!prompt) return tl::unexpected(prompt.error());
  const std::vector<PromptArgument> arguments = arguments_of(*prompt);
  if (std::ranges::none_of(arguments,
                           [&](const PromptArgument& known) { return known.name == argument; })) {
    return fail(Code::NotFound, fmt::format("{} has no argument \"{}\"", name, shown(argument, 80)),
                {}, "unknown_prompt");
  }
  std::vector<std::string> values;
  if (argument != kAskedBy) return values;
  for (std::string& asker : askers(*prompt)) {
    if (asker.starts_with(prefix)) values.push_back(std::move(asker));
  }
  return values;
}

}  // namespace martgate::gate
