#include <fmt/format.h>

#include <algorithm>
#include <compare>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "json/number.h"
#include "json/schema_evaluate.h"
#include "json/schema_words.h"

namespace martgate {
namespace {

std::size_t code_points(const std::string& text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

std::vector<std::string> texts(const std::vector<Json>& values, std::size_t count_max) {
  std::vector<std::string> out;
  for (const Json& value : values) {
    if (out.size() == count_max) break;
    out.push_back(value.is_string() ? value.get<std::string>() : value_text(value));
  }
  return out;
}

}  // namespace

bool Evaluator::value_rules(const SchemaNode& node, const Json& value) {
  bool ok = type_and_values(node, value);
  if (!ok && is_quick()) return false;
  if (value.is_number()) return number_rules(node, value) && ok;
  if (value.is_string()) return string_rules(node, value.get_ref<const std::string&>()) && ok;
  return ok;
}

// A list of values says more than their type, so the type is reported only without one.
bool Evaluator::type_and_values(const SchemaNode& node, const Json& value) {
  const ValueRules& rules = *node.value;
  const auto equals = [&](const Json& accepted) {
    return std::is_eq(compare_values(accepted, value));
  };
  if (rules.constant && !equals(*rules.constant)) {
    return refuse(node, "const", [&](Violation& violation) {
      violation.message =
          fmt::format("must be {}, found {}", value_text(*rules.constant), typed_value_text(value));
      violation.accepted = texts({*rules.constant}, 1);
    });
  }
  if (rules.enumeration && std::ranges::none_of(*rules.enumeration, equals)) {
    return refuse(node, "enum", [&](Violation& violation) {
      violation.message = fmt::format("{} is not one of the accepted values", value_text(value));
      violation.accepted = texts(*rules.enumeration, 100);
      violation.hints =
          name_hints(value.is_string() ? value.get_ref<const std::string&>() : value_text(value),
                     violation.accepted);
    });
  }
  if (rules.types != 0 && (type_bits_of(value) & rules.types) == 0) {
    return refuse(node, "type", [&](Violation& violation) {
      violation.accepted = names_of_types(rules.types);
      violation.message =
          fmt::format("must be {}, found {}", either(violation.accepted), typed_value_text(value));
      violation.hints = type_hints(rules.types, value);
    });
  }
  return true;
}

bool Evaluator::number_rules(const SchemaNode& node, const Json& value) {
  const ValueRules& rules = *node.value;
  bool ok = true;
  const auto check = [&](std::string_view keyword, const std::optional<Json>& limit, auto is_kept,
                         std::string_view words) {
    if (!limit || is_kept(*limit)) return;
    ok = refuse(node, keyword, [&](Violation& violation) {
      violation.message =
          fmt::format("{} is not {} {}", value_text(value), words, value_text(*limit));
    });
  };
  check(
      "minimum", rules.minimum,
      [&](const Json& limit) { return std::is_gteq(compare_numbers(value, limit)); }, "at least");
  check(
      "exclusiveMinimum", rules.exclusive_minimum,
      [&](const Json& limit) { return std::is_gt(compare_numbers(value, limit)); }, "above");
  check(
      "maximum", rules.maximum,
      [&](const Json& limit) { return std::is_lteq(compare_numbers(value, limit)); }, "at most");
  check(
      "exclusiveMaximum", rules.exclusive_maximum,
      [&](const Json& limit) { return std::is_lt(compare_numbers(value, limit)); }, "below");
  check(
      "multipleOf", rules.multiple_of, [&](const Json& step) { return is_multiple(value, step); },
      "a multiple of");
  return ok;
}

bool Evaluator::string_rules(const SchemaNode& node, const std::string& text) {
  const ValueRules& rules = *node.value;
  bool ok = true;
  if (rules.length_min || rules.length_max) {
    const std::size_t length = code_points(text);
    if (rules.length_min && length < *rules.length_min) {
      ok = refuse(node, "minLength", [&](Violation& violation) {
        violation.message = text.empty() ? fmt::format("must not be empty")
                                         : fmt::format("{} has {} characters, fewer than {}",
                                                       value_text(text), length, *rules.length_min);
      });
    }
    if (rules.length_max && length > *rules.length_max) {
      ok = refuse(node, "maxLength", [&](Violation& violation) {
        violation.message = fmt::format("{} has {} characters, more than {}", value_text(text),
                                        length, *rules.length_max);
      });
    }
  }
  if (rules.pattern && !rules.pattern->is_found_in(text)) {
    ok = refuse(node, "pattern", [&](Violation& violation) {
      violation.message =
          fmt::format("{} does not match {}", value_text(text), rules.pattern->source());
    });
  }
  if (rules.format && !has_format(text, *rules.format)) {
    ok = refuse(node, "format", [&](Violation& violation) {
      violation.message = fmt::format("{} is not a {}", value_text(text), name_of(*rules.format));
      violation.hints.push_back(fmt::format("write it like {}", example_of(*rules.format)));
    });
  }
  return ok;
}

}  // namespace martgate
