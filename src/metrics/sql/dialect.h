// The few expressions that differ between SQL engines; everything else in sql/ is common SQL.
#pragma once

#include <string>
#include <string_view>

#include "base/calendar.h"

namespace martgate::metrics {

class Dialect {
 public:
  virtual ~Dialect() = default;
  // First day of the period that holds the date or timestamp `expr`, as a date.
  [[nodiscard]] virtual std::string period_start(std::string_view expr, Grain grain) const = 0;
  // True when the text `expr` holds the bound text, ASCII letters compared without case.
  [[nodiscard]] virtual std::string contains(std::string_view expr,
                                             std::string_view parameter) const = 0;
};

[[nodiscard]] const Dialect& sqlite_dialect();

// `name` as it is when it is a plain word, between double quotes otherwise.
[[nodiscard]] std::string identifier(std::string_view name);

}  // namespace martgate::metrics
