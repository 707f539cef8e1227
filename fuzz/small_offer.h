// An offer with a little of everything: tools that answer, fail, report, and ask; a resource, a
// template, a prompt, completion, and changes to listen for.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "mcp/changes.h"
#include "mcp/offer.h"

namespace martgate::fuzz {

class SmallOffer final : public mcp::Offer {
 public:
  SmallOffer();

  // How often a tool, a resource or a prompt was really asked for.
  [[nodiscard]] int tools_called() const { return tools_called_; }
  [[nodiscard]] int things_read() const { return things_read_; }
  void publish_everything();

  [[nodiscard]] mcp::Capabilities capabilities() const override;
  [[nodiscard]] mcp::ServerInfo server_info() const override { return {"fuzz", "1"}; }
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
  [[nodiscard]] mcp::Changes* changes() override { return &changes_; }

 private:
  std::vector<std::shared_ptr<const mcp::Tool>> tools_;
  mcp::Changes changes_;
  int tools_called_ = 0;
  int things_read_ = 0;
};

}  // namespace martgate::fuzz
