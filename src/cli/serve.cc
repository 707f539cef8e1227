// martgate serve: MCP over HTTP or over stdin and stdout.
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/job_serving.h"
#include "cli/open_identity.h"
#include "cli/opened.h"
#include "cli/serving.h"
#include "cli/version.h"
#include "identity/repeating.h"
#include "mcp/project_offer.h"
#include "stdio/mcp_stdio.h"

namespace martgate::cli {
namespace {

// Ends the pipe of a key that may no longer be used: its bearer was admitted at the start only.
std::unique_ptr<identity::Repeating> end_with_key(App& app, const OpenIdentity& identity,
                                                  const gate::Caller& caller,
                                                  stdio::McpStdio& pipe) {
  if (caller.who == nullptr || !caller.has_scopes) return nullptr;
  const std::string id = caller.who->credential.substr(caller.who->credential.find(':') + 1);
  return std::make_unique<identity::Repeating>([&app, &identity, &pipe, id] {
    if (!identity.keys->ring()->holds(id, app.clock.now())) pipe.request_stop();
    return identity::kKeyLookEvery;
  });
}

Exit serve_stdio(App& app, catalog::Project project, const std::string& as) {
  const auto identity = open_identity(app, project.settings, true);
  if (!identity) {
    app.terminal.error(identity.error());
    return exit_of(identity.error());
  }
  auto caller = launched_caller(*identity, as);
  if (!caller) {
    app.terminal.error(caller.error());
    return Exit::Usage;
  }
  auto open = open_gate(app, std::move(project));
  if (!open) {
    app.terminal.error(open.error());
    return exit_of(open.error());
  }
  mcp::ProjectOffer offer(*open->gate, {"martgate", std::string(kVersion)});
  mcp::Server server(offer, app.clock, app.ids);
  auto pipe = stdio::McpStdio::create(server, {}, *caller);
  if (!pipe) {
    app.terminal.error(pipe.error());
    return Exit::Environment;
  }
  auto watch = end_with_key(app, *identity, *caller, **pipe);
  const Status served = (*pipe)->run();
  watch.reset();
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
  if (args.stdio) return serve_stdio(app, std::move(*project), args.as);
  const std::string title = project->settings.title;
  auto serving = start_http(app, std::move(*project), args);
  if (!serving) {
    app.terminal.error(serving.error());
    return exit_of(serving.error()) == Exit::No ? Exit::Usage : exit_of(serving.error());
  }
  app.terminal.print(fmt::format("{} at {}  (Ctrl-C ends)\n", title,
                                 app.terminal.styled(serving->url, Style::Accent)));
  std::unique_ptr<jobs::JobService> jobs;
  if (args.jobs) {
    auto started = start_jobs(app, *serving->open.gate);
    if (!started) {
      app.terminal.error(started.error());
      return exit_of(started.error());
    }
    jobs = std::move(*started);
  }
  serve_until_signal(app, *serving);
  app.terminal.note("finishing what runs");
  jobs.reset();
  serving->server->shut_down();
  serving->listener->stop();
  static_cast<void>(serving->open.journal->close());
  return Exit::Ok;
}

}  // namespace martgate::cli
