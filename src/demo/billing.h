// Source "billing": payer records, invoices and payments of orders and memberships.
//
// Dirt: an invoice whose status changed after its month is sent again; some lines appear twice;
// failed attempts stand beside the payments that worked; payments of invoices nobody knows;
// addresses as typed.
#pragma once

#include "demo/history.h"
#include "demo/output.h"

namespace martgate::demo {

class BillingExport {
 public:
  BillingExport(const World& world, const History& history, Output& output);
  void add(const Order& order);
  void add(const Membership& membership);
  void write_customers();

 private:
  struct Invoice;
  void add_invoice(const Invoice& invoice);
  void add_payment(const Invoice& invoice, std::string_view type, std::string_view status,
                   std::int64_t cents, int day);

  const World& world_;
  const History& history_;
  Output& output_;
  MonthlyFiles invoices_;
  MonthlyFiles payments_;
  OutputFile& subscriptions_;
  Random again_;
  std::int64_t next_invoice_ = 1;
  std::int64_t next_payment_ = 1;
};

}  // namespace martgate::demo
