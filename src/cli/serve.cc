// martgate serve: MCP over HTTP or over stdin and stdout.
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/opened.h"
#include "cli/serving.h"
#include "cli/version.h"
#include "mcp/gate_offer.h"
#include "stdio/mcp_stdio.h"

namespace martgate::cli {
namespace {

Exit serve_stdio(App& app, catalog::Project project) {
  auto open = open_gate(app, std::move(project));
  if (!open) {
    app.terminal.error(open.error());
    return exit_of(open.error());
  }
  mcp::GateOffer offer(*open->gate, {"martgate", std::string(kVersion)});
  mcp::Server server(offer, app.clock, app.ids);
  auto pipe = stdio::McpStdio::create(server);
  if (!pipe) {
    app.terminal.error(pipe.error());
    return Exit::Environment;
  }
  const Status served = (*pipe)->run();
  if (!served) app.terminal.error(served.error());
  // Answers still under way hold on to gate and server until the journal has written them.
  static_cast<void>(open->journal->close());
  return served ? Exit::Ok : Exit::Environment;
}

}  // namespace

Exit run_serve(App& app, const ServeArgs& args) {
  if (!args.stdio) hold_signals();
  auto project = open_project(app);
  if (!project) return Exit::Project;
  if (args.stdio) return serve_stdio(app, std::move(*project));
  const std::string title = project->settings.title;
  auto serving = start_http(app, std::move(*project), args);
  if (!serving) {
    app.terminal.error(serving.error());
    return exit_of(serving.error()) == Exit::No ? Exit::Usage : exit_of(serving.error());
  }
  app.terminal.print(fmt::format("{} at {}  (Ctrl-C ends)\n", title,
                                 app.terminal.styled(serving->url, Style::Accent)));
  serve_until_signal(app, *serving);
  app.terminal.note("finishing what runs");
  serving->server->shut_down();
  serving->listener->stop();
  static_cast<void>(serving->open.journal->close());
  return Exit::Ok;
}

}  // namespace martgate::cli
