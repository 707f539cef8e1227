// Source "shop": the product database behind the web shop. Customers and products are whole tables
// as of the last day; orders and lines come as one file a month.
//
// Dirt: an order that changed after its month is sent again in the month of the change; some lines
// appear twice; lines of orders that were archived long ago; addresses as typed, three spellings of
// a country; no customer_id where somebody ordered without logging in; colleagues' test orders.
#pragma once

#include "demo/history.h"
#include "demo/output.h"

namespace martgate::demo {

class ShopExport {
 public:
  ShopExport(const World& world, const History& history, Output& output);
  void add(const Order& order);
  void write_customers();
  void write_products();

 private:
  void add_state(const Order& order, const Person& person, int month, int as_of);

  const World& world_;
  const History& history_;
  Output& output_;
  MonthlyFiles orders_;
  MonthlyFiles lines_;
  Random again_;
};

}  // namespace martgate::demo
