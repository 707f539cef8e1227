#include "demo/basket.h"

#include <algorithm>
#include <array>
#include <optional>

#include "demo/assortment.h"

namespace martgate::demo {
namespace {

constexpr std::int64_t kAttributedPermille = 380;
constexpr std::int64_t kMemberDiscount = 10;  // percent
constexpr std::int64_t kTradeDiscount = 35;

// By month from January, in percent of the year's average.
constexpr std::array kSummer{35, 45, 85, 130, 170, 180, 160, 110, 80, 60, 55, 60};
constexpr std::array kWinter{150, 120, 85, 60, 45, 40, 45, 60, 95, 145, 180, 190};

int season_percent(Season season, int calendar_month) {
  switch (season) {
    case Season::Summer:
      return kSummer[std::size_t(calendar_month)];
    case Season::Winter:
      return kWinter[std::size_t(calendar_month)];
    case Season::All:
      return 100;
  }
  return 100;
}

std::size_t wanted_product(const World& world, int day, Random& random) {
  const int month = world.calendar_month(day);
  std::array<int, 64> weights{};
  const auto all = products();
  for (std::size_t i = 0; i < all.size(); ++i) {
    weights[i] = all[i].demand * season_percent(all[i].season, month);
  }
  return pick(random, std::span(weights).first(all.size()));
}

// The product itself, another in its place, or nothing.
std::optional<std::size_t> available(const World& world, int day, std::size_t wanted,
                                     Random& random) {
  const int month = world.month_of(day);
  const bool is_sold_out =
      wanted == kSoldOutProduct && month >= kSoldOutFrom && month < kSoldOutUntil;
  if (!is_sold_out) return wanted;
  if (happens(random, 80)) return kSubstituteProduct;
  return std::nullopt;
}

void add_line(const World& world, Order& order, std::size_t product, std::int64_t quantity) {
  const auto lines = std::span(order.lines).first(std::size_t(order.line_count));
  if (std::ranges::any_of(lines, [&](const Line& line) { return line.product == product; })) return;
  const int cents = price_cents_in(products()[product], world.month_of(order.placed_day));
  order.lines.at(std::size_t(order.line_count++)) = {static_cast<std::uint8_t>(product),
                                                     static_cast<std::uint8_t>(quantity), cents};
  order.subtotal_cents += cents * quantity;
}

std::int64_t percent_of(std::int64_t cents, std::int64_t percent) {
  return (cents * percent + 50) / 100;
}

// The two digits at the end of a coupon are its percents: NEST20.
std::int64_t coupon_percent(const Order& order) {
  if (order.campaign < 0) return 0;
  const std::string_view coupon = campaigns()[std::size_t(order.campaign)].coupon;
  if (coupon.empty()) return 0;
  return (coupon[coupon.size() - 2] - '0') * 10 + (coupon.back() - '0');
}

}  // namespace

bool fill_consumer_basket(const World& world, Order& order, bool is_member) {
  Random random = world.stream(Subject::Basket, std::uint64_t(order.id));
  constexpr std::array kLineShares{52, 30, 13, 5};
  constexpr std::array kQuantityShares{86, 11, 3};
  const std::size_t lines = 1 + pick(random, kLineShares);
  for (std::size_t i = 0; i < lines; ++i) {
    const auto product =
        available(world, order.placed_day, wanted_product(world, order.placed_day, random), random);
    const auto quantity = static_cast<std::int64_t>(1 + pick(random, kQuantityShares));
    if (product) add_line(world, order, *product, quantity);
  }
  const std::int64_t percent = std::max(is_member ? kMemberDiscount : 0, coupon_percent(order));
  if (order.channel == Channel::Web) {
    order.discount_cents = percent_of(order.subtotal_cents, percent);
  }
  return order.line_count > 0;
}

void fill_company_basket(const World& world, Order& order) {
  Random random = world.stream(Subject::Basket, std::uint64_t(order.id));
  for (std::int64_t lines = random.between(3, 7); lines > 0; --lines) {
    const auto product =
        available(world, order.placed_day, wanted_product(world, order.placed_day, random), random);
    const std::int64_t quantity = random.between(2, 6);
    if (product) add_line(world, order, *product, quantity);
  }
  if (order.line_count == 0) add_line(world, order, kSubstituteProduct, 2);
  order.discount_cents = percent_of(order.subtotal_cents, kTradeDiscount);
}

int attributed_campaign(int month, Random& random) {
  if (!happens(random, kAttributedPermille)) return -1;
  std::array<int, 32> pulls{};
  const auto all = campaigns();
  for (std::size_t i = 0; i < all.size(); ++i) pulls[i] = pull_in(all[i], month);
  return static_cast<int>(pick(random, std::span(pulls).first(all.size())));
}

}  // namespace martgate::demo
