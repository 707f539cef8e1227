// A gate without data: it answers what its arguments ask for and remembers who called.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gate/gate.h"

namespace martgate::mcp {

class FakeGate final : public gate::Gate {
 public:
  struct Seen {
    std::string tool;
    std::string arguments;  // JSON text
    gate::Caller caller;
    std::string era;
    std::string transport;
    std::string trace_id;
  };

  [[nodiscard]] std::vector<gate::ToolListing> tools(
      const gate::Caller& /*caller*/) const override {
    constexpr const char* kInput = R"({
      "type": "object",
      "properties": {"metrics": {"type": "array", "description": "names, \"quoted\" or not"}}
    })";
    constexpr const char* kOutput = R"({
      "type": "object",
      "required": ["rows", "envelope"]
    })";
    return {
        {"search_catalog", "Search", "Finds metrics and marts.", kInput, kOutput, true},
        {"query_metrics", "Query metrics", "Values of governed metrics.", kInput, kOutput, true},
        {"issue_refund", "Issue a refund", "Pays an order back.", kInput, kOutput, false},
    };
  }

  [[nodiscard]] bool has_tool(std::string_view name) const override {
    return std::ranges::any_of(tools({}), [&](const auto& tool) { return tool.name == name; });
  }

  [[nodiscard]] std::string instructions() const override { return "Search the catalog first."; }

  // query_metrics knows the metric "revenue" and fails for others; other tools succeed.
  void call(gate::CallRequest request, std::function<void(gate::CallResult)> done) override {
    gate::CallResult result;
    {
      const std::lock_guard lock(mutex_);
      result = result_of(request);
      seen_.push_back({request.tool, request.arguments->dump(), request.caller,
                       std::string(request.era), std::string(request.transport), request.trace_id});
      if (is_holding_) {
        held_.emplace_back([done = std::move(done), result] { done(result); });
        return;
      }
    }
    done(std::move(result));
  }

  // From now on calls wait until they are released, by their number.
  void hold() { is_holding_ = true; }
  void release(std::size_t index) {
    std::function<void()> finish;
    {
      const std::lock_guard lock(mutex_);
      finish = std::move(held_.at(index));
    }
    finish();
  }
  [[nodiscard]] std::size_t held() const {
    const std::lock_guard lock(mutex_);
    return held_.size();
  }
  // Nobody calls meanwhile.
  [[nodiscard]] const std::vector<Seen>& seen() const { return seen_; }

 private:
  [[nodiscard]] gate::CallResult result_of(const gate::CallRequest& request) const {
    const nlohmann::json revenue = {{"metrics", {"revenue"}}};
    const bool is_known = request.tool != "query_metrics" || *request.arguments == revenue;
    gate::CallResult result;
    result.is_error = !is_known;
    result.text =
        is_known ? "month,revenue\n2026-01,12.50" : "unknown metric; did you mean revenue";
    result.envelope =
        fmt::format(R"({{"request_id":"req_{}","state":"{}","tool":"{}"}})", seen_.size() + 1,
                    is_known ? "completed" : "failed", request.tool);
    if (is_known) {
      result.structured = R"({"rows":[["2026-01",12.50]],"envelope":)" + result.envelope + "}";
    }
    return result;
  }

  mutable std::mutex mutex_;
  bool is_holding_ = false;
  std::vector<Seen> seen_;
  std::vector<std::function<void()>> held_;
};

}  // namespace martgate::mcp
