#include "metrics/plan/value_type.h"

#include <algorithm>

namespace martgate::metrics {
namespace {

using catalog::Aggregation;
using Op = catalog::Expression::Op;

ValueType aligned(const ValueType& left, const ValueType& right) {
  return {std::max(left.scale, right.scale), left.is_exact && right.is_exact};
}

}  // namespace

bool is_counting(Aggregation agg) {
  return agg == Aggregation::Count || agg == Aggregation::CountDistinct ||
         agg == Aggregation::SumBoolean;
}

ValueType type_of(const Measure& measure) {
  const Aggregation agg = measure.definition->agg;
  if (is_counting(agg)) return {0, true};
  return {measure.metric->unit.scale, agg != Aggregation::Average && agg != Aggregation::Median};
}

std::vector<ValueType> types_of(const catalog::Expression& expression,
                                const std::vector<ValueType>& inputs) {
  std::vector<ValueType> types;
  types.reserve(expression.nodes.size());
  for (const auto& node : expression.nodes) {
    switch (node.op) {
      case Op::Number:
        types.push_back({node.scale, true});
        break;
      case Op::Input:
        types.push_back(inputs[node.input]);
        break;
      case Op::Negate:
      case Op::Abs:
        types.push_back(types[node.left]);
        break;
      case Op::Add:
      case Op::Subtract:
      case Op::Coalesce:
      case Op::NullIf:
        types.push_back(aligned(types[node.left], types[node.right]));
        break;
      case Op::Multiply:
        types.push_back({types[node.left].scale + types[node.right].scale,
                         types[node.left].is_exact && types[node.right].is_exact});
        break;
      case Op::Divide:
        types.push_back({types[node.left].scale - types[node.right].scale, false});
        break;
    }
  }
  return types;
}

}  // namespace martgate::metrics
