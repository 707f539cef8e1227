// The requests of one pipe that are not answered yet, so that the client can take them back.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace martgate::mcp {

// Threads: everything may be called from any thread.
class InFlight {
 public:
  using Ticket = std::uint64_t;

  // `id` is JSON text. Ids may repeat: a client that reuses one takes both back.
  [[nodiscard]] Ticket enter(std::string_view id);
  // Unknown ids are ignored: the answer may be on its way already.
  void cancel(std::string_view id);
  [[nodiscard]] bool holds(Ticket ticket) const;
  // True when the request was still wanted; it is to be answered then, and only then.
  [[nodiscard]] bool leave(Ticket ticket);

 private:
  mutable std::mutex mutex_;
  Ticket last_ = 0;
  std::map<Ticket, std::string> ids_;
};

}  // namespace martgate::mcp
