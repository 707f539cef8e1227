#include "demo/shop.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "demo/assortment.h"
#include "demo/keys.h"

namespace martgate::demo {
namespace {

constexpr std::string_view kCustomerHeader =
    "customer_id,email,first_name,last_name,company,country,account_type,created_at";
constexpr std::string_view kProductHeader =
    "product_id,name,category,list_price,unit_cost,weight_g,supplier,status";
constexpr std::string_view kOrderHeader =
    "order_id,order_no,customer_id,customer_email,channel,status,placed_at,updated_at,currency,"
    "subtotal,discount,total,coupon,utm_source,utm_campaign,ship_country";
constexpr std::string_view kLineHeader =
    "order_id,line_no,product_id,quantity,unit_price,line_total";

struct OrderState {
  std::string_view status;
  int since;
};

OrderState state_on(const Order& order, int day) {
  const auto was = [&](int event) { return event != kNever && event <= day; };
  if (was(order.cancelled_day)) return {"cancelled", order.cancelled_day};
  if (was(order.refunded_day) && order.refund_cents == order.total_cents()) {
    return {"refunded", order.refunded_day};
  }
  if (was(order.delivered_day)) return {"delivered", order.delivered_day};
  if (was(order.shipped_day)) return {"shipped", order.shipped_day};
  return {"placed", order.placed_day};
}

std::string_view utm_source(const Order& order) {
  if (order.campaign >= 0) return campaigns()[std::size_t(order.campaign)].platform;
  if (order.channel != Channel::Web) return {};
  constexpr std::array<std::string_view, 4> kUnpaid{"", "organic", "newsletter", "organic"};
  return kUnpaid[std::size_t(order.id % 4)];
}

}  // namespace

ShopExport::ShopExport(const World& world, const History& history, Output& output)
    : world_(world),
      history_(history),
      output_(output),
      orders_(output, world, "shop/orders", ".csv", kOrderHeader),
      lines_(output, world, "shop/order_lines", ".csv", kLineHeader),
      again_(world.stream(Subject::Resent, 1)) {}

void ShopExport::add(const Order& order) {
  const Person person = history_.person(order.customer);
  std::string_view written;
  for (int month = world_.month_of(order.placed_day); month < world_.month_count(); ++month) {
    const int as_of = world_.month_start(month + 1) - 1;
    const std::string_view status = state_on(order, as_of).status;
    if (status != written) add_state(order, person, month, as_of);
    written = status;
    if (as_of > order.placed_day + 330) break;  // nothing happens to an order after that
  }
  OutputFile& file = lines_.at(world_.month_of(order.placed_day));
  for (int i = 0; i < order.line_count; ++i) {
    const Line& line = order.lines[std::size_t(i)];
    CsvLine row;
    row.text(shop_order_id(order.id)).number(i + 1);
    row.text(products()[line.product].sku).number(line.quantity);
    row.money(line.unit_cents).money(std::int64_t{line.unit_cents} * line.quantity);
    file.row_maybe_twice(row.line(), again_);
  }
  if (order.id % 900 == 400) {
    CsvLine orphan;
    orphan.text("A" + shop_order_id(order.id))
        .number(1)
        .text("AC-KC1")
        .number(1)
        .money(1900)
        .money(1900);
    file.row(orphan.line());
  }
}

void ShopExport::add_state(const Order& order, const Person& person, int month, int as_of) {
  Random typed = world_.stream(Subject::Presence, std::uint64_t(order.id));
  const OrderState state = state_on(order, as_of);
  const bool is_fresh = state.since == order.placed_day && state.status == "placed";
  const int second = is_fresh ? order.placed_second : 20 * 3600;
  CsvLine row;
  row.text(shop_order_id(order.id)).text(order_no(order.id));
  row.text(order.is_logged_out ? "" : shop_customer_id(order.customer));
  row.text(typed_email(person.email, typed)).text(name_of(order.channel)).text(state.status);
  row.text(world_.iso(order.placed_day) + ' ' + time_text(order.placed_second));
  row.text(world_.iso(state.since) + ' ' + time_text(std::max(second, order.placed_second)));
  row.text("EUR")
      .money(order.subtotal_cents)
      .money(order.discount_cents)
      .money(order.total_cents());
  if (order.campaign >= 0) {
    const Campaign& campaign = campaigns()[std::size_t(order.campaign)];
    row.text(campaign.coupon).text(utm_source(order)).text(campaign.id);
  } else {
    row.empty().text(utm_source(order)).empty();
  }
  row.text(happens(typed, 20) ? "" : typed_country(order.country, typed));
  orders_.at(month).row_maybe_twice(row.line(), again_);
}

void ShopExport::write_customers() {
  OutputFile& file =
      output_.open("shop/customers-" + world_.iso(world_.last_day()) + ".csv", kCustomerHeader);
  const auto& customers = history_.customers();
  for (std::size_t i = 0; i < customers.size(); ++i) {
    const auto index = static_cast<std::int64_t>(i);
    Random typed = world_.stream(Subject::Presence, (std::uint64_t{1} << 40U) + i);
    const Person person = history_.person(index);
    const bool is_company = customers[i].company >= 0;
    CsvLine row;
    row.text(shop_customer_id(index)).text(typed_email(person.email, typed));
    const bool is_nameless = happens(typed, 15);
    row.text(is_nameless ? "" : person.first).text(is_nameless ? "" : person.last);
    row.text(is_company ? company(world_, customers[i].company).name : "");
    row.text(typed_country(person.country, typed)).text(is_company ? "business" : "private");
    row.text(world_.iso(customers[i].signup_day) + ' ' +
             time_text(static_cast<int>(typed.between(0, 7 * 3600 - 1))));
    file.row_maybe_twice(row.line(), again_);
  }
}

void ShopExport::write_products() {
  OutputFile& file =
      output_.open("shop/products-" + world_.iso(world_.last_day()) + ".csv", kProductHeader);
  for (const Product& product : products()) {
    CsvLine row;
    row.text(product.sku).text(product.name).text(product.category);
    row.money(product.price_cents).money(product.cost_cents).number(product.weight_grams);
    row.text(product.supplier).text("active");
    file.row(row.line());
  }
}

}  // namespace martgate::demo
