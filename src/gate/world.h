// What calls are answered from: one checked project and its tools, ready to run. Immutable; a
// reload makes a new one and calls in flight keep theirs.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "catalog/project.h"
#include "gate/gate.h"
#include "json/schema.h"
#include "tools/tool.h"

namespace martgate::gate {

// The list a client gets may cost the model this much, at four bytes a token.
inline constexpr std::size_t kToolListTokensMax = 6'000;

struct ReadyTool {
  const catalog::ToolDefinition* definition = nullptr;  // in the world's project
  tools::Handler handler = nullptr;
  Schema input;
  Schema output;
  ToolListing listing;
};

struct World {
  catalog::Project project;
  std::vector<ReadyTool> tools;  // in the project's order
  Schema envelope;

  [[nodiscard]] const ReadyTool* tool(std::string_view name) const;
};

// Errors: FailedPrecondition (reason "tool_list_too_long") when the listing is over
// kToolListTokensMax, naming the longest tools; Internal when an embedded schema does not compile.
[[nodiscard]] Result<std::shared_ptr<const World>> make_world(catalog::Project project);

}  // namespace martgate::gate
