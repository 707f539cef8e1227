#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "catalog/read_objects.h"

namespace martgate::catalog {
namespace {

namespace fs = std::filesystem;

bool is_port(std::string_view text) {
  unsigned port = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, port);
  return !text.empty() && error == std::errc() && stop == end && port <= 65535;
}

bool is_host(std::string_view text) {
  if (text.size() > 2 && text.front() == '[' && text.back() == ']') {
    return text.find_first_not_of("0123456789abcdefABCDEF:.", 1) == text.size() - 1;
  }
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '-';
  });
}

std::string read_http_address(const Node& node) {
  std::string address = node.text("127.0.0.1:8765");
  const std::size_t colon = address.rfind(':');
  const bool is_address = colon != std::string::npos &&
                          is_host(std::string_view(address).substr(0, colon)) &&
                          is_port(std::string_view(address).substr(colon + 1));
  if (!is_address) {
    node.mistake(
        fmt::format("\"{}\" is not a listen address", shown(address, 80)),
        {"accepted: host:port with a port of 0 to 65535, as 127.0.0.1:8765 or [::1]:8765"});
  }
  return address;
}

fs::path resolved(const fs::path& root, const std::string& folder) {
  fs::path path = (root / folder).lexically_normal();
  return path.has_filename() ? path : path.parent_path();  // "demo/." is "demo/": drop the slash
}

fs::path absolute_folder(const fs::path& path) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error);
  return resolved(error ? path : absolute, "");
}

Limits read_limits(const Node& node, const Limits& outer) {
  const auto narrowed = [&](std::string_view key, std::int64_t limit) {
    return std::min(limit, node.at(key).integer(limit));
  };
  return {.rows_max = narrowed("rows_max", outer.rows_max),
          .wall_ms_max = narrowed("wall_ms_max", outer.wall_ms_max),
          .vm_steps_max = narrowed("vm_steps_max", outer.vm_steps_max),
          .response_bytes_max = narrowed("response_bytes_max", outer.response_bytes_max)};
}

}  // namespace

Settings read_settings(const Node& node, const fs::path& root, const LoadOptions& options) {
  Settings settings;
  settings.name = node.at("name").text();
  settings.title = node.at("title").text(settings.name);
  settings.description = node.at("description").text();
  settings.data_folder = options.data_folder ? absolute_folder(*options.data_folder)
                                             : resolved(root, node.at("data").text("."));
  settings.state_folder = options.state_folder ? absolute_folder(*options.state_folder)
                                               : resolved(root, node.at("state").text("state"));
  settings.http_address = read_http_address(node.at("server").at("http"));
  settings.auth = read_auth(node.at("auth"), root);
  const Node limits = node.at("limits");
  settings.limits = {
      .rows_max = limits.at("rows_max").integer(settings.limits.rows_max),
      .wall_ms_max = limits.at("wall_ms_max").integer(settings.limits.wall_ms_max),
      .vm_steps_max = limits.at("vm_steps_max").integer(settings.limits.vm_steps_max),
      .response_bytes_max =
          limits.at("response_bytes_max").integer(settings.limits.response_bytes_max)};
  settings.trust = read_trust(node.at("trust"));
  settings.snapshots_keep =
      static_cast<int>(node.at("snapshots").at("keep").integer(settings.snapshots_keep));
  return settings;
}

ToolDefinition read_tool(const Node& node, const Limits& project_limits) {
  ToolDefinition tool;
  const std::string kind = node.at("kind").text();
  for (const ToolKind known :
       {ToolKind::CatalogSearch, ToolKind::CatalogDescribe, ToolKind::MetricQuery,
        ToolKind::DimensionValues, ToolKind::EntityLookup, ToolKind::DataHealth}) {
    if (kind == name_of(known)) tool.kind = known;
  }
  tool.name = node.at("name").text();
  tool.title = node.at("title").text(tool.name);
  tool.description = node.at("description").text();
  tool.limits = read_limits(node.at("limits"), project_limits);
  tool.file = node.file();
  tool.digest = digest_of(node);
  return tool;
}

}  // namespace martgate::catalog
