#include "demo/people.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace martgate::demo {
namespace {

struct Name {
  std::string_view shown;
  std::string_view in_email;
};

constexpr std::array kFirst{
    Name{"Anna", "anna"},     Name{"Jürgen", "juergen"}, Name{"Mira", "mira"},
    Name{"Tobias", "tobias"}, Name{"Léa", "lea"},        Name{"Sofie", "sofie"},
    Name{"Pieter", "pieter"}, Name{"Klára", "klara"},    Name{"Björn", "bjoern"},
    Name{"Hanna", "hanna"},   Name{"Luca", "luca"},      Name{"Ines", "ines"},
    Name{"Marek", "marek"},   Name{"Frida", "frida"},    Name{"Oskar", "oskar"},
    Name{"Chloé", "chloe"},   Name{"Emil", "emil"},      Name{"Nadja", "nadja"},
    Name{"Ruben", "ruben"},   Name{"Greta", "greta"},    Name{"Matthieu", "matthieu"},
    Name{"Lotte", "lotte"},   Name{"Søren", "soeren"},   Name{"Vera", "vera"},
};
constexpr std::array kLast{
    Name{"Keller", "keller"},     Name{"Müller", "mueller"},
    Name{"Brandt", "brandt"},     Name{"de Vries", "devries"},
    Name{"Lindner", "lindner"},   Name{"Moreau", "moreau"},
    Name{"Jensen", "jensen"},     Name{"Hofer", "hofer"},
    Name{"Schäfer", "schaefer"},  Name{"Bakker", "bakker"},
    Name{"Rossi", "rossi"},       Name{"Steiner", "steiner"},
    Name{"Novak", "novak"},       Name{"Girard", "girard"},
    Name{"Petersen", "petersen"}, Name{"Wolf", "wolf"},
    Name{"Baumann", "baumann"},   Name{"Ziegler", "ziegler"},
    Name{"van Dijk", "vandijk"},  Name{"Huber", "huber"},
    Name{"Fontaine", "fontaine"}, Name{"Østergaard", "oestergaard"},
    Name{"Roth", "roth"},         Name{"Frei", "frei"},
};
constexpr std::array<std::string_view, 4> kMailDomains{"mail.example", "post.example",
                                                       "inbox.example", "webmail.example"};

struct CountryWords {
  std::string_view code;
  std::string_view name;
  std::string_view upper;
};
constexpr std::array kCountries{
    CountryWords{"DE", "Germany", "GERMANY"},
    CountryWords{"AT", "Austria", "AUSTRIA"},
    CountryWords{"CH", "Switzerland", "SWITZERLAND"},
    CountryWords{"NL", "Netherlands", "NETHERLANDS"},
    CountryWords{"FR", "France", "FRANCE"},
    CountryWords{"DK", "Denmark", "DENMARK"},
};
constexpr std::array kCountryShares{56, 14, 9, 10, 7, 4};

constexpr std::array kShopFirst{
    Name{"Bergblick", "bergblick"}, Name{"Alpin", "alpin"},     Name{"Wanderlust", "wanderlust"},
    Name{"Gipfel", "gipfel"},       Name{"Fjord", "fjord"},     Name{"Sentier", "sentier"},
    Name{"Polder", "polder"},       Name{"Waldweg", "waldweg"}, Name{"Nordkante", "nordkante"},
    Name{"Almwiese", "almwiese"},
};
constexpr std::array kShopLast{
    Name{"Sport GmbH", "sport"},
    Name{"Outdoor & Co.", "outdoor"},
    Name{"Laden", "laden"},
    Name{"Ausrüster KG", "ausruester"},
    Name{"Depot, Inh. Roth", "depot"},
    Name{"Basecamp", "basecamp"},
};
constexpr std::array<std::string_view, 12> kCities{
    "Freiburg", "Innsbruck", "Bern",   "Utrecht", "Annecy",  "Aarhus",
    "Dresden",  "Salzburg",  "Kassel", "Leipzig", "Kempten", "Maastricht"};

template <class Table>
const auto& one_of(Random& random, const Table& table) {
  return table[random.below(table.size())];
}

Country a_country(Random& random) {
  return static_cast<Country>(pick(random, kCountryShares));
}

Person a_person(Random& random, std::string_view mark, std::int64_t index) {
  const Name first = one_of(random, kFirst);
  const Name last = one_of(random, kLast);
  // The number makes the address unique; people share names.
  return {std::string(first.shown), std::string(last.shown),
          fmt::format("{}.{}{}{}@{}", first.in_email, last.in_email, mark, index,
                      one_of(random, kMailDomains)),
          a_country(random)};
}

}  // namespace

std::string_view code_of(Country country) {
  return kCountries[std::size_t(country)].code;
}

Person consumer(const World& world, std::int64_t customer) {
  Random random = world.stream(Subject::Customer, static_cast<std::uint64_t>(customer));
  return a_person(random, "", customer);
}

Person staff(int index) {
  static const std::array<Person, kStaffCount> kStaff{
      Person{"Test", "Checkout", "test@kestrel.example", Country::De},
      Person{"Nora", "Lindqvist", "nora.lindqvist@kestrel.example", Country::De},
      Person{"QA", "Robot", "qa-robot@kestrel.example", Country::De}};
  return kStaff.at(std::size_t(index));
}

Person prospect(const World& world, std::int64_t index) {
  Random random = world.stream(Subject::Lead, static_cast<std::uint64_t>(index));
  return a_person(random, "-p", index);
}

Company company(const World& world, std::int64_t index) {
  Random random = world.stream(Subject::Company, static_cast<std::uint64_t>(index));
  const Name first = one_of(random, kShopFirst);
  const Name last = one_of(random, kShopLast);
  Company result{fmt::format("{} {} {}", first.shown, one_of(random, kCities), last.shown),
                 a_person(random, "", index)};
  result.buyer.email = fmt::format("einkauf@{}-{}{}.example", first.in_email, last.in_email, index);
  return result;
}

std::string typed_email(const std::string& email, Random& random) {
  std::string typed = email;
  const auto upper = [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; };
  switch (random.below(20)) {
    case 0:
      std::ranges::transform(typed, typed.begin(), upper);
      break;
    case 1:
    case 2:
      typed[0] = upper(typed[0]);
      break;
    case 3:
      typed.push_back(' ');
      break;
    case 4:
      typed.insert(typed.begin(), ' ');
      break;
    default:
      break;
  }
  return typed;
}

std::string typed_country(Country country, Random& random) {
  const CountryWords& words = kCountries[std::size_t(country)];
  const std::uint64_t way = random.below(10);
  return std::string(way < 6 ? words.code : way < 9 ? words.name : words.upper);
}

}  // namespace martgate::demo
