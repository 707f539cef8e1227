#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "base/json_writer.h"
#include "base/text.h"
#include "json/schema_evaluate.h"
#include "json/schema_words.h"

namespace martgate {
namespace {

std::string quoted(const std::string& key) {
  return json_quoted(shown(key, 80));
}

bool is_declared(const ObjectRules& rules, const std::string& key) {
  return std::ranges::binary_search(rules.properties, key, {}, &ObjectRules::Property::name);
}

// Keys and key patterns that a schema accepts for one object, its in-place subschemas included.
struct KnownKeys {
  std::vector<std::string> names;
  std::vector<std::string> patterns;
  std::unordered_set<const SchemaNode*> visited;

  void gather(const SchemaNode* node) {
    if (node == nullptr || !visited.insert(node).second) return;
    if (node->object) {
      for (const auto& property : node->object->properties) {
        if (property.node->verdict != SchemaNode::Verdict::Never) names.push_back(property.name);
      }
      for (const auto& property : node->object->pattern_properties) {
        patterns.push_back(property.pattern.source());
      }
    }
    if (!node->in_place) return;
    const InPlaceRules& rules = *node->in_place;
    for (const auto* branches : {&rules.all_of, &rules.any_of, &rules.one_of}) {
      for (const SchemaNode* branch : *branches) gather(branch);
    }
    for (const SchemaNode* branch :
         {rules.ref, rules.dynamic_ref, rules.condition, rules.then_branch, rules.else_branch}) {
      gather(branch);
    }
    for (const auto& [name, dependent] : rules.dependent_schemas) gather(dependent);
  }

  void sort() {
    for (auto* list : {&names, &patterns}) {
      std::ranges::sort(*list);
      list->erase(std::unique(list->begin(), list->end()), list->end());
    }
  }
};

}  // namespace

bool Evaluator::object_rules(const SchemaNode& node, const Json::object_t& object,
                             Evaluated* evaluated) {
  bool ok = object_limits(node, object);
  if (!ok && is_quick()) return false;
  if (node.object->names != nullptr) ok = member_names(node, object) && ok;
  if (!ok && is_quick()) return false;
  return members(node, object, evaluated) && ok;
}

bool Evaluator::object_limits(const SchemaNode& node, const Json::object_t& object) {
  const ObjectRules& rules = *node.object;
  bool ok = true;
  for (const std::string& name : rules.required) {
    if (object.contains(name)) continue;
    ok = refuse(node, "required", [&](Violation& violation) {
      violation.message = fmt::format("missing key {}", quoted(name));
      violation.accepted = {name};
      std::vector<std::string> others;
      for (const auto& [key, value] : object) {
        if (!is_declared(rules, key)) others.push_back(key);
      }
      const auto near = nearest(name, others, 1);
      if (!near.empty()) {
        violation.hints.push_back(fmt::format("is {} meant to be it", quoted(near.front())));
      }
    });
    if (is_quick()) return false;
  }
  for (const auto& dependent : rules.dependent_required) {
    if (!object.contains(dependent.name)) continue;
    for (const std::string& name : dependent.required) {
      if (object.contains(name)) continue;
      ok = refuse(node, "dependentRequired", [&](Violation& violation) {
        violation.message =
            fmt::format("missing key {}, wanted beside {}", quoted(name), quoted(dependent.name));
      });
    }
  }
  if (rules.members_min && object.size() < *rules.members_min) {
    ok = refuse(node, "minProperties", [&](Violation& violation) {
      violation.message =
          fmt::format("has {} keys, fewer than {}", object.size(), *rules.members_min);
    });
  }
  if (rules.members_max && object.size() > *rules.members_max) {
    ok = refuse(node, "maxProperties", [&](Violation& violation) {
      violation.message =
          fmt::format("has {} keys, more than {}", object.size(), *rules.members_max);
    });
  }
  return ok;
}

bool Evaluator::member_names(const SchemaNode& node, const Json::object_t& object) {
  bool ok = true;
  for (const auto& [key, value] : object) {
    const std::size_t first = report_ != nullptr ? report_->violations.size() : 0;
    if (run_at(*node.object->names, Json(key), &key, 0)) continue;
    ok = false;
    if (is_quick() && report_ == nullptr) return false;
    for (std::size_t i = first; i < report_->violations.size(); ++i) {
      Violation& violation = report_->violations[i];
      violation.message = fmt::format("key {}: {}", quoted(key), violation.message);
    }
    if (is_quick()) return false;
  }
  return ok;
}

// Members and declared properties are both sorted by key, so one walk over both pairs them.
bool Evaluator::members(const SchemaNode& node, const Json::object_t& object,
                        Evaluated* evaluated) {
  const ObjectRules& rules = *node.object;
  bool ok = true;
  std::size_t index = 0;
  auto property = rules.properties.begin();
  for (auto member = object.begin(); member != object.end(); ++member, ++index) {
    const auto& [key, value] = *member;
    bool is_known = false;
    while (property != rules.properties.end() && property->name < key) ++property;
    if (property != rules.properties.end() && property->name == key) {
      is_known = true;
      ok = run_at(*property->node, value, &key, 0) && ok;
    }
    for (const auto& pattern_property : rules.pattern_properties) {
      if (!pattern_property.pattern.is_found_in(key)) continue;
      is_known = true;
      ok = run_at(*pattern_property.node, value, &key, 0) && ok;
    }
    if (!is_known && rules.additional != nullptr) {
      is_known = true;
      if (rules.additional->verdict == SchemaNode::Verdict::Never) {
        ok = unknown_key(node, "additionalProperties", key);
      } else {
        ok = run_at(*rules.additional, value, &key, 0) && ok;
      }
    }
    if (is_known && evaluated != nullptr) evaluated->mark(index);
    if (!ok && is_quick()) return false;
  }
  return ok;
}

bool Evaluator::unevaluated_members(const SchemaNode& node, const Json::object_t& object,
                                    const Evaluated& evaluated) {
  const SchemaNode& rest = *node.object->unevaluated;
  bool ok = true;
  std::size_t index = 0;
  for (const auto& [key, value] : object) {
    if (evaluated.has(index++)) continue;
    if (rest.verdict == SchemaNode::Verdict::Never) {
      ok = unknown_key(node, "unevaluatedProperties", key);
    } else {
      ok = run_at(rest, value, &key, 0) && ok;
    }
    if (!ok && is_quick()) return false;
  }
  return ok;
}

bool Evaluator::unknown_key(const SchemaNode& node, std::string_view keyword,
                            const std::string& key) {
  const Step step{here_, &key, 0};
  here_ = &step;
  refuse(node, keyword, [&](Violation& violation) {
    KnownKeys known;
    known.gather(&node);
    known.sort();
    violation.message = fmt::format("unknown key {}", quoted(key));
    violation.hints = name_hints(key, known.names);
    for (const std::string& pattern : known.patterns) {
      violation.hints.push_back(fmt::format("also accepted: keys that match {}", pattern));
    }
    violation.accepted = std::move(known.names);
  });
  here_ = step.up;
  return false;
}

}  // namespace martgate
