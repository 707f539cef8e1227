#include "json/number.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

namespace martgate {
namespace {

// Holds every 64-bit integer and every double without rounding (x87 has exactly 64 digits).
using Wide = long double;
static_assert(std::numeric_limits<Wide>::digits >= 64);

__extension__ using Unsigned128 = unsigned __int128;

Wide wide(const Json& number) {
  if (number.is_number_unsigned()) return static_cast<Wide>(number.get<std::uint64_t>());
  if (number.is_number_integer()) return static_cast<Wide>(number.get<std::int64_t>());
  return static_cast<Wide>(number.get<double>());
}

DecimalDigits without_trailing_zeros(DecimalDigits decimal) {
  if (decimal.digits == 0) return {};
  while (decimal.digits % 10 == 0) {
    decimal.digits /= 10;
    ++decimal.exponent;
  }
  return decimal;
}

// base^power mod modulus.
std::uint64_t power_modulo(std::uint64_t base, unsigned power, std::uint64_t modulus) {
  Unsigned128 result = 1 % modulus;
  Unsigned128 square = base % modulus;
  for (; power != 0; power >>= 1U) {
    if ((power & 1U) != 0) result = result * square % modulus;
    square = square * square % modulus;
  }
  return static_cast<std::uint64_t>(result);
}

// Numbers share one rank, so that 1 and 1.0 meet.
int rank_of(const Json& value) {
  switch (value.type()) {
    case Json::value_t::null:
      return 0;
    case Json::value_t::boolean:
      return 1;
    case Json::value_t::string:
      return 3;
    case Json::value_t::array:
      return 4;
    case Json::value_t::object:
      return 5;
    default:
      return value.is_number() ? 2 : 6;
  }
}

std::strong_ordering compare_objects(const Json::object_t& left, const Json::object_t& right) {
  if (left.size() != right.size()) return left.size() <=> right.size();
  auto other = right.begin();
  for (const auto& [key, value] : left) {
    if (const auto order = key <=> other->first; std::is_neq(order)) return order;
    if (const auto order = compare_values(value, other->second); std::is_neq(order)) return order;
    ++other;
  }
  return std::strong_ordering::equal;
}

std::strong_ordering compare_arrays(const Json::array_t& left, const Json::array_t& right) {
  if (left.size() != right.size()) return left.size() <=> right.size();
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (const auto order = compare_values(left[i], right[i]); std::is_neq(order)) return order;
  }
  return std::strong_ordering::equal;
}

}  // namespace

DecimalDigits shortest_digits(double value) {
  std::array<char, 32> text{};
  const char* end =
      std::to_chars(text.begin(), text.end(), value, std::chars_format::scientific).ptr;
  DecimalDigits decimal;
  const char* at = text.begin();
  if (*at == '-') {
    decimal.negative = true;
    ++at;
  }
  for (bool behind_point = false; at != end && *at != 'e'; ++at) {
    if (*at == '.') {
      behind_point = true;
      continue;
    }
    decimal.digits = decimal.digits * 10 + static_cast<std::uint64_t>(*at - '0');
    if (behind_point) --decimal.exponent;
  }
  int exponent = 0;
  if (at != end) ++at;                // 'e'
  if (at != end && *at == '+') ++at;  // from_chars knows no plus sign
  std::from_chars(at, end, exponent);
  decimal.exponent += exponent;
  return without_trailing_zeros(decimal);
}

DecimalDigits digits_of(const Json& number) {
  if (number.is_number_unsigned())
    return without_trailing_zeros({false, number.get<std::uint64_t>(), 0});
  if (number.is_number_integer()) {
    const auto value = number.get<std::int64_t>();
    const auto bits = static_cast<std::uint64_t>(value);
    return without_trailing_zeros({value < 0, value < 0 ? 0 - bits : bits, 0});
  }
  return shortest_digits(number.get<double>());
}

std::strong_ordering compare_numbers(const Json& left, const Json& right) {
  const Wide a = wide(left);
  const Wide b = wide(right);
  if (a < b) return std::strong_ordering::less;
  return b < a ? std::strong_ordering::greater : std::strong_ordering::equal;
}

bool is_integer(const Json& value) {
  if (value.is_number_integer()) return true;  // unsigned included
  if (!value.is_number_float()) return false;
  const auto number = value.get<double>();
  return std::isfinite(number) && std::trunc(number) == number;
}

bool is_multiple(const Json& value, const Json& divisor) {
  DecimalDigits dividend = digits_of(value);
  const DecimalDigits step = digits_of(divisor);
  if (dividend.digits == 0 || step.digits == 0) return true;
  // Without trailing zeros no power of ten divides the dividend: it must not be the finer one.
  if (dividend.exponent < step.exponent) return false;
  const auto power = static_cast<unsigned>(dividend.exponent - step.exponent);
  const Unsigned128 scale = power_modulo(10, power, step.digits);
  return dividend.digits % step.digits * scale % step.digits == 0;
}

std::strong_ordering compare_values(const Json& left, const Json& right) {
  const int rank = rank_of(left);
  if (const auto order = rank <=> rank_of(right); std::is_neq(order)) return order;
  switch (left.type()) {
    case Json::value_t::null:
      return std::strong_ordering::equal;
    case Json::value_t::boolean:
      return left.get<bool>() <=> right.get<bool>();
    case Json::value_t::string:
      return left.get_ref<const std::string&>() <=> right.get_ref<const std::string&>();
    case Json::value_t::array:
      return compare_arrays(left.get_ref<const Json::array_t&>(),
                            right.get_ref<const Json::array_t&>());
    case Json::value_t::object:
      return compare_objects(left.get_ref<const Json::object_t&>(),
                             right.get_ref<const Json::object_t&>());
    default:
      return left.is_number() ? compare_numbers(left, right) : std::strong_ordering::equal;
  }
}

}  // namespace martgate
