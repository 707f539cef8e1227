// Regular expressions of JSON Schema (ECMA-262 with the u flag), run by RE2 in linear time.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace re2 {
class RE2;
}

namespace martgate {

// Threads  const calls may run at the same time.
class Pattern {
 public:
  // Errors: InvalidArgument, reason "pattern": not an expression of ECMA-262, or one that needs
  // backtracking (look-around, back references), or repeats more than RE2 allows (1,000).
  [[nodiscard]] static Result<Pattern> compile(std::string_view source);

  Pattern(Pattern&&) noexcept;
  Pattern& operator=(Pattern&&) noexcept;
  ~Pattern();

  // A search: the expression is anchored only where it says so.
  [[nodiscard]] bool is_found_in(std::string_view text) const;
  [[nodiscard]] const std::string& source() const { return source_; }

 private:
  Pattern(std::string source, std::unique_ptr<re2::RE2> program);

  std::string source_;
  std::unique_ptr<re2::RE2> program_;
};

}  // namespace martgate
