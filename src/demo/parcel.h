// How an order goes on: cancelled, or sent, delivered in time or late, lost, sent back.
#pragma once

#include "demo/history.h"
#include "demo/world.h"

namespace martgate::demo {

// Needs lines, amounts and paid_day; sets the days behind them, the carrier and the refund.
// A refund follows the payment, never more than was paid.
void send_parcel(const World& world, Order& order);

}  // namespace martgate::demo
