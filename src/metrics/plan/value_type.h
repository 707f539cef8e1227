// What the numbers of a measure or an expression are: exact integers times a power of ten, or
// reals.
#pragma once

#include <vector>

#include "catalog/expression.h"
#include "metrics/resolve/resolved.h"

namespace martgate::metrics {

// The value is the cell divided by 10^scale; the scale of a quotient may be negative.
struct ValueType {
  int scale = 0;
  bool is_exact = true;
};

[[nodiscard]] bool is_counting(catalog::Aggregation agg);
[[nodiscard]] ValueType type_of(const Measure& measure);

// One type for each node of the expression. Sums align their operands to the larger scale, products
// add scales, quotients are real and subtract them.
[[nodiscard]] std::vector<ValueType> types_of(const catalog::Expression& expression,
                                              const std::vector<ValueType>& inputs);

}  // namespace martgate::metrics
