#include "mcp/in_flight.h"

namespace martgate::mcp {

InFlight::Ticket InFlight::enter(std::string_view id) {
  const std::lock_guard lock(mutex_);
  ids_.emplace(++last_, id);
  return last_;
}

void InFlight::cancel(std::string_view id) {
  const std::lock_guard lock(mutex_);
  std::erase_if(ids_, [&](const auto& entry) { return entry.second == id; });
}

bool InFlight::holds(Ticket ticket) const {
  const std::lock_guard lock(mutex_);
  return ids_.contains(ticket);
}

bool InFlight::leave(Ticket ticket) {
  const std::lock_guard lock(mutex_);
  return ids_.erase(ticket) > 0;
}

}  // namespace martgate::mcp
