#include "json/canonical.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>
#include <vector>

#include "json/number.h"

namespace martgate {
namespace {

// Well-formed UTF-8 sorts by bytes as UTF-16 sorts by code units, but for one range: U+E000 to
// U+FFFF (lead bytes EE and EF) sorts behind the supplementary planes (lead bytes F0 to F4).
bool is_before_in_utf16(std::string_view left, std::string_view right) {
  const auto weight = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == 0xEE || byte == 0xEF ? byte + 0x10 : static_cast<int>(byte);
  };
  return std::ranges::lexicographical_compare(left, right, {}, weight, weight);
}

void append_string(std::string& out, std::string_view text) {
  static constexpr std::string_view kShort = "btn fr";  // U+0008 to U+000D; U+000B has none
  out.push_back('"');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (byte >= 0x20) {
      out.push_back(c);
    } else if (byte >= 0x08 && byte <= 0x0D && byte != 0x0B) {
      out.push_back('\\');
      out.push_back(kShort[byte - 0x08U]);
    } else {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", byte);
    }
  }
  out.push_back('"');
}

// Source: ECMA-262, Number::toString, radix 10; the names are its own.
void append_double(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  const DecimalDigits decimal = shortest_digits(value);
  if (decimal.digits == 0) {
    out.push_back('0');
    return;
  }
  if (decimal.negative) out.push_back('-');
  const std::string s = std::to_string(decimal.digits);
  const int k = static_cast<int>(s.size());
  const int n = decimal.exponent + k;
  const auto zeros = [](int count) { return std::string(static_cast<std::size_t>(count), '0'); };
  if (k <= n && n <= 21) {
    out += s + zeros(n - k);
  } else if (0 < n && n <= 21) {
    out.append(s, 0, static_cast<std::size_t>(n)).push_back('.');
    out.append(s, static_cast<std::size_t>(n));
  } else if (-6 < n && n <= 0) {
    out += "0." + zeros(-n) + s;
  } else {
    out.push_back(s[0]);
    if (k > 1) out.append(".").append(s, 1);
    fmt::format_to(std::back_inserter(out), "e{}{}", n > 0 ? '+' : '-', std::abs(n - 1));
  }
}

void append_value(std::string& out, const Json& value);

void append_object(std::string& out, const Json::object_t& object) {
  std::vector<const Json::object_t::value_type*> members;
  members.reserve(object.size());
  for (const auto& member : object) members.push_back(&member);
  std::ranges::sort(members, [](const auto* left, const auto* right) {
    return is_before_in_utf16(left->first, right->first);
  });
  out.push_back('{');
  for (const auto* member : members) {
    if (member != members.front()) out.push_back(',');
    append_string(out, member->first);
    out.push_back(':');
    append_value(out, member->second);
  }
  out.push_back('}');
}

void append_array(std::string& out, const Json::array_t& array) {
  out.push_back('[');
  for (const Json& item : array) {
    if (&item != &array.front()) out.push_back(',');
    append_value(out, item);
  }
  out.push_back(']');
}

void append_value(std::string& out, const Json& value) {
  switch (value.type()) {
    case Json::value_t::boolean:
      out += value.get<bool>() ? "true" : "false";
      break;
    case Json::value_t::number_integer:
      out += std::to_string(value.get<std::int64_t>());
      break;
    case Json::value_t::number_unsigned:
      out += std::to_string(value.get<std::uint64_t>());
      break;
    case Json::value_t::number_float:
      append_double(out, value.get<double>());
      break;
    case Json::value_t::string:
      append_string(out, value.get_ref<const std::string&>());
      break;
    case Json::value_t::array:
      append_array(out, value.get_ref<const Json::array_t&>());
      break;
    case Json::value_t::object:
      append_object(out, value.get_ref<const Json::object_t&>());
      break;
    default:
      out += "null";
  }
}

}  // namespace

std::string canonical_json(const Json& value) {
  std::string out;
  append_value(out, value);
  return out;
}

}  // namespace martgate
