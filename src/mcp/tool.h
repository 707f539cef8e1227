// A tool as the protocol sees it: what tools/list says of it, and which headers repeat its
// arguments.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "mcp/param_headers.h"

namespace martgate::mcp {

// Every hint is explicit on the wire. The defaults are the protocol's: those of a tool that may
// destroy.
struct ToolHints {
  bool read_only = false;
  bool destructive = true;
  bool idempotent = false;
  bool open_world = true;
};

struct ToolSpec {
  std::string name;  // 1 to 128 of A-Z a-z 0-9 _ - .
  std::string title = {};
  std::string description;
  // JSON Schema text with "type":"object" at its root; goes out as it was written, without the
  // blanks.
  std::string input_schema;
  std::string output_schema = {};  // JSON Schema text; empty: none
  ToolHints hints = {};
  std::string meta = {};  // JSON object text for `_meta`; empty: none
};

// Immutable, so that lists and calls share it.
class Tool {
 public:
  // Errors: InvalidArgument for a name, a schema or an x-mcp-header that clients would drop the
  // tool for.
  [[nodiscard]] static Result<std::shared_ptr<const Tool>> make(ToolSpec spec);

  [[nodiscard]] const ToolSpec& spec() const { return spec_; }  // schemas on one line each
  [[nodiscard]] const std::string& name() const { return spec_.name; }
  [[nodiscard]] const std::vector<ParamHeader>& param_headers() const { return param_headers_; }

 private:
  Tool() = default;

  ToolSpec spec_;
  std::vector<ParamHeader> param_headers_;
};

}  // namespace martgate::mcp
