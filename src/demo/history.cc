#include "demo/history.h"

#include <algorithm>

#include "demo/assortment.h"
#include "demo/basket.h"
#include "demo/parcel.h"

namespace martgate::demo {
namespace {

constexpr std::int64_t kConsumerOrders = 3750;  // at scale 1, in two years
constexpr std::int64_t kCompanies = 64;
constexpr std::int64_t kDeals = 215;
constexpr std::int64_t kSilentSignups = 260;  // accounts that never ordered on the day they came

// By month from January, by weekday from Sunday: per mille of an ordinary day.
constexpr std::array<std::int64_t, 12> kMonthDemand{780,  740, 900, 1060, 1210, 1260,
                                                    1140, 930, 890, 1000, 1330, 1380};
constexpr std::array<std::int64_t, 7> kWeekdayDemand{1190, 1060, 960, 940, 950, 900, 1000};
// The better seller closes about twice as many.
constexpr std::array kWonPermilleByRep{560, 330, 270};

std::int64_t demand(const World& world, int day) {
  const std::int64_t growth = 780 + 520 * day / world.day_count();
  const int month = world.calendar_month(day);
  const bool is_black_week = month == 10 && world.day_of_month(day) >= 24;
  const std::int64_t base = growth * kMonthDemand[std::size_t(month)] / 1000 *
                            kWeekdayDemand[std::size_t(world.weekday(day))] / 1000;
  return is_black_week ? base * 19 / 10 : base;
}

std::vector<Deal> draw_deals(const World& world, std::int64_t company_count) {
  std::vector<Deal> deals;
  const std::int64_t count = world.scaled(kDeals);
  for (std::int64_t id = 0; id < count; ++id) {
    Random random = world.stream(Subject::Deal, static_cast<std::uint64_t>(id));
    Deal deal;
    deal.id = id;
    deal.company = static_cast<std::int32_t>(random.below(std::uint64_t(company_count)));
    deal.created_day = static_cast<int>(id * world.day_count() / count);
    deal.rep = random.below(kWonPermilleByRep.size());
    deal.is_won = happens(random, kWonPermilleByRep[deal.rep]);
    deal.closed_day = deal.created_day + static_cast<int>(deal.is_won ? random.between(14, 90)
                                                                      : random.between(10, 150));
    deal.amount_cents = random.between(3, 24) * 25000;
    deals.push_back(deal);
  }
  return deals;
}

}  // namespace

std::string_view name_of(Channel channel) {
  constexpr std::array<std::string_view, 3> kNames{"web", "marketplace", "wholesale"};
  return kNames[std::size_t(channel)];
}

History::History(const World& world)
    : world_(world),
      company_count_(world.scaled(kCompanies)),
      account_of_company_(std::size_t(company_count_), -1),
      company_orders_due_(std::size_t(world.day_count())),
      deals_(draw_deals(world, company_count_)) {
  for (int day = 0; day < world.day_count(); ++day) {
    demand_.push_back(demand(world, day));
    demand_sum_ += demand_.back();
  }
  for (const Deal& deal : deals_) {
    const int first_order = deal.closed_day + 3;
    if (deal.is_won && world.is_over(first_order)) {
      company_orders_due_[std::size_t(first_order)].push_back(deal.company);
    }
  }
}

void History::run(Witness& witness) {
  for (std::int8_t index = 0; index < kStaffCount; ++index) {
    static_cast<void>(add_customer({.staff = index}));
  }
  const std::int64_t orders = world_.scaled(kConsumerOrders);
  const std::int64_t signups = world_.scaled(kSilentSignups);
  std::int64_t demand_before = 0;
  for (int day = 0; day < world_.day_count(); ++day) {
    const std::int64_t demand_after = demand_before + demand_on(day);
    const auto share = [&](std::int64_t all) {
      return all * demand_after / demand_sum_ - all * demand_before / demand_sum_;
    };
    for (const std::int32_t company : company_orders_due_[std::size_t(day)]) {
      sell_to_company(day, company, witness);
    }
    for (std::int64_t count = share(signups); count > 0; --count) {
      static_cast<void>(add_customer({.signup_day = day, .active_until = day + 200}));
    }
    for (std::int64_t count = share(orders); count > 0; --count) sell_to_consumer(day, witness);
    if (day % 17 == 5) try_checkout(day, witness);
    demand_before = demand_after;
  }
}

Person History::person(std::int64_t customer) const {
  const Customer& who = customers_.at(std::size_t(customer));
  if (who.staff >= 0) return staff(who.staff);
  if (who.company >= 0) return company(world_, who.company).buyer;
  return consumer(world_, customer);
}

std::int64_t History::add_customer(Customer customer) {
  customers_.push_back(customer);
  return static_cast<std::int64_t>(customers_.size()) - 1;
}

// Newer customers come back more often, so the later of two draws counts. Whoever has gone for good
// is replaced by somebody new.
std::int64_t History::some_customer(int day, Random& random) {
  const bool is_new = happens(random, 600 - 240 * day / world_.day_count());
  for (int attempt = 0; !is_new && attempt < 8; ++attempt) {
    const std::size_t index =
        std::max(random.below(customers_.size()), random.below(customers_.size()));
    const Customer& known = customers_[index];
    if (known.staff < 0 && known.company < 0 && day <= known.active_until) {
      return static_cast<std::int64_t>(index);
    }
  }
  constexpr std::array kLives{44, 26, 30};  // one order, some months, years
  constexpr std::array<std::array<std::int64_t, 2>, 3> kDays{{{0, 0}, {30, 200}, {200, 900}}};
  const auto& life = kDays[pick(random, kLives)];
  const int looked_around = happens(random, 300) ? static_cast<int>(random.below(20)) : 0;
  return add_customer({.signup_day = std::max(0, day - looked_around),
                       .active_until = day + static_cast<int>(random.between(life[0], life[1]))});
}

std::int64_t History::account_of(std::int32_t company, int day) {
  std::int64_t& account = account_of_company_[std::size_t(company)];
  if (account < 0) account = add_customer({.signup_day = day, .company = company});
  return account;
}

Order History::begin_order(int day, std::int64_t customer, Channel channel, Random& random) {
  Order order;
  order.id = next_order_++;
  order.customer = customer;
  order.channel = channel;
  order.country = person(customer).country;
  order.placed_day = day;
  order.placed_second =
      static_cast<int>(random.between(std::int64_t{7} * 3600, std::int64_t{24} * 3600 - 1));
  return order;
}

void History::sell_to_consumer(int day, Witness& witness) {
  Random random = world_.stream(Subject::Order, std::uint64_t(next_order_));
  const Channel channel = happens(random, 120) ? Channel::Marketplace : Channel::Web;
  const std::int64_t customer = some_customer(day, random);
  Order order = begin_order(day, customer, channel, random);
  if (channel == Channel::Web) order.campaign = attributed_campaign(world_.month_of(day), random);
  const bool is_member = day < customers_[std::size_t(customer)].member_until;
  if (!fill_consumer_basket(world_, order, is_member))
    return;  // came for a tent that was not there
  order.is_logged_out = happens(random, 25);
  order.paid_day = day;
  send_parcel(world_, order);
  const bool is_first = !customers_[std::size_t(customer)].has_ordered;
  customers_[std::size_t(customer)].has_ordered = true;
  witness.ordered(order);
  if (order.cancelled_day == kNever) maybe_join(order, is_first, witness);
}

void History::sell_to_company(int day, std::int32_t company, Witness& witness) {
  Random random = world_.stream(Subject::Order, std::uint64_t(next_order_));
  const std::int64_t customer = account_of(company, day);
  Order order = begin_order(day, customer, Channel::Wholesale, random);
  fill_company_basket(world_, order);
  // Thirty days to pay; a tenth forgets for much longer.
  order.paid_day = day + static_cast<int>(happens(random, 100) ? random.between(60, 200)
                                                               : random.between(12, 38));
  send_parcel(world_, order);
  customers_[std::size_t(customer)].has_ordered = true;
  witness.ordered(order);
  const int next = day + static_cast<int>(random.between(60, 170));
  if (happens(random, 580) && world_.is_over(next)) {
    company_orders_due_[std::size_t(next)].push_back(company);
  }
}

void History::try_checkout(int day, Witness& witness) {
  Random random = world_.stream(Subject::Order, std::uint64_t(next_order_));
  const auto who = static_cast<std::int64_t>(random.below(kStaffCount));
  Order order = begin_order(day, who, Channel::Web, random);
  order.is_test = true;
  static_cast<void>(fill_consumer_basket(world_, order, false));
  witness.ordered(order);
}

void History::maybe_join(const Order& order, bool is_first, Witness& witness) {
  Customer& customer = customers_[std::size_t(order.customer)];
  if (customer.member_until != kNever || order.channel != Channel::Web) return;
  Random random = world_.stream(Subject::Member, std::uint64_t(order.id));
  const bool is_club_campaign =
      order.campaign >= 0 && campaigns()[std::size_t(order.campaign)].objective == "membership";
  if (!happens(random, is_club_campaign ? 450 : is_first ? 95 : 130)) return;
  constexpr std::array kPlanShares{62, 28, 10};
  Membership membership;
  membership.id = next_membership_++;
  membership.customer = order.customer;
  membership.plan = pick(random, kPlanShares);
  membership.from_day = order.placed_day;
  const Plan& plan = plans()[membership.plan];
  int months = plan.months;
  while (months < 60 && !happens(random, plan.lapse_permille)) months += plan.months;
  membership.until_day = order.placed_day + months * 365 / 12;
  customer.member_until = membership.until_day;
  witness.joined(membership);
}

}  // namespace martgate::demo
