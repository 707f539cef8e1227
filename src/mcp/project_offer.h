// What martgate itself serves: the gate's tools, the catalog as resources, its questions as
// prompts.
#pragma once

#include "gate/mart_gate.h"
#include "mcp/gate_offer.h"

namespace martgate::mcp {

// Threads: every member may be called from any thread.
class ProjectOffer final : public GateOffer {
 public:
  // The gate outlives the offer.
  ProjectOffer(gate::MartGate& gate, ServerInfo info);
  ~ProjectOffer() override;
  ProjectOffer(const ProjectOffer&) = delete;
  ProjectOffer& operator=(const ProjectOffer&) = delete;

  [[nodiscard]] Capabilities capabilities() const override;

  [[nodiscard]] std::vector<Resource> resources(const gate::Caller& caller) const override;
  [[nodiscard]] std::vector<ResourceTemplate> resource_templates(
      const gate::Caller& caller) const override;
  // A call of the describing tool: journaled, cited and refused like any other.
  void read_resource(ResourceRead read, std::shared_ptr<Exchange> exchange) override;
  [[nodiscard]] bool may_watch(std::string_view uri, const gate::Caller& caller) const override;

  [[nodiscard]] std::vector<Prompt> prompts(const gate::Caller& caller) const override;
  void get_prompt(PromptGet get, std::shared_ptr<Exchange> exchange) override;
  // Names of the catalog only, never values of the data.
  [[nodiscard]] RpcResult<Completion> complete(const CompletionRequest& request,
                                               const gate::Caller& caller) override;

  [[nodiscard]] std::vector<std::string> scopes_missing(std::string_view method,
                                                        std::string_view subject,
                                                        const gate::Caller& caller) const override;

  // With a new snapshot, what every resource says of loads, tests and freshness is another.
  [[nodiscard]] Changes* changes() override { return &changes_; }

 private:
  void publish_snapshot();

  gate::MartGate& mart_gate_;
  Changes changes_;
  int snapshots_ = 0;  // the subscription to the gate's
};

}  // namespace martgate::mcp
