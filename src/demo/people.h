// Customers and retailers: each is a function of the seed and a number, so none has to be stored.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "demo/world.h"

namespace martgate::demo {

enum class Country : std::uint8_t { De, At, Ch, Nl, Fr, Dk };
[[nodiscard]] std::string_view code_of(Country country);  // "DE"

struct Person {
  std::string first;
  std::string last;
  std::string email;  // clean: lower case, no blanks
  Country country = Country::De;
};
[[nodiscard]] Person consumer(const World& world, std::int64_t customer);
// Colleagues who try the checkout out; their orders are no sales. `index` below kStaffCount.
inline constexpr int kStaffCount = 3;
[[nodiscard]] Person staff(int index);
// Somebody who only left an address, at a fair or for the newsletter.
[[nodiscard]] Person prospect(const World& world, std::int64_t index);

struct Company {
  std::string name;
  Person buyer;
};
[[nodiscard]] Company company(const World& world, std::int64_t index);

// The same address as people type it: capitals, blanks around it.
[[nodiscard]] std::string typed_email(const std::string& email, Random& random);
// "DE", "Germany" or "GERMANY".
[[nodiscard]] std::string typed_country(Country country, Random& random);

}  // namespace martgate::demo
