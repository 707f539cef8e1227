// The requests of one pipe or session that are not answered yet, so that the client can take them
// back.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>

namespace martgate::mcp {

class Call;

// Threads: everything may be called from any thread.
class InFlight {
 public:
  using Ticket = std::uint64_t;

  [[nodiscard]] Ticket enter(std::weak_ptr<Call> call);
  void leave(Ticket ticket);
  [[nodiscard]] bool is_empty();
  // `id` is JSON text. Unknown ids are ignored: the answer may be on its way already. Ids may
  // repeat: a client that reuses one takes both back.
  void withdraw(std::string_view id);
  // All of them: the pipe or the session ends.
  void withdraw_all();

 private:
  std::mutex mutex_;
  Ticket last_ = 0;
  std::map<Ticket, std::weak_ptr<Call>> calls_;
};

}  // namespace martgate::mcp
