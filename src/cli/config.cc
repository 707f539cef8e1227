// martgate config CLIENT: what to paste into an MCP client.
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/opened.h"

namespace martgate::cli {
namespace {

struct Client {
  std::string_view name;
  std::string_view title;
  std::string_view where;  // the file the snippet goes to
  const char* root;        // its outermost key
  bool names_type;         // the entry says which transport it is
};

constexpr std::array kClients{
    Client{"claude-code", "Claude Code", ".mcp.json in the folder you work in", "mcpServers", true},
    Client{"claude-desktop", "Claude Desktop",
           "claude_desktop_config.json (Settings, Developer, Edit Config)", "mcpServers", false},
    Client{"cursor", "Cursor", ".cursor/mcp.json in the project, or ~/.cursor/mcp.json",
           "mcpServers", false},
    Client{"vscode", "VS Code", ".vscode/mcp.json", "servers", true},
};

}  // namespace

Exit run_config(App& app, const ConfigArgs& args) {
  const Client* client = nullptr;
  std::vector<std::string> names;
  for (const Client& known : kClients) {
    names.emplace_back(known.name);
    if (known.name == args.client) client = &known;
  }
  if (client == nullptr) {
    app.terminal.error({Code::NotFound,
                        fmt::format("there is no client \"{}\"", shown(args.client, 60)),
                        name_hints(args.client, names)});
    return Exit::Usage;
  }
  const auto project = open_project(app);
  if (!project) return Exit::Project;
  std::error_code unknown;
  const std::string binary = std::filesystem::read_symlink("/proc/self/exe", unknown).string();
  nlohmann::ordered_json entry;
  if (client->names_type) entry["type"] = args.url.empty() ? "stdio" : "http";
  if (args.url.empty()) {
    entry["command"] = unknown ? "martgate" : binary;
    entry["args"] = {"-C", project->root.string(), "serve", "--stdio"};
  } else {
    entry["url"] = args.url;
  }
  nlohmann::ordered_json snippet;
  snippet[client->root][project->settings.name] = std::move(entry);
  app.terminal.note(fmt::format("{}: put this into {}", client->title, client->where));
  app.terminal.print(snippet.dump(2) + "\n");
  return Exit::Ok;
}

}  // namespace martgate::cli
