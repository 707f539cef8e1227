#include "demo/parcel.h"

#include <algorithm>

#include "demo/assortment.h"

namespace martgate::demo {
namespace {

constexpr int kPromisedDays = 3;

std::int64_t refund_permille(const Order& order) {
  if (order.channel == Channel::Wholesale) return 20;
  const std::int64_t extra = order.channel == Channel::Marketplace ? 35 : 0;
  return (order.is_late() ? 175 : 48) + extra;
}

// All of it, or the price of one line after the order's discount.
std::int64_t refund_cents(const Order& order, Random& random) {
  if (order.line_count == 1 || happens(random, 450)) return order.total_cents();
  const Line& line = order.lines.at(random.below(std::uint64_t(order.line_count)));
  const std::int64_t line_cents = std::int64_t{line.unit_cents} * line.quantity;
  return line_cents * order.total_cents() / order.subtotal_cents;
}

}  // namespace

void send_parcel(const World& world, Order& order) {
  Random random = world.stream(Subject::Parcel, std::uint64_t(order.id));
  if (happens(random, 30)) {
    order.cancelled_day = order.placed_day + static_cast<int>(random.below(2));
    order.paid_day = kNever;
    return;
  }
  const int month = world.month_of(order.placed_day);
  order.carrier = static_cast<int>(pick(random, carrier_shares(month)));
  const Carrier& carrier = carriers()[std::size_t(order.carrier)];
  order.shipped_day = order.placed_day + static_cast<int>(random.between(1, 2));
  order.promised_day = order.shipped_day + kPromisedDays;
  const bool is_december = world.calendar_month(order.placed_day) == 11;
  if (!happens(random, carrier.lost_permille)) {
    order.delivered_day =
        happens(random, carrier.late_permille + (is_december ? 50 : 0))
            ? order.promised_day + static_cast<int>(random.between(1, carrier.late_days_max))
            : order.shipped_day + static_cast<int>(random.between(1, kPromisedDays));
  }
  const bool is_lost = order.delivered_day == kNever;
  Random refund = world.stream(Subject::Refund, std::uint64_t(order.id));
  if (!is_lost && !happens(refund, refund_permille(order))) return;
  order.refund_cents = is_lost ? order.total_cents() : refund_cents(order, refund);
  const int complained = is_lost ? order.promised_day + 10 : order.delivered_day;
  order.refunded_day =
      std::max(complained, order.paid_day) + static_cast<int>(refund.between(3, 21));
}

}  // namespace martgate::demo
