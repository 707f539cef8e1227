// What the conformance suite wants a server to offer, on top of the MCP library alone.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "fixture_tool.h"
#include "mcp/offer.h"
#include "mcp/tasks/task_runner.h"
#include "mcp/uri_template.h"

namespace martgate::conformance {

class FixtureOffer final : public mcp::Offer {
 public:
  // Both outlive the offer.
  FixtureOffer(mcp::TaskRunner& tasks, mcp::Changes& changes);

  [[nodiscard]] mcp::Capabilities capabilities() const override;
  [[nodiscard]] mcp::ServerInfo server_info() const override;
  [[nodiscard]] std::string instructions() const override;

  [[nodiscard]] std::vector<std::shared_ptr<const mcp::Tool>> tools(
      const gate::Caller& caller) const override;
  [[nodiscard]] std::shared_ptr<const mcp::Tool> tool(std::string_view name,
                                                      const gate::Caller& caller) const override;
  void call_tool(mcp::ToolCall call, std::shared_ptr<mcp::Exchange> exchange) override;

  [[nodiscard]] std::vector<mcp::Resource> resources(const gate::Caller& caller) const override;
  [[nodiscard]] std::vector<mcp::ResourceTemplate> resource_templates(
      const gate::Caller& caller) const override;
  void read_resource(mcp::ResourceRead read, std::shared_ptr<mcp::Exchange> exchange) override;

  [[nodiscard]] std::vector<mcp::Prompt> prompts(const gate::Caller& caller) const override;
  void get_prompt(mcp::PromptGet get, std::shared_ptr<mcp::Exchange> exchange) override;
  [[nodiscard]] mcp::RpcResult<mcp::Completion> complete(const mcp::CompletionRequest& request,
                                                         const gate::Caller& caller) override;

  [[nodiscard]] mcp::TaskOffer* tasks() override { return &tasks_; }
  [[nodiscard]] mcp::Changes* changes() override { return &changes_; }

 private:
  [[nodiscard]] const FixtureTool* find(std::string_view name) const;

  mcp::TaskRunner& tasks_;
  mcp::Changes& changes_;
  FixtureTools tools_;
};

}  // namespace martgate::conformance
