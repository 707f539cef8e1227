#include "mcp/tool.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/text.h"
#include "json/parse.h"

namespace martgate::mcp {
namespace {

constexpr std::size_t kNameBytesMax = 128;

bool is_tool_name(std::string_view name) {
  return !name.empty() && name.size() <= kNameBytesMax && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  });
}

// Schemas are written by people, over many lines; a message is one line. Blanks outside of strings
// go, everything else stays as it was written.
std::string on_one_line(std::string_view json) {
  std::string line;
  line.reserve(json.size());
  bool is_in_string = false;
  for (std::size_t at = 0; at < json.size(); ++at) {
    const char c = json[at];
    if (is_in_string && c == '\\') {
      line.append(json.substr(at, 2));
      ++at;
      continue;
    }
    if (c == '"') is_in_string = !is_in_string;
    if (is_in_string || (c != ' ' && c != '\n' && c != '\r' && c != '\t')) line.push_back(c);
  }
  return line;
}

}  // namespace

Result<std::shared_ptr<const Tool>> Tool::make(ToolSpec spec) {
  if (!is_tool_name(spec.name)) {
    return fail(Code::InvalidArgument,
                fmt::format("tool name \"{}\" is not 1 to {} of A-Z a-z 0-9 _ - .",
                            shown(spec.name, 80), kNameBytesMax));
  }
  const std::string subject = fmt::format("tool {}", spec.name);
  const Result<Json> input = parse_ijson(spec.input_schema);
  if (!input) return tl::unexpected(with_context(input.error(), subject + ": input schema"));
  const auto type = input->is_object() ? input->find("type") : input->end();
  if (!input->is_object() || type == input->end() || *type != "object") {
    return fail(Code::InvalidArgument,
                subject + ": the root of the input schema needs \"type\": \"object\"");
  }
  if (!spec.output_schema.empty()) {
    const Result<Json> output = parse_ijson(spec.output_schema);
    if (!output) return tl::unexpected(with_context(output.error(), subject + ": output schema"));
  }
  Result<std::vector<ParamHeader>> headers = param_headers_of(*input);
  if (!headers) return tl::unexpected(with_context(headers.error(), subject));

  Tool tool;
  tool.param_headers_ = std::move(*headers);
  tool.spec_ = std::move(spec);
  tool.spec_.input_schema = on_one_line(tool.spec_.input_schema);
  tool.spec_.output_schema = on_one_line(tool.spec_.output_schema);
  return std::make_shared<const Tool>(std::move(tool));
}

}  // namespace martgate::mcp
