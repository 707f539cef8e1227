#include "mcp/in_flight.h"

#include <utility>
#include <vector>

#include "mcp/call.h"

namespace martgate::mcp {

InFlight::Ticket InFlight::enter(std::weak_ptr<Call> call) {
  const std::lock_guard lock(mutex_);
  calls_.emplace(++last_, std::move(call));
  return last_;
}

void InFlight::leave(Ticket ticket) {
  const std::lock_guard lock(mutex_);
  calls_.erase(ticket);
}

bool InFlight::is_empty() {
  const std::lock_guard lock(mutex_);
  return calls_.empty();
}

void InFlight::withdraw(std::string_view id) {
  std::vector<std::shared_ptr<Call>> found;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [ticket, weak] : calls_) {
      if (auto call = weak.lock(); call != nullptr && call->frame().id == id) {
        found.push_back(std::move(call));
      }
    }
  }
  for (const auto& call : found) call->withdraw();
}

void InFlight::withdraw_all() {
  std::map<Ticket, std::weak_ptr<Call>> calls;
  {
    const std::lock_guard lock(mutex_);
    calls.swap(calls_);
  }
  for (const auto& [ticket, weak] : calls) {
    if (const auto call = weak.lock()) call->withdraw();
  }
}

}  // namespace martgate::mcp
