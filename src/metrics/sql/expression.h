// The arithmetic of a metric as SQL.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "metrics/plan/value_type.h"

namespace martgate::metrics {

// Asked for once at each place where the input stands, in the order of the text, so that the values
// of its parameters can follow that order.
using InputText = std::function<std::string(std::size_t input)>;

// Division is of reals and null where the divisor is 0; operands of different scales are brought to
// one. `types`: of the inputs.
[[nodiscard]] std::string expression_sql(const catalog::Expression& expression,
                                         const std::vector<ValueType>& types,
                                         const InputText& input);

}  // namespace martgate::metrics
