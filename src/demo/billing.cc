#include "demo/billing.h"

#include <fmt/format.h>

#include <array>

#include "demo/assortment.h"
#include "demo/keys.h"

namespace martgate::demo {

struct BillingExport::Invoice {
  std::int64_t id;
  std::int64_t customer;
  std::string_view kind;
  std::string reference;
  std::int64_t cents;
  int issued_day;
  int due_day;
  int paid_day;  // may lie behind the last day
  int void_day;
  std::string_view method;
};

namespace {

constexpr std::string_view kInvoiceHeader =
    "invoice_id,billing_customer_id,kind,reference,issued_on,due_on,amount,currency,status,updated_"
    "on";
constexpr std::string_view kPaymentHeader =
    "payment_id,invoice_id,billing_customer_id,type,status,amount,method,created_at";
constexpr std::string_view kSubscriptionHeader =
    "subscription_id,billing_customer_id,plan,interval_months,amount,started_on,ended_on,status,"
    "end_reason";
constexpr std::string_view kCustomerHeader = "billing_customer_id,email,name,created_on";
constexpr int kTradeDays = 30;

std::string invoice_id(std::int64_t id) {
  return fmt::format("in_{:07}", id);
}

}  // namespace

BillingExport::BillingExport(const World& world, const History& history, Output& output)
    : world_(world),
      history_(history),
      output_(output),
      invoices_(output, world, "billing/invoices", ".csv", kInvoiceHeader),
      payments_(output, world, "billing/payments", ".csv", kPaymentHeader),
      subscriptions_(output.open("billing/subscriptions-" + world.iso(world.last_day()) + ".csv",
                                 kSubscriptionHeader)),
      again_(world.stream(Subject::Resent, 2)) {}

void BillingExport::add(const Order& order) {
  if (order.is_test) return;
  Random random = world_.stream(Subject::Payment, std::uint64_t(order.id));
  constexpr std::array<std::string_view, 3> kMethods{"card", "paypal", "sepa"};
  constexpr std::array kMethodShares{52, 36, 12};
  const bool is_trade = order.channel == Channel::Wholesale;
  const Invoice invoice{.id = next_invoice_++,
                        .customer = order.customer,
                        .kind = "order",
                        .reference = order_no(order.id),
                        .cents = order.total_cents(),
                        .issued_day = order.placed_day,
                        .due_day = order.placed_day + (is_trade ? kTradeDays : 0),
                        .paid_day = order.paid_day,
                        .void_day = order.cancelled_day,
                        .method = is_trade ? "transfer" : kMethods[pick(random, kMethodShares)]};
  add_invoice(invoice);
  if (order.paid_day == kNever) return;
  if (!is_trade && happens(random, 25)) {
    add_payment(invoice, "charge", "failed", invoice.cents, order.paid_day);
  }
  add_payment(invoice, "charge", "succeeded", invoice.cents, order.paid_day);
  if (order.refunded_day != kNever) {
    add_payment(invoice, "refund", "succeeded", order.refund_cents, order.refunded_day);
  }
}

void BillingExport::add(const Membership& membership) {
  Random random =
      world_.stream(Subject::Payment, (std::uint64_t{1} << 40U) + std::uint64_t(membership.id));
  const Plan& plan = plans()[membership.plan];
  const bool is_over = world_.is_over(membership.until_day);
  const bool is_past_due = !is_over && happens(random, 20);
  constexpr std::array<std::string_view, 4> kReasons{"too expensive", "not used", "", "moved away"};
  constexpr std::array kReasonShares{40, 30, 22, 8};
  CsvLine row;
  row.text(membership_id(membership.id)).text(billing_customer_id(world_, membership.customer));
  row.text(plan.name).number(plan.months).money(plan.price_cents);
  row.text(world_.iso(membership.from_day));
  row.text(is_over ? world_.iso(membership.until_day) : "");
  row.text(is_over ? "canceled" : is_past_due ? "past_due" : "active");
  row.text(is_over ? kReasons[pick(random, kReasonShares)] : "");
  subscriptions_.row_maybe_twice(row.line(), again_);

  for (int months = 0;; months += plan.months) {
    const int day = membership.from_day + months * 365 / 12;
    if (day >= membership.until_day || !world_.is_over(day)) break;
    const bool is_last = !world_.is_over(day + plan.months * 365 / 12);
    const Invoice invoice{.id = next_invoice_++,
                          .customer = membership.customer,
                          .kind = "membership",
                          .reference = membership_id(membership.id),
                          .cents = plan.price_cents,
                          .issued_day = day,
                          .due_day = day,
                          .paid_day = is_past_due && is_last ? kNever : day,
                          .void_day = kNever,
                          .method = "card"};
    add_invoice(invoice);
    add_payment(invoice, "charge", invoice.paid_day == kNever ? "failed" : "succeeded",
                invoice.cents, day);
  }
}

// As it stood at the end of its month, and again in the month it was paid or voided.
void BillingExport::add_invoice(const Invoice& invoice) {
  const int final_day = invoice.void_day != kNever ? invoice.void_day : invoice.paid_day;
  const std::string_view final_status = invoice.void_day != kNever ? "void" : "paid";
  const int issued_month = world_.month_of(invoice.issued_day);
  const auto write = [&](int month, std::string_view status, int since) {
    CsvLine row;
    row.text(invoice_id(invoice.id)).text(billing_customer_id(world_, invoice.customer));
    row.text(invoice.kind).text(invoice.reference);
    row.text(world_.iso(invoice.issued_day)).text(world_.iso(invoice.due_day));
    row.money(invoice.cents).text("EUR").text(status).text(world_.iso(since));
    invoices_.at(month).row_maybe_twice(row.line(), again_);
  };
  const bool is_settled = world_.is_over(final_day);
  const int final_month = is_settled ? world_.month_of(final_day) : issued_month;
  if (!is_settled || final_month > issued_month) write(issued_month, "open", invoice.issued_day);
  if (is_settled) write(final_month, final_status, final_day);
}

void BillingExport::add_payment(const Invoice& invoice, std::string_view type,
                                std::string_view status, std::int64_t cents, int day) {
  if (!world_.is_over(day)) return;
  const auto write = [&](const std::string& invoice_key) {
    Random random =
        world_.stream(Subject::Payment, (std::uint64_t{2} << 40U) + std::uint64_t(next_payment_));
    CsvLine row;
    row.text(fmt::format("py_{:07}", next_payment_++)).text(invoice_key);
    row.text(billing_customer_id(world_, invoice.customer)).text(type).text(status);
    row.money(cents).text(invoice.method);
    // Settled at night: no payment is older than the order of its day.
    row.text(world_.iso(day) + 'T' + time_text(86'399 - static_cast<int>(random.below(60))) + 'Z');
    payments_.at(world_.month_of(day)).row_maybe_twice(row.line(), again_);
  };
  write(invoice_id(invoice.id));
  if (next_payment_ % 1100 == 600) write(invoice_id(9'000'000 + invoice.id));
}

void BillingExport::write_customers() {
  OutputFile& file =
      output_.open("billing/customers-" + world_.iso(world_.last_day()) + ".csv", kCustomerHeader);
  const auto& customers = history_.customers();
  for (std::size_t i = 0; i < customers.size(); ++i) {
    if (!customers[i].has_ordered) continue;
    const auto index = static_cast<std::int64_t>(i);
    Random typed = world_.stream(Subject::Presence, (std::uint64_t{2} << 40U) + i);
    const Person person = history_.person(index);
    CsvLine row;
    row.text(billing_customer_id(world_, index)).text(typed_email(person.email, typed));
    row.text(person.first + ' ' + person.last).text(world_.iso(customers[i].signup_day));
    file.row_maybe_twice(row.line(), again_);
  }
}

}  // namespace martgate::demo
