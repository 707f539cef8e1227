#include <doctest/doctest.h>

#include <map>
#include <set>

#include "base/text.h"
#include "demo/demo_data.h"
#include "extracts.h"
#include "temp_folder.h"

using namespace martgate;
using namespace martgate::demo_test;

namespace {

// One run at a quarter of the usual size serves every test here.
const std::filesystem::path& extracts() {
  static const TempFolder folder;
  static const bool is_written = [] {
    DemoOptions options;
    options.scale = 0.25;
    return write_demo_data(folder.path(), options).has_value();
  }();
  REQUIRE(is_written);
  return folder.path();
}

// Latest state of each row, repeated and outdated ones gone.
std::map<std::string, Row> latest(std::string_view stem, const std::string& key,
                                  const std::string& version) {
  std::map<std::string, Row> rows;
  for (Row& row : csv_rows(extracts(), stem)) {
    Row& kept = rows[row.at(key)];
    if (kept.empty() || kept.at(version) <= row.at(version)) kept = std::move(row);
  }
  return rows;
}

std::map<std::string, Row> orders() {
  return latest("shop/orders-", "order_id", "updated_at");
}

bool is_test(const Row& order) {
  return lower_ascii(trim(order.at("customer_email"))).ends_with("@kestrel.example");
}

std::size_t repeated(std::vector<std::string> all) {
  const std::size_t count = all.size();
  return count - std::set<std::string>(all.begin(), all.end()).size();
}

std::size_t containing(const std::vector<std::string>& all, std::string_view part) {
  std::size_t count = 0;
  for (const std::string& line : all) count += line.find(part) != std::string::npos ? 1U : 0U;
  return count;
}

}  // namespace

TEST_CASE("demo rows: no refund without a charge, and never more than was charged") {
  std::map<std::string, long long> charged;
  std::map<std::string, long long> refunded;
  std::set<std::string> seen;
  for (const Row& row : csv_rows(extracts(), "billing/payments-")) {
    if (row.at("status") != "succeeded" || !seen.insert(row.at("payment_id")).second) continue;
    auto& sums = row.at("type") == "refund" ? refunded : charged;
    sums[row.at("invoice_id")] += cents(row.at("amount"));
  }
  REQUIRE_FALSE(refunded.empty());
  for (const auto& [invoice, amount] : refunded) CHECK(amount <= charged[invoice]);
}

TEST_CASE("demo rows: test orders and cancelled orders cost nobody money") {
  std::set<std::string> invoiced;
  std::map<std::string, std::string> invoice_status;
  for (const auto& [id, row] : latest("billing/invoices-", "invoice_id", "updated_on")) {
    if (row.at("kind") == "order") invoice_status[row.at("reference")] = row.at("status");
  }
  std::size_t tests = 0;
  std::size_t cancelled = 0;
  for (const auto& [id, order] : orders()) {
    const std::string& number = order.at("order_no");
    if (is_test(order)) {
      ++tests;
      CHECK_FALSE(invoice_status.contains(number));
    } else if (order.at("status") == "cancelled") {
      ++cancelled;
      CHECK(invoice_status.at(number) == "void");
    }
  }
  CHECK(tests > 0);
  CHECK(cancelled > 0);
}

TEST_CASE("demo rows: order total is the sum of its lines less the discount, and its invoice's") {
  std::map<std::string, long long> sums;
  std::set<std::string> seen;
  for (const Row& line : csv_rows(extracts(), "shop/order_lines-")) {
    if (!seen.insert(line.at("order_id") + '/' + line.at("line_no")).second) continue;
    const long long amount = cents(line.at("line_total"));
    CHECK(amount == cents(line.at("unit_price")) * std::stoll(line.at("quantity")));
    sums[line.at("order_id")] += amount;
  }
  std::map<std::string, long long> invoiced;
  for (const auto& [id, row] : latest("billing/invoices-", "invoice_id", "updated_on")) {
    if (row.at("kind") == "order") invoiced[row.at("reference")] = cents(row.at("amount"));
  }
  for (const auto& [id, order] : orders()) {
    CHECK(cents(order.at("subtotal")) == sums[id]);
    const long long total = cents(order.at("total"));
    CHECK(total == cents(order.at("subtotal")) - cents(order.at("discount")));
    if (!is_test(order)) CHECK(invoiced.at(order.at("order_no")) == total);
  }
}

TEST_CASE("demo rows: every order has an account, every payer an address of the shop") {
  std::set<std::string> ids;
  std::set<std::string> addresses;
  for (const Row& row : csv_rows(extracts(), "shop/customers-")) {
    ids.insert(row.at("customer_id"));
    addresses.insert(lower_ascii(trim(row.at("email"))));
  }
  for (const auto& [id, order] : orders()) {
    const std::string& customer = order.at("customer_id");
    if (!customer.empty()) CHECK(ids.contains(customer));
    CHECK(addresses.contains(lower_ascii(trim(order.at("customer_email")))));
  }
  std::set<std::string> payers;
  for (const Row& row : csv_rows(extracts(), "billing/customers-")) {
    payers.insert(row.at("billing_customer_id"));
    CHECK(addresses.contains(lower_ascii(trim(row.at("email")))));
  }
  for (const Row& row : csv_rows(extracts(), "billing/subscriptions-")) {
    CHECK(payers.contains(row.at("billing_customer_id")));
  }
}

TEST_CASE("demo rows: the sold-out tent is sold by nobody for three months, and before and after") {
  std::map<std::string, std::string> month_of_order;
  for (const auto& [id, order] : orders()) month_of_order[id] = order.at("placed_at").substr(0, 7);
  std::map<std::string, int> sold;
  for (const Row& line : csv_rows(extracts(), "shop/order_lines-")) {
    if (line.at("product_id") == "TN-WF2") ++sold[month_of_order[line.at("order_id")]];
  }
  CHECK(sold["2025-05"] > 0);
  for (const char* month : {"2026-04", "2026-05", "2026-06"}) CHECK(sold[month] == 0);
  CHECK(sold["2026-07"] > 0);
}

TEST_CASE("demo rows: lines are repeated, and changed orders and invoices sent again") {
  for (const char* stem :
       {"shop/orders-", "shop/order_lines-", "shop/customers-", "billing/invoices-",
        "billing/payments-", "carriers/shipments-", "ads/spend-"}) {
    CAPTURE(stem);
    CHECK(repeated(lines(extracts(), stem)) > 0);
  }
  std::map<std::string, std::set<std::string>> states;
  for (const Row& row : csv_rows(extracts(), "shop/orders-")) {
    states[row.at("order_id")].insert(row.at("updated_at"));
  }
  std::size_t resent = 0;
  for (const auto& [id, versions] : states) resent += versions.size() > 1 ? 1U : 0U;
  CHECK(resent > 10);
  // Corrected by the platform: the last of September again in the file of October.
  CHECK(containing(lines(extracts(), "ads/spend-2026-10"), "\"date\":\"2026-09-30\"") > 0);
}

TEST_CASE("demo rows: addresses and countries are written as people type them") {
  std::set<std::string> countries;
  std::size_t capitals = 0;
  std::size_t blanks = 0;
  std::size_t nameless = 0;
  for (const Row& row : csv_rows(extracts(), "shop/customers-")) {
    countries.insert(row.at("country"));
    const std::string& email = row.at("email");
    capitals += lower_ascii(email) != email ? 1U : 0U;
    blanks += trim(email) != email ? 1U : 0U;
    nameless += row.at("first_name").empty() ? 1U : 0U;
  }
  CHECK(countries.contains("DE"));
  CHECK(countries.contains("Germany"));
  CHECK(countries.contains("GERMANY"));
  CHECK(capitals > 0);
  CHECK(blanks > 0);
  CHECK(nameless > 0);
}

TEST_CASE("demo rows: keys are missing, and some name nothing") {
  std::size_t without_account = 0;
  std::set<std::string> known;
  for (const auto& [id, order] : orders()) {
    known.insert(order.at("order_no"));
    without_account += order.at("customer_id").empty() ? 1U : 0U;
  }
  CHECK(without_account > 0);
  std::size_t strange_parcels = 0;
  std::size_t retyped = 0;
  for (const Row& row : csv_rows(extracts(), "carriers/shipments-")) {
    const std::string& reference = row.at("order_ref");
    if (reference.starts_with("KX-"))
      ++strange_parcels;
    else if (!known.contains(reference))
      ++retyped;
  }
  CHECK(strange_parcels > 0);
  CHECK(retyped > 0);
  std::size_t archived = 0;
  const auto all = orders();
  for (const Row& row : csv_rows(extracts(), "shop/order_lines-")) {
    archived += all.contains(row.at("order_id")) ? 0U : 1U;
  }
  CHECK(archived > 0);
  const auto invoices = latest("billing/invoices-", "invoice_id", "updated_on");
  std::size_t unknown_invoices = 0;
  for (const Row& row : csv_rows(extracts(), "billing/payments-")) {
    unknown_invoices += invoices.contains(row.at("invoice_id")) ? 0U : 1U;
  }
  CHECK(unknown_invoices > 0);
}

TEST_CASE("demo rows: dates and amounts come in the ways of their systems") {
  std::set<std::string> ways;
  for (const Row& row : csv_rows(extracts(), "carriers/shipments-")) {
    ways.insert(row.at("shipped_on").find('/') == std::string::npos ? "iso" : "slashed");
  }
  CHECK(ways.size() == 2);
  CHECK(containing(lines(extracts(), "support/tickets-2025-02"), "Z\"") == 0);
  CHECK(containing(lines(extracts(), "support/tickets-2026-02"), "Z\"") > 0);
  const auto sheet = lines(extracts(), "planning/targets-2026");
  CHECK(containing(sheet, ";web;1;") == 10);
  CHECK(containing(sheet, ";web;2;") > 0);
  CHECK(containing(sheet, ";;;;") == 1);
  CHECK(containing(sheet, "Total 2026") == 1);
  bool has_continental_amount = false;
  for (const Row& row : csv_rows(extracts(), "planning/targets-2026")) {
    const std::string& amount = row.at("revenue_target");
    has_continental_amount |= amount.find('.') < amount.find(',') && amount.ends_with(",00");
  }
  CHECK(has_continental_amount);
  const auto ads = lines(extracts(), "ads/spend-2026-07");
  CHECK(containing(ads, "\"spend\":null") > 0);
  CHECK(containing(ads, "\"cost_micros\":null") > 0);
  CHECK(containing(ads, "CMP-") > 0);
  CHECK(containing(lines(extracts(), "web/traffic-2026-07"), ",bot,") > 0);
}

TEST_CASE(
    "demo rows: the CRM has people twice, and the table of the month before beside the last") {
  CHECK(containing(lines(extracts(), "crm/leads-2026-10-31"), "-D,") > 0);
  CHECK(lines(extracts(), "crm/deals-2026-09-30").size() <
        lines(extracts(), "crm/deals-2026-10-31").size());
}
