// Appends JSON text to a string: the one way answers, records and receipts are written, no tree.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace martgate {

// Keys appear in the order they are written; whoever needs canonical bytes writes them sorted.
// Strings must be UTF-8; bytes that are not become U+FFFD, so that the output is always valid JSON.
// Nesting is the caller's: each begin has its end. A comma is put wherever one is due.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  JsonWriter& key(std::string_view name);

  JsonWriter& string(std::string_view text);
  // Any integer type; a bool must be written with boolean().
  template <class Int>
  requires(std::is_integral_v<Int> && !std::is_same_v<Int, bool>) JsonWriter& integer(Int value) {
    if constexpr (std::is_signed_v<Int>)
      return write_signed(static_cast<std::int64_t>(value));
    else
      return write_unsigned(static_cast<std::uint64_t>(value));
  }
  JsonWriter& real(double value);  // shortest form that reads back equal; NaN and infinities: null
  JsonWriter& boolean(bool value);
  JsonWriter& null();
  // `value` is already JSON (a nested document, an exact decimal).
  JsonWriter& raw(std::string_view value);

  // key() and the value in one step.
  JsonWriter& field(std::string_view name, std::string_view text) { return key(name).string(text); }
  JsonWriter& field(std::string_view name, const char* text) { return key(name).string(text); }
  template <class Int>
  requires(std::is_integral_v<Int> &&
           !std::is_same_v<Int, bool>) JsonWriter& field(std::string_view name, Int value) {
    return key(name).integer(value);
  }
  JsonWriter& field(std::string_view name, bool value) { return key(name).boolean(value); }
  JsonWriter& field(std::string_view name, double value) { return key(name).real(value); }

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  JsonWriter& write_signed(std::int64_t value);
  JsonWriter& write_unsigned(std::uint64_t value);
  void separate();

  std::string& out_;
  bool comma_due_ = false;
};

// `text` between quotes, escaped.
[[nodiscard]] std::string json_quoted(std::string_view text);

}  // namespace martgate
