#include <fmt/format.h>

#include <algorithm>
#include <compare>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <utility>

#include "json/number.h"
#include "json/schema_evaluate.h"

namespace martgate {
namespace {

// The first two equal items, by position; sorting keeps long lists out of quadratic time.
std::optional<std::pair<std::size_t, std::size_t>> equal_items(const Json::array_t& array) {
  std::vector<std::size_t> order(array.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) {
    return std::is_lt(compare_values(array[a], array[b]));
  });
  const auto twin = std::ranges::adjacent_find(order, [&](std::size_t a, std::size_t b) {
    return std::is_eq(compare_values(array[a], array[b]));
  });
  if (twin == order.end()) return std::nullopt;
  return std::pair(*twin, *std::next(twin));
}

}  // namespace

bool Evaluator::array_rules(const SchemaNode& node, const Json::array_t& array,
                            Evaluated* evaluated) {
  bool ok = array_limits(node, array);
  if (!ok && is_quick()) return false;
  ok = items(node, array, evaluated) && ok;
  if (!ok && is_quick()) return false;
  if (node.array->contains != nullptr) ok = contained_items(node, array, evaluated) && ok;
  return ok;
}

bool Evaluator::array_limits(const SchemaNode& node, const Json::array_t& array) {
  const ArrayRules& rules = *node.array;
  bool ok = true;
  if (rules.items_min && array.size() < *rules.items_min) {
    ok = refuse(node, "minItems", [&](Violation& violation) {
      violation.message =
          fmt::format("has {} items, fewer than {}", array.size(), *rules.items_min);
    });
  }
  if (rules.items_max && array.size() > *rules.items_max) {
    ok = refuse(node, "maxItems", [&](Violation& violation) {
      violation.message = fmt::format("has {} items, more than {}", array.size(), *rules.items_max);
    });
  }
  if (!rules.is_unique) return ok;
  if (const auto twins = equal_items(array)) {
    ok = refuse(node, "uniqueItems", [&](Violation& violation) {
      violation.message = fmt::format("items {} and {} are equal", twins->first, twins->second);
    });
  }
  return ok;
}

bool Evaluator::items(const SchemaNode& node, const Json::array_t& array, Evaluated* evaluated) {
  const ArrayRules& rules = *node.array;
  bool ok = true;
  for (std::size_t i = 0; i < array.size(); ++i) {
    const SchemaNode* const item = i < rules.prefix.size() ? rules.prefix[i] : rules.items;
    if (item == nullptr) break;
    ok = run_at(*item, array[i], nullptr, i) && ok;
    if (!ok && is_quick()) return false;
    if (evaluated != nullptr) evaluated->mark(i);
  }
  return ok;
}

bool Evaluator::contained_items(const SchemaNode& node, const Json::array_t& array,
                                Evaluated* evaluated) {
  const ArrayRules& rules = *node.array;
  const std::size_t wanted = rules.contains_min.value_or(1);
  std::size_t count = 0;
  for (std::size_t i = 0; i < array.size(); ++i) {
    if (!holds(*rules.contains, array[i], nullptr)) continue;
    ++count;
    if (evaluated != nullptr) evaluated->mark(i);
  }
  if (count < wanted) {
    return refuse(node, rules.contains_min ? "minContains" : "contains", [&](Violation& violation) {
      violation.message =
          fmt::format("{} items are of the kind that must be here, fewer than {}", count, wanted);
    });
  }
  if (rules.contains_max && count > *rules.contains_max) {
    return refuse(node, "maxContains", [&](Violation& violation) {
      violation.message = fmt::format("{} items are of the kind that may be here, more than {}",
                                      count, *rules.contains_max);
    });
  }
  return true;
}

bool Evaluator::unevaluated_items(const SchemaNode& node, const Json::array_t& array,
                                  const Evaluated& evaluated) {
  bool ok = true;
  for (std::size_t i = 0; i < array.size(); ++i) {
    if (evaluated.has(i)) continue;
    ok = run_at(*node.array->unevaluated, array[i], nullptr, i) && ok;
    if (!ok && is_quick()) return false;
  }
  return ok;
}

}  // namespace martgate
