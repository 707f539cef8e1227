// What a client says it can do for the server: of one request, or of a legacy session.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "json/json_fwd.h"

namespace martgate::mcp {

inline constexpr std::string_view kTasksExtension = "io.modelcontextprotocol/tasks";

struct ClientCapabilities {
  bool elicits_form = false;  // `elicitation: {}` means the form mode alone
  bool elicits_url = false;
  bool samples = false;
  bool samples_with_tools = false;
  bool lists_roots = false;
  std::vector<std::string> extensions = {};  // sorted ids

  [[nodiscard]] bool has_extension(std::string_view id) const;
  [[nodiscard]] bool takes_tasks() const { return has_extension(kTasksExtension); }
};

// Unknown members are legal and say nothing. Null, or anything but an object: none of them.
[[nodiscard]] ClientCapabilities read_client_capabilities(const Json* capabilities);

}  // namespace martgate::mcp
