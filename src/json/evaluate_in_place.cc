#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/json_writer.h"
#include "base/text.h"
#include "json/pointer.h"
#include "json/schema_evaluate.h"
#include "json/schema_words.h"

namespace martgate {
namespace {

struct Branch {
  std::vector<Violation> violations;
  Evaluated evaluated;
};

const Violation* find_keyword(const Branch& branch, std::string_view pointer,
                              std::initializer_list<std::string_view> keywords) {
  for (const Violation& violation : branch.violations) {
    if (violation.instance_pointer != pointer) continue;
    if (std::ranges::find(keywords, violation.keyword) != keywords.end()) return &violation;
  }
  return nullptr;
}

// How far a branch is from what the author meant: another type of value is furthest, then another
// value of a discriminator (a const on the value or right below it; an enum may be one too, or
// just misspelt), and only then the number of faults decides.
std::size_t distance_of(const Branch& branch, const std::string& here) {
  constexpr std::size_t kOtherType = 100'000'000;
  constexpr std::size_t kOtherConst = 1'000'000;
  constexpr std::size_t kOtherEnum = 1'000;
  std::size_t distance = branch.violations.size();
  for (const Violation& violation : branch.violations) {
    const bool is_here = violation.instance_pointer == here;
    const bool is_below =
        violation.instance_pointer.starts_with(here + "/") &&
        violation.instance_pointer.find('/', here.size() + 1) == std::string::npos;
    if (is_here && violation.keyword == "type") distance += kOtherType;
    if (!is_here && !is_below) continue;
    if (violation.keyword == "const") distance += kOtherConst;
    if (violation.keyword == "enum") distance += kOtherEnum;
  }
  return distance;
}

// Branches that all fail for one reason at one place: what any of them accepts.
std::optional<Violation> merged(const std::vector<Branch>& branches, const std::string& pointer,
                                std::initializer_list<std::string_view> keywords) {
  Violation out;
  for (const Branch& branch : branches) {
    const Violation* const found = find_keyword(branch, pointer, keywords);
    if (found == nullptr) return std::nullopt;
    for (const std::string& text : found->accepted) {
      if (std::ranges::find(out.accepted, text) == out.accepted.end()) out.accepted.push_back(text);
    }
  }
  out.instance_pointer = pointer;
  return out;
}

// The value at `pointer` when that is `here` or one key below it.
const Json* value_below(const Json& value, const std::string& here, const std::string& pointer) {
  if (pointer == here) return &value;
  if (!value.is_object() || !pointer.starts_with(here + "/")) return nullptr;
  const auto member = value.find(unescaped_token(pointer.substr(here.size() + 1)));
  return member == value.end() ? nullptr : &*member;
}

// A discriminator with a value that no branch knows.
std::optional<Violation> merged_values(const std::vector<Branch>& branches, const std::string& here,
                                       const Json& value) {
  for (const Violation& first : branches.front().violations) {
    const Json* const found = value_below(value, here, first.instance_pointer);
    if (found == nullptr) continue;
    auto out = merged(branches, first.instance_pointer, {"const", "enum"});
    if (!out) continue;
    const std::string text = found->is_string() ? found->get<std::string>() : value_text(*found);
    out->keyword = "enum";
    out->message = fmt::format("{} is not one of the accepted values", value_text(*found));
    out->hints = name_hints(text, out->accepted);
    return out;
  }
  return std::nullopt;
}

std::optional<Violation> merged_types(const std::vector<Branch>& branches, const std::string& here,
                                      const Json& value) {
  auto out = merged(branches, here, {"type"});
  if (!out) return out;
  std::uint8_t wanted = 0;
  for (const std::string& name : out->accepted) wanted |= type_bits_named(name);
  out->keyword = "type";
  out->hints = type_hints(wanted, value);
  out->message =
      fmt::format("must be {}, found {}", either(out->accepted), typed_value_text(value));
  return out;
}

// Branches that each lack one key and nothing else.
std::optional<Violation> merged_keys(const std::vector<Branch>& branches, const std::string& here) {
  const auto lacks_one = [](const Branch& branch) { return branch.violations.size() == 1; };
  if (!std::ranges::all_of(branches, lacks_one)) return std::nullopt;
  auto out = merged(branches, here, {"required"});
  if (!out) return out;
  out->keyword = "required";
  std::vector<std::string> keys;
  for (const std::string& key : out->accepted) keys.push_back(json_quoted(shown(key, 80)));
  out->message = fmt::format("missing key {}", either(keys));
  return out;
}

}  // namespace

bool Evaluator::in_place_rules(const SchemaNode& node, const Json& value, Evaluated* evaluated) {
  const InPlaceRules& rules = *node.in_place;
  bool ok = references(node, value, evaluated);
  for (const SchemaNode* const schema : rules.all_of) {
    if (!ok && is_quick()) return false;
    ok = run(*schema, value, evaluated) && ok;
  }
  if (!ok && is_quick()) return false;
  if (!rules.any_of.empty()) ok = any_of(node, value, evaluated) && ok;
  if (!ok && is_quick()) return false;
  if (!rules.one_of.empty()) ok = one_of(node, value, evaluated) && ok;
  if (!ok && is_quick()) return false;
  if (rules.negated != nullptr && holds(*rules.negated, value, nullptr)) {
    ok = refuse(node, "not", [&](Violation& violation) {
      violation.message = fmt::format("{} is what must not be here", typed_value_text(value));
    });
  }
  if (!ok && is_quick()) return false;
  if (rules.condition != nullptr) ok = conditional(node, value, evaluated) && ok;
  if (!ok && is_quick()) return false;
  if (!rules.dependent_schemas.empty()) ok = dependent_schemas(node, value, evaluated) && ok;
  return ok;
}

bool Evaluator::references(const SchemaNode& node, const Json& value, Evaluated* evaluated) {
  const InPlaceRules& rules = *node.in_place;
  bool ok = true;
  if (rules.ref != nullptr) ok = run(*rules.ref, value, evaluated);
  if (rules.dynamic_ref == nullptr || (!ok && is_quick())) return ok;
  const SchemaNode* target = rules.dynamic_ref;
  if (!rules.dynamic_anchor.empty()) {
    // The outermost resource on the way here that declares the anchor decides (Core, 8.2.3.2).
    for (const SchemaResource* const resource : scope_) {
      const auto anchor = std::ranges::find(resource->dynamic_anchors, rules.dynamic_anchor,
                                            [](const auto& pair) { return pair.first; });
      if (anchor == resource->dynamic_anchors.end()) continue;
      target = anchor->second;
      break;
    }
  }
  return run(*target, value, evaluated) && ok;
}

bool Evaluator::any_of(const SchemaNode& node, const Json& value, Evaluated* evaluated) {
  bool is_any = false;
  for (const SchemaNode* const branch : node.in_place->any_of) {
    Evaluated marks;
    if (!holds(*branch, value, evaluated != nullptr ? &marks : nullptr)) continue;
    is_any = true;
    if (evaluated == nullptr) break;
    evaluated->merge(marks);  // every branch that holds counts, so all are tried
  }
  if (!is_any && report_ != nullptr) {
    report_closest(node, "anyOf", node.in_place->any_of, value, evaluated);
  }
  return is_any;
}

bool Evaluator::one_of(const SchemaNode& node, const Json& value, Evaluated* evaluated) {
  const auto& branches = node.in_place->one_of;
  std::vector<std::string> matching;
  std::size_t count = 0;
  for (std::size_t i = 0; i < branches.size(); ++i) {
    Evaluated marks;
    if (!holds(*branches[i], value, evaluated != nullptr ? &marks : nullptr)) continue;
    if (++count > 1 && report_ == nullptr) return false;
    if (report_ != nullptr) matching.push_back(std::to_string(i + 1));
    if (evaluated != nullptr) evaluated->merge(marks);
  }
  if (count == 1) return true;
  if (count == 0 && report_ != nullptr) {
    report_closest(node, "oneOf", branches, value, evaluated);
  }
  if (count == 0) return false;
  return refuse(node, "oneOf", [&](Violation& violation) {
    violation.message = fmt::format("fits {} of the {} alternatives (numbers {}), must fit one",
                                    count, branches.size(), join(matching, ", "));
  });
}

bool Evaluator::conditional(const SchemaNode& node, const Json& value, Evaluated* evaluated) {
  const InPlaceRules& rules = *node.in_place;
  Evaluated marks;
  if (!holds(*rules.condition, value, evaluated != nullptr ? &marks : nullptr)) {
    return rules.else_branch == nullptr || run(*rules.else_branch, value, evaluated);
  }
  if (evaluated != nullptr) evaluated->merge(marks);
  return rules.then_branch == nullptr || run(*rules.then_branch, value, evaluated);
}

bool Evaluator::dependent_schemas(const SchemaNode& node, const Json& value, Evaluated* evaluated) {
  if (!value.is_object()) return true;
  bool ok = true;
  for (const auto& [name, schema] : node.in_place->dependent_schemas) {
    if (!value.contains(name)) continue;
    ok = run(*schema, value, evaluated) && ok;
    if (!ok && is_quick()) return false;
  }
  return ok;
}

void Evaluator::report_closest(const SchemaNode& node, std::string_view keyword,
                               std::span<const SchemaNode* const> schemas, const Json& value,
                               Evaluated* evaluated) {
  Report* const report = report_;
  std::vector<Branch> branches(schemas.size());
  for (std::size_t i = 0; i < schemas.size(); ++i) {
    Report own{.violations_max = report->violations_max, .violations = {}};
    report_ = &own;
    static_cast<void>(run(*schemas[i], value, &branches[i].evaluated));
    branches[i].violations = std::move(own.violations);
  }
  report_ = report;
  if (is_aborted_) return;

  const std::string here = pointer_here();
  auto one = merged_values(branches, here, value);
  if (!one) one = merged_types(branches, here, value);
  if (!one) one = merged_keys(branches, here);
  if (one) {
    if (evaluated != nullptr) {
      for (const Branch& branch : branches) evaluated->merge(branch.evaluated);
    }
    refuse(node, keyword, [&](Violation& violation) {
      one->schema_pointer = violation.schema_pointer;
      violation = std::move(*one);
    });
    return;
  }
  const auto closest = std::ranges::min_element(
      branches, {}, [&](const Branch& branch) { return distance_of(branch, here); });
  if (evaluated != nullptr) evaluated->merge(closest->evaluated);
  for (Violation& violation : closest->violations) {
    if (report->is_full()) return;
    report->violations.push_back(std::move(violation));
  }
}

}  // namespace martgate
