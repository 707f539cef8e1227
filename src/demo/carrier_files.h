// Source "carriers": the monthly statements of three parcel services, pasted into one file.
//
// Dirt: one service writes 2026-03-01, two write 01/03/2026; our order number comes back in small
// letters or with a blank; some lines appear twice; parcels of orders that are not ours.
#pragma once

#include "demo/history.h"
#include "demo/output.h"

namespace martgate::demo {

class CarrierExport {
 public:
  CarrierExport(const World& world, Output& output);
  void add(const Order& order);

 private:
  const World& world_;
  MonthlyFiles shipments_;
  Random again_;
};

}  // namespace martgate::demo
