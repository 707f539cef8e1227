// URI templates (RFC 6570, levels 1 and 2): "martgate://metric/{name}", "file://docs/{+path}".
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace martgate::mcp {

class UriTemplate {
 public:
  using Values = std::map<std::string, std::string, std::less<>>;

  // {name}, {+name} and {#name}; literals between them, each name once, no two expressions side by
  // side (where one value ended and the next began would be a guess).
  // Errors: InvalidArgument, naming the byte.
  [[nodiscard]] static Result<UriTemplate> parse(std::string_view text);

  // The decoded values with which the template gives `uri`; nothing when it cannot, or when a value
  // is empty, holds a "." or ".." segment or a control character, or is not UTF-8. A {name} does
  // not reach over "/", "?" or "#", which its value may hold encoded. A value ends where the next
  // literal first stands; the last literal stands at the end. Takes time linear in the URI for each
  // literal.
  [[nodiscard]] std::optional<Values> match(std::string_view uri) const;

  // A name without a value expands to nothing.
  [[nodiscard]] std::string expand(const Values& values) const;

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] std::vector<std::string> names() const;

 private:
  // A literal and the expression behind it; the last part has no name.
  struct Part {
    std::string literal;
    char op = 0;  // 0, '+' or '#'
    std::string name;
  };
  UriTemplate() = default;

  std::string text_;
  std::vector<Part> parts_;
};

}  // namespace martgate::mcp
