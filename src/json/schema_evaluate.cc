#include "json/schema_evaluate.h"

#include <algorithm>

#include "json/pointer.h"
#include "json/schema_words.h"

namespace martgate {
namespace {

// Schemas that go round in a circle meet this one. A document at the depth limit of the gate
// needs about six nested applications per level under the meta-schema. Measured: this many fit
// 1 MiB of stack.
constexpr std::size_t kDepthMax = 800;
// Schemas that multiply (anyOf over anyOf over one recursive reference) meet this one.
constexpr std::size_t kStepsMax = 4'000'000;

}  // namespace

std::string Evaluator::pointer_here() const {
  std::vector<const Step*> steps;
  for (const Step* step = here_; step != nullptr; step = step->up) steps.push_back(step);
  std::string pointer;
  for (auto at = steps.rbegin(); at != steps.rend(); ++at) {
    const Step& step = **at;
    pointer += '/';
    pointer += step.key != nullptr ? escaped_token(*step.key) : std::to_string(step.index);
  }
  return pointer;
}

bool Evaluator::run_at(const SchemaNode& node, const Json& value, const std::string* key,
                       std::size_t index) {
  const Step step{here_, key, index};
  here_ = &step;
  const bool is_accepted = run(node, value);
  here_ = step.up;
  return is_accepted;
}

bool Evaluator::holds(const SchemaNode& node, const Json& value, Evaluated* evaluated) {
  Report* const report = std::exchange(report_, nullptr);
  const bool is_accepted = run(node, value, evaluated);
  report_ = report;
  return is_accepted;
}

bool Evaluator::run(const SchemaNode& node, const Json& value, Evaluated* evaluated) {
  if (node.verdict == SchemaNode::Verdict::Always) return !is_aborted_;
  if (node.verdict == SchemaNode::Verdict::Never) {
    return refuse(node, "", [&](Violation& violation) {
      const bool is_member = here_ != nullptr && here_->key != nullptr;
      violation.message = is_member ? "this key is not allowed here" : "no value is allowed here";
    });
  }
  if (is_aborted_) return false;
  if (depth_ >= kDepthMax || steps_ >= kStepsMax) {
    is_aborted_ = true;
    aborted_at_ = node.location;
    return false;
  }
  ++depth_;
  ++steps_;
  const bool enters = scope_.empty() || scope_.back() != node.resource;
  if (enters) scope_.push_back(node.resource);
  const bool is_accepted = apply(node, value, evaluated);
  if (enters) scope_.pop_back();
  --depth_;
  return is_accepted && !is_aborted_;
}

bool Evaluator::apply(const SchemaNode& node, const Json& value, Evaluated* evaluated) {
  const auto* const object =
      node.object && value.is_object() ? &value.get_ref<const Json::object_t&>() : nullptr;
  const auto* const array =
      node.array && value.is_array() ? &value.get_ref<const Json::array_t&>() : nullptr;
  const bool wants_rest = (object != nullptr && node.object->unevaluated != nullptr) ||
                          (array != nullptr && node.array->unevaluated != nullptr);
  // What an outer schema has seen must not count here, so this node collects on its own.
  Evaluated own;
  Evaluated* const seen = wants_rest ? &own : evaluated;

  bool ok = true;
  if (node.value) ok = value_rules(node, value);
  if (!ok && is_quick()) return false;
  if (node.in_place) ok = in_place_rules(node, value, seen) && ok;
  if (!ok && is_quick()) return false;
  if (object != nullptr) ok = object_rules(node, *object, seen) && ok;
  if (array != nullptr) ok = array_rules(node, *array, seen) && ok;
  if (!wants_rest) return ok;
  if (!ok && is_quick()) return false;
  ok = (object != nullptr ? unevaluated_members(node, *object, own)
                          : unevaluated_items(node, *array, own)) &&
       ok;
  if (evaluated != nullptr) evaluated->mark_all();
  return ok;
}

}  // namespace martgate
