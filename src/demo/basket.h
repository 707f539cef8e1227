// What goes into an order and what it costs.
#pragma once

#include "base/random.h"
#include "demo/history.h"
#include "demo/world.h"

namespace martgate::demo {

// Fills lines, subtotal and discount. False when the customer left with nothing, because the one
// thing wanted was sold out.
[[nodiscard]] bool fill_consumer_basket(const World& world, Order& order, bool is_member);
// List prices and a trade discount of 35 %.
void fill_company_basket(const World& world, Order& order);

// Index of the campaign that brought a web order, or -1.
[[nodiscard]] int attributed_campaign(int month, Random& random);

}  // namespace martgate::demo
