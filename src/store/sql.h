// SQL text and where it may come from.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace martgate::store {

// Either a literal of this program, or text that a renderer made from a checked plan, or a file of
// the project's git. A caller's words are never SQL: values are bound. Borrows its text for the
// call.
class Sql {
 public:
  template <std::size_t N>
  consteval Sql(const char (&literal)[N]) : text_(literal, N - 1) {}

  // For the renderers in metrics/, tools/ and build/ only: identifiers come from the catalog.
  [[nodiscard]] static constexpr Sql rendered(std::string_view text) { return Sql(text); }

  [[nodiscard]] constexpr std::string_view text() const { return text_; }

 private:
  explicit constexpr Sql(std::string_view text) : text_(text) {}
  std::string_view text_;
};

// "name" with quotes doubled, for identifiers in rendered SQL.
[[nodiscard]] std::string quoted_identifier(std::string_view name);
// 'text' with quotes doubled, for literals of the catalog (never of a caller) in rendered SQL.
[[nodiscard]] std::string quoted_literal(std::string_view text);

}  // namespace martgate::store
