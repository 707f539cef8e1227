#include "metrics/sql/dialect.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "store/sql.h"

namespace martgate::metrics {
namespace {

// Reserved in SQLite, PostgreSQL or the standard, among words someone may call a column.
constexpr std::array<std::string_view, 56> kReserved{
    "add",      "all",    "alter",  "and",    "as",      "between", "by",      "case",
    "check",    "column", "commit", "create", "cross",   "current", "default", "delete",
    "distinct", "drop",   "else",   "end",    "exists",  "false",   "filter",  "for",
    "from",     "full",   "group",  "having", "in",      "index",   "inner",   "into",
    "is",       "join",   "left",   "like",   "limit",   "natural", "not",     "null",
    "on",       "or",     "order",  "outer",  "primary", "right",   "select",  "set",
    "table",    "then",   "to",     "true",   "union",   "values",  "when",    "where"};
static_assert(std::ranges::is_sorted(kReserved));

class SqliteDialect final : public Dialect {
 public:
  [[nodiscard]] std::string period_start(std::string_view expr, Grain grain) const override {
    switch (grain) {
      case Grain::Day:
        return fmt::format("date({})", expr);
      case Grain::Week:  // six days back, then on to the next Monday
        return fmt::format("date({}, '-6 days', 'weekday 1')", expr);
      case Grain::Month:
        return fmt::format("date({}, 'start of month')", expr);
      case Grain::Quarter:
        return fmt::format(
            "date({0}, 'start of month', '-' || ((strftime('%m', {0}) - 1) % 3) || ' months')",
            expr);
      case Grain::Year:
        return fmt::format("date({}, 'start of year')", expr);
    }
    return std::string(expr);
  }
  [[nodiscard]] std::string contains(std::string_view expr,
                                     std::string_view parameter) const override {
    return fmt::format("instr(lower({}), lower({})) > 0", expr, parameter);
  }
};

}  // namespace

const Dialect& sqlite_dialect() {
  static const SqliteDialect dialect;
  return dialect;
}

std::string identifier(std::string_view name) {
  const bool plain = is_snake_case(name) && !std::ranges::binary_search(kReserved, name);
  return plain ? std::string(name) : store::quoted_identifier(name);
}

}  // namespace martgate::metrics
