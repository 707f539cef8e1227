#include "ingest/number_text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <system_error>
#include <utility>

namespace martgate::ingest {
namespace {

using catalog::NumberFormat;

constexpr std::size_t kGroupDigits = 3;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool take_front(std::string_view& text, std::string_view part) {
  if (part.empty() || !text.starts_with(part)) return false;
  text.remove_prefix(part.size());
  return true;
}

// What stands around the digits.
struct Dressed {
  bool is_negative = false;
  bool is_plain = true;  // nothing but a minus
  std::string_view digits;
};

Dressed undressed(std::string_view text, const NumberFormat& format) {
  Dressed dressed;
  if (format.parentheses && text.size() > 2 && text.front() == '(' && text.back() == ')') {
    dressed.is_negative = true;
    dressed.is_plain = false;
    text = text.substr(1, text.size() - 2);
  }
  bool has_sign = dressed.is_negative;
  const auto take_sign = [&] {
    if (has_sign || text.empty() || (text.front() != '-' && text.front() != '+')) return;
    has_sign = true;
    dressed.is_negative = text.front() == '-';
    if (text.front() == '+') dressed.is_plain = false;
    text.remove_prefix(1);
  };
  take_sign();
  if (take_front(text, format.prefix)) {
    dressed.is_plain = false;
    take_sign();
  }
  if (!format.suffix.empty() && text.ends_with(format.suffix)) {
    dressed.is_plain = false;
    text.remove_suffix(format.suffix.size());
  }
  dressed.digits = text;
  return dressed;
}

// Digits before the point without their separators, or nothing when the groups are not of three.
class WholeDigits {
 public:
  // The next character of the whole part. False when it does not belong there.
  bool add(char c, char group) {
    if (is_digit(c)) {
      ++in_group_;
      return true;
    }
    if (group == 0 || c != group) return false;
    const bool is_full =
        has_groups_ ? in_group_ == kGroupDigits : in_group_ >= 1 && in_group_ <= kGroupDigits;
    if (!is_full) return false;
    has_groups_ = true;
    in_group_ = 0;
    return true;
  }
  [[nodiscard]] bool is_complete() const {
    return has_groups_ ? in_group_ == kGroupDigits : in_group_ > 0;
  }
  [[nodiscard]] bool has_groups() const { return has_groups_; }

 private:
  std::size_t in_group_ = 0;
  bool has_groups_ = false;
};

}  // namespace

ScaledNumber read_scaled(std::string_view text, int scale, const NumberFormat& format) {
  const Dressed dressed = undressed(text, format);
  const std::string_view digits = dressed.digits;
  ScaledNumber number;
  bool is_too_large = false;
  const auto push = [&](char c) {
    const std::int64_t digit = dressed.is_negative ? -(c - '0') : c - '0';
    if (__builtin_mul_overflow(number.scaled, std::int64_t{10}, &number.scaled) ||
        __builtin_add_overflow(number.scaled, digit, &number.scaled)) {
      is_too_large = true;
    }
  };
  WholeDigits whole;
  std::size_t at = 0;
  for (; at < digits.size() && digits[at] != format.point; ++at) {
    if (!whole.add(digits[at], format.group)) return {NumberFault::Malformed};
    if (is_digit(digits[at])) push(digits[at]);
  }
  if (!whole.is_complete()) return {NumberFault::Malformed};
  const bool has_point = at < digits.size();
  int kept = 0;
  bool is_too_precise = false;
  std::size_t fraction_digits = 0;
  if (has_point) {
    for (++at; at < digits.size(); ++at, ++fraction_digits) {
      if (!is_digit(digits[at])) return {NumberFault::Malformed};
      if (kept < scale) {
        push(digits[at]);
        ++kept;
      } else if (digits[at] != '0') {
        is_too_precise = true;
      }
    }
    if (fraction_digits == 0) return {NumberFault::Malformed};
  }
  for (; kept < scale; ++kept) push('0');
  if (is_too_precise) return {NumberFault::TooPrecise};
  if (is_too_large) return {NumberFault::TooLarge};
  const bool has_leading_zero = digits.size() > 1 && digits[0] == '0' && is_digit(digits[1]);
  number.is_canonical = dressed.is_plain && !whole.has_groups() && !has_leading_zero &&
                        (scale == 0 ? !has_point : std::cmp_equal(fraction_digits, scale)) &&
                        (format.point == '.' || !has_point) &&
                        !(dressed.is_negative && number.scaled == 0);
  return number;
}

RealNumber read_real(std::string_view text, const NumberFormat& format) {
  const Dressed dressed = undressed(text, format);
  if (dressed.digits.empty() || !is_digit(dressed.digits.front())) return {NumberFault::Malformed};
  std::string plain = dressed.is_negative ? "-" : "";
  WholeDigits whole;
  std::size_t at = 0;
  for (; at < dressed.digits.size(); ++at) {
    const char c = dressed.digits[at];
    if (c == format.point || c == 'e' || c == 'E') break;
    if (!whole.add(c, format.group)) return {NumberFault::Malformed};
    if (is_digit(c)) plain.push_back(c);
  }
  if (!whole.is_complete()) return {NumberFault::Malformed};
  if (at < dressed.digits.size() && dressed.digits[at] == format.point) {
    plain.push_back('.');
    ++at;
  }
  plain.append(dressed.digits.substr(at));
  if (plain.back() == '.') return {NumberFault::Malformed};
  RealNumber number;
  const char* end = plain.data() + plain.size();
  const auto [stopped, problem] = std::from_chars(plain.data(), end, number.value);
  if (problem == std::errc::result_out_of_range) return {NumberFault::TooLarge};
  if (problem != std::errc() || stopped != end) return {NumberFault::Malformed};
  if (!std::isfinite(number.value)) return {NumberFault::TooLarge};
  std::array<char, 32> shortest{};
  const auto written =
      std::to_chars(shortest.data(), shortest.data() + shortest.size(), number.value);
  number.is_canonical =
      text ==
      std::string_view(shortest.data(), static_cast<std::size_t>(written.ptr - shortest.data()));
  return number;
}

}  // namespace martgate::ingest
