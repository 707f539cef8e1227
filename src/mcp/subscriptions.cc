#include "mcp/subscriptions.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "mcp/call.h"
#include "mcp/change_message.h"
#include "mcp/limits.h"
#include "mcp/offer.h"
#include "mcp/tasks/wire.h"
#include "mcp/wire.h"

namespace martgate::mcp {
namespace {

constexpr std::string_view kTaskIdsMember = "taskIds";

bool has_left(const Call& call) {
  return call.is_over() || call.cancelled().stop_requested();
}

std::string subscription_meta(const Call& call) {
  std::string members;
  JsonWriter(members).key(meta_key::kSubscriptionId).raw(call.frame().id);
  return members;
}

std::string acknowledgement(const Call& call, const SubscriptionFilter& filter) {
  std::string params;
  JsonWriter writer(params);
  writer.begin_object().key("notifications").begin_object();
  if (filter.tools) writer.field("toolsListChanged", true);
  if (filter.prompts) writer.field("promptsListChanged", true);
  if (filter.resources) writer.field("resourcesListChanged", true);
  const auto write_names = [&](std::string_view key, const std::vector<std::string>& names) {
    if (names.empty()) return;
    writer.key(key).begin_array();
    for (const std::string& name : names) writer.string(name);
    writer.end_array();
  };
  write_names("resourceSubscriptions", filter.uris);
  write_names(kTaskIdsMember, filter.task_ids);
  writer.end_object().key("_meta").begin_object().raw(subscription_meta(call)).end_object();
  writer.end_object();
  return notification(method::kAcknowledged, params);
}

void end_one(Call& call) {
  const std::string meta = subscription_meta(call);
  ResultMessage message(call.frame());
  message.meta(meta);
  call.answer(std::move(message).finish());
}

}  // namespace

bool SubscriptionFilter::admits(const Change& change) const {
  switch (change.kind) {
    case Change::Kind::Tools:
      return tools;
    case Change::Kind::Prompts:
      return prompts;
    case Change::Kind::Resources:
      return resources;
    case Change::Kind::Resource:
      return std::ranges::binary_search(uris, change.subject);
    case Change::Kind::Task:
      return std::ranges::binary_search(task_ids, change.subject);
  }
  return false;
}

std::vector<Subscriptions::Subscription> Subscriptions::take_if(
    const std::function<bool(const Call&)>& which) {
  const auto kept = std::stable_partition(
      open_.begin(), open_.end(), [&](const Subscription& each) { return !which(*each.call); });
  std::vector<Subscription> taken(std::make_move_iterator(kept),
                                  std::make_move_iterator(open_.end()));
  open_.erase(kept, open_.end());
  return taken;
}

void Subscriptions::open(std::shared_ptr<Call> call, SubscriptionFilter filter) {
  std::vector<Subscription> left;  // released without the lock
  bool is_full = false;
  {
    const std::lock_guard lock(mutex_);
    left = take_if(has_left);
    is_full = open_.size() >= kSubscriptionsMax;
    if (!is_full && call->notify(acknowledgement(*call, filter))) {
      // It stays open for as long as its client likes: nobody waits for its answer.
      call->park();
      open_.push_back({std::move(call), std::move(filter)});
    }
  }
  if (is_full) {
    call->refuse(
        {code::kInternalError,
         fmt::format("there are {} subscriptions, and no more are taken now", kSubscriptionsMax)});
  }
}

void Subscriptions::publish(const Change& change) {
  const std::lock_guard lock(mutex_);
  for (const Subscription& each : open_) {
    if (each.filter.admits(change)) {
      each.call->notify(change_message(change, each.call->frame().id));
    }
  }
}

void Subscriptions::end(const std::function<bool(const Call&)>& which) {
  std::vector<Subscription> ending;
  {
    const std::lock_guard lock(mutex_);
    ending = take_if(which);
  }
  for (const Subscription& each : ending) end_one(*each.call);
}

void Subscriptions::look() {
  std::vector<Subscription> left;
  {
    const std::lock_guard lock(mutex_);
    left = take_if(has_left);
  }
  end([](const Call& call) {
    const auto& until = call.caller().authenticated_until;
    return until && call.service().clock.now() >= *until;
  });
}

std::size_t Subscriptions::count() {
  const std::lock_guard lock(mutex_);
  return open_.size();
}

// ---- the method

namespace {

constexpr const char* kFilterMissing = "params.notifications must be an object";

RpcResult<bool> flag(const Json& filter, const char* key) {
  const auto found = filter.find(key);
  if (found == filter.end()) return false;
  if (!found->is_boolean()) {
    return tl::unexpected(
        invalid_params(fmt::format("params.notifications.{} must be true or false", key)));
  }
  return found->get<bool>();
}

RpcResult<std::vector<std::string>> names(const Json& filter, std::string_view key,
                                          std::size_t count_max) {
  std::vector<std::string> read;
  const auto found = filter.find(key);
  if (found == filter.end()) return read;
  const bool is_list = found->is_array() && std::ranges::all_of(*found, [](const Json& name) {
                         return name.is_string();
                       });
  if (!is_list || found->size() > count_max) {
    return tl::unexpected(invalid_params(fmt::format(
        "params.notifications.{} must be an array of at most {} strings", key, count_max)));
  }
  for (const Json& name : *found) read.push_back(name.get<std::string>());
  std::ranges::sort(read);
  read.erase(std::unique(read.begin(), read.end()), read.end());
  return read;
}

// As asked; what is not offered is taken out by honoured().
RpcResult<SubscriptionFilter> read_filter(const Json* params) {
  if (params == nullptr) return tl::unexpected(invalid_params(kFilterMissing));
  const auto found = params->find("notifications");
  if (found == params->end() || !found->is_object()) {
    return tl::unexpected(invalid_params(kFilterMissing));
  }
  SubscriptionFilter filter;
  for (const auto& [key, value] : {std::pair{"toolsListChanged", &filter.tools},
                                   {"promptsListChanged", &filter.prompts},
                                   {"resourcesListChanged", &filter.resources}}) {
    const RpcResult<bool> wanted = flag(*found, key);
    if (!wanted) return tl::unexpected(wanted.error());
    *value = *wanted;
  }
  auto uris = names(*found, "resourceSubscriptions", kWatchedUrisMax);
  if (!uris) return tl::unexpected(uris.error());
  auto tasks = names(*found, kTaskIdsMember, kWatchedTasksMax);
  if (!tasks) return tl::unexpected(tasks.error());
  filter.uris = std::move(*uris);
  filter.task_ids = std::move(*tasks);
  return filter;
}

// The subset that is offered and that the caller may see; ids of tasks that are not theirs are left
// out like ids that do not exist.
RpcResult<SubscriptionFilter> honoured(SubscriptionFilter filter, const Call& call) {
  const Capabilities& offered = call.service().capabilities;
  Offer& offer = call.service().offer;
  filter.tools = filter.tools && offered.tools_list_changed;
  filter.prompts = filter.prompts && offered.prompts_list_changed;
  filter.resources = filter.resources && offered.resources_list_changed;
  std::erase_if(filter.uris, [&](const std::string& uri) {
    return !offered.resources_subscribe || !offer.may_watch(uri, call.caller());
  });
  if (!offered.tasks) filter.task_ids.clear();
  std::vector<std::string> owned;
  for (std::string& id : filter.task_ids) {
    const auto task = offer.tasks()->get(id, call.caller());
    if (!task) return tl::unexpected(task.error());
    if (*task) owned.push_back(std::move(id));
  }
  filter.task_ids = std::move(owned);
  return filter;
}

}  // namespace

void listen(const std::shared_ptr<Call>& call, const HttpHead* /*head*/) {
  RpcResult<SubscriptionFilter> filter = read_filter(call->params());
  if (!filter) return call->refuse(filter.error());
  if (!filter->task_ids.empty() && !call->client().takes_tasks()) {
    return call->refuse(missing_capability(tasks_wire::required_capabilities()));
  }
  if (!call->takes_notifications()) {
    return call->refuse(invalid_request("Accept must list text/event-stream", 406));
  }
  filter = honoured(std::move(*filter), *call);
  if (!filter) return call->refuse(filter.error());
  call->service().subscriptions.open(call, std::move(*filter));
}

}  // namespace martgate::mcp
