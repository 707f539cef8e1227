// One delivered text -> the value its column declares, or why not.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "catalog/project.h"

namespace martgate::ingest {

using Cell = std::optional<std::string_view>;  // as delivered; none: NULL

// A cell as raw stores it: integers, reals and booleans as numbers, decimals as integers of their
// smallest unit, days as "2026-02-28", timestamps as "2026-02-28 09:30:05[.25]" in UTC.
struct StoredCell {
  enum class Kind : std::uint8_t { Null, Integer, Real, Text };
  Kind kind = Kind::Null;
  // The stored value in its column's usual spelling is the delivered text. Usual are: digits and a
  // point for numbers, the first declared text of a boolean, "2026-02-28", "2026-02-28T09:30:05Z".
  bool is_verbatim = true;
  std::int64_t integer = 0;
  double real = 0;
  std::string_view text;  // of the delivered text or of the parser; until its next parse()
};

// Why a value, or a row, does not keep the contract.
struct Fault {
  std::string_view slug;  // stable, static storage: "not_decimal"
  std::string detail;     // one clause: "is not a decimal: \"12,5\""
};

// Not to be shared between threads.
class ValueParser {
 public:
  // Errors: InvalidArgument for a type, format, time zone, pattern or bound that makes no sense.
  [[nodiscard]] static Result<ValueParser> make(const catalog::SourceColumn& column);
  ValueParser(ValueParser&&) noexcept;
  ValueParser& operator=(ValueParser&&) noexcept;
  ~ValueParser();

  // False leaves the reason in fault().
  [[nodiscard]] bool parse(Cell cell, StoredCell& stored);
  [[nodiscard]] const Fault& fault() const;

 private:
  struct State;
  explicit ValueParser(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The narrowest type that reads the text in its usual spelling: "integer", "decimal", "date",
// "timestamp", "boolean", "text". A label for reports, never a decision.
[[nodiscard]] std::string_view likely_type(std::string_view text);

}  // namespace martgate::ingest
