// The gate's tools as an offer: the gate decides and answers, this translates.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "gate/gate.h"
#include "mcp/offer.h"

namespace martgate::mcp {

// Threads: every member may be called from any thread.
class GateOffer : public Offer {
 public:
  // The gate outlives the offer.
  GateOffer(gate::Gate& gate, ServerInfo info);

  [[nodiscard]] Capabilities capabilities() const override;
  [[nodiscard]] ServerInfo server_info() const override { return info_; }
  [[nodiscard]] std::string instructions() const override { return gate_.instructions(); }

  // A tool of the gate whose schema breaks a rule of the protocol is left out: clients would drop
  // it without a word.
  [[nodiscard]] std::vector<std::shared_ptr<const Tool>> tools(
      const gate::Caller& caller) const override;
  [[nodiscard]] std::shared_ptr<const Tool> tool(std::string_view name,
                                                 const gate::Caller& caller) const override;
  void call_tool(ToolCall call, std::shared_ptr<Exchange> exchange) override;

  [[nodiscard]] std::vector<std::string> scopes_missing(std::string_view method,
                                                        std::string_view subject,
                                                        const gate::Caller& caller) const override;

 protected:
  [[nodiscard]] gate::Gate& gate() const { return gate_; }

 private:
  [[nodiscard]] std::shared_ptr<const Tool> made(const gate::ToolListing& listing) const;

  gate::Gate& gate_;
  const ServerInfo info_;

  // Tools as they were made of their listings, until the gate has others.
  mutable std::mutex mutex_;
  mutable std::uint64_t version_ = 0;
  mutable std::map<std::string, std::shared_ptr<const Tool>, std::less<>> made_;
};

}  // namespace martgate::mcp
