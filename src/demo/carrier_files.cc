#include "demo/carrier_files.h"

#include <fmt/format.h>

#include "base/text.h"
#include "demo/assortment.h"
#include "demo/keys.h"

namespace martgate::demo {
namespace {

constexpr std::string_view kHeader =
    "tracking_no,carrier,order_ref,shipped_on,promised_on,delivered_on,status,weight_g,cost";
constexpr int kLostAfterDays = 10;  // behind the promise

std::string typed_reference(std::int64_t order, Random& random) {
  std::string reference = order_no(order);
  const std::uint64_t way = random.below(20);
  if (way == 0) return lower_ascii(reference);
  if (way == 1) return reference + ' ';
  return reference;
}

std::int64_t weight_grams(const Order& order) {
  std::int64_t grams = 250;
  for (int i = 0; i < order.line_count; ++i) {
    const Line& line = order.lines[std::size_t(i)];
    grams += std::int64_t{products()[line.product].weight_grams} * line.quantity;
  }
  return grams;
}

}  // namespace

CarrierExport::CarrierExport(const World& world, Output& output)
    : world_(world),
      shipments_(output, world, "carriers/shipments", ".csv", kHeader),
      again_(world.stream(Subject::Resent, 3)) {}

void CarrierExport::add(const Order& order) {
  if (order.is_test || !world_.is_over(order.shipped_day)) return;
  Random random =
      world_.stream(Subject::Parcel, (std::uint64_t{1} << 40U) + std::uint64_t(order.id));
  const Carrier& carrier = carriers()[std::size_t(order.carrier)];
  const auto date = [&](int day) {
    return carrier.writes_slashed_dates ? world_.slashed(day) : world_.iso(day);
  };
  const bool is_delivered = world_.is_over(order.delivered_day);
  const bool is_lost =
      order.delivered_day == kNever && world_.is_over(order.promised_day + kLostAfterDays);
  const std::int64_t grams = weight_grams(order);
  const auto write = [&](const std::string& reference, const std::string& tracking) {
    CsvLine row;
    row.text(tracking).text(carrier.name).text(reference);
    row.text(date(order.shipped_day)).text(date(order.promised_day));
    row.text(is_delivered ? date(order.delivered_day) : "");
    row.text(is_delivered ? "delivered" : is_lost ? "lost" : "in transit");
    row.number(grams).money(carrier.parcel_cents + grams / 1000 * 45);
    shipments_.at(world_.month_of(order.shipped_day)).row_maybe_twice(row.line(), again_);
  };
  write(typed_reference(order.id, random),
        fmt::format("{}{:09}", carrier.prefix, 7 * order.id + 1));
  if (order.id % 800 == 333) {
    write(fmt::format("KX-{}", 70000 + order.id),
          fmt::format("{}{:09}", carrier.prefix, 7 * order.id + 4));
  }
}

}  // namespace martgate::demo
