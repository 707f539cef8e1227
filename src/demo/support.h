// Source "support": tickets of the help desk, one JSON object a line, by month of creation.
//
// Dirt: the desk moved in month 6; times before read "2025-03-01 10:15", since then
// "2025-05-01T10:15:00Z". Addresses as typed; many requesters are no customers; no order number
// where nobody asked for it; csat is null unless the customer answered; some lines appear twice.
#pragma once

#include "demo/history.h"
#include "demo/keys.h"
#include "demo/output.h"

namespace martgate::demo {

class SupportExport {
 public:
  SupportExport(const World& world, const History& history, Output& output);
  void add(const Order& order);
  // Tickets that follow no order: questions, and where the tent is.
  void write_questions();

 private:
  struct Ticket;
  void write(const Ticket& ticket, Random& random);

  const World& world_;
  const History& history_;
  MonthlyFiles tickets_;
  Random again_;
  std::int64_t next_ticket_ = 1;
};

}  // namespace martgate::demo
