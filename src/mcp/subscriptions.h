// subscriptions/listen: the open subscriptions of one server, and what is sent on them.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "mcp/changes.h"
#include "mcp/pulse.h"

namespace martgate::mcp {

class Call;
struct HttpHead;

// What a subscription delivers.
struct SubscriptionFilter {
  bool tools = false;
  bool prompts = false;
  bool resources = false;
  std::vector<std::string> uris = {};      // sorted
  std::vector<std::string> task_ids = {};  // sorted

  [[nodiscard]] bool admits(const Change& change) const;
};

// A subscription is a call that is answered when it ends. Who left is forgotten at the next look.
// Threads: everything may be called from any thread.
class Subscriptions {
 public:
  // Tells the client what is honoured and delivers from then on. Refuses the call when there are
  // kSubscriptionsMax.
  void open(std::shared_ptr<Call> call, SubscriptionFilter filter);
  void publish(const Change& change);
  // Answers those that `which` chooses, which ends them.
  void end(const std::function<bool(const Call&)>& which);
  // Ends those whose credential has, forgets those whose client left.
  void look();

  [[nodiscard]] std::size_t count();

 private:
  struct Subscription {
    std::shared_ptr<Call> call;
    SubscriptionFilter filter;
  };

  [[nodiscard]] std::vector<Subscription> take_if(const std::function<bool(const Call&)>& which);

  std::mutex mutex_;
  std::vector<Subscription> open_;
};

// subscriptions/listen
void listen(const std::shared_ptr<Call>& call, const HttpHead* head);

}  // namespace martgate::mcp
