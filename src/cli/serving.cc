#include "cli/serving.h"

#include <fmt/format.h>

#include <csignal>

#include "base/json_writer.h"
#include "base/url.h"
#include "cli/mcp_client.h"
#include "cli/version.h"
#include "gate/identity_rules.h"
#include "gate/world.h"
#include "http/authentication.h"
#include "http/mcp_endpoint.h"

namespace martgate::cli {
namespace {

sigset_t held_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGHUP);
  return set;
}

// For load balancers and people: alive, and with which snapshot.
void add_health_page(http::Routes& routes, const gate::MartGate& gate) {
  routes.add("GET", "/healthz",
             [&gate](const http::Request& /*request*/, http::Responder responder) {
               http::Response response;
               response.content_type = "application/json";
               JsonWriter json(response.body);
               json.begin_object()
                   .field("status", "ok")
                   .field("snapshot", gate.mart()->facts().id)
                   .end_object();
               std::move(responder).send(std::move(response));
             });
}

}  // namespace

Result<Serving> start_http(App& app, catalog::Project project, const ServeArgs& args) {
  const auto address =
      parse_host_port(args.http.empty() ? project.settings.http_address : args.http);
  if (!address) return tl::unexpected(address.error());
  const catalog::Project as_loaded = project;
  // A listener of our own machine, or one that others reach: there nobody is "local".
  auto identity = open_identity(app, project.settings, is_loopback_name(address->host));
  if (!identity) return tl::unexpected(identity.error());
  const auto resource = gate::resource_of(project.settings);
  auto open = open_gate(app, std::move(project));
  if (!open) return tl::unexpected(open.error());
  Serving serving;
  serving.identity = std::move(*identity);
  serving.open = std::move(*open);
  auto webhooks = open_webhooks(app, as_loaded);
  if (!webhooks) return tl::unexpected(webhooks.error());
  serving.webhooks = std::move(*webhooks);
  serving.offer = std::make_unique<mcp::ProjectOffer>(
      *serving.open.gate, mcp::ServerInfo{"martgate", std::string(kVersion)});
  serving.server = std::make_unique<mcp::Server>(*serving.offer, app.clock, app.ids);
  http::Routes routes;
  http::add_mcp_endpoint(
      routes, "/mcp", *serving.server,
      http::authenticated_by(*serving.identity.authenticator, serving.identity.metadata_url));
  if (resource) http::add_resource_metadata(routes, *resource);
  add_health_page(routes, *serving.open.gate);
  if (serving.webhooks) add_webhooks(routes, *serving.webhooks);
  http::ListenerOptions options;
  options.address = address->host;
  options.port = address->port;
  options.non_loopback_allowed = args.non_loopback_allowed;
  options.is_authenticated = serving.identity.has_credentials(app.clock.now());
  options.hosts = args.hosts;
  options.origins = args.origins;
  if (!args.tls_cert.empty()) options.tls = http::TlsFiles{args.tls_cert, args.tls_key};
  if (args.connections_max > 0) options.connections_max = args.connections_max;
  if (args.connections_per_address_max > 0) {
    options.connections_per_address_max = args.connections_per_address_max;
  }
  auto listener = http::Listener::start(std::move(options), std::move(routes), app.clock);
  if (!listener) return tl::unexpected(listener.error());
  serving.listener = std::move(*listener);
  const bool is_v6 = address->host.find(':') != std::string::npos;
  serving.address = is_v6 ? fmt::format("[{}]:{}", address->host, serving.listener->port())
                          : fmt::format("{}:{}", address->host, serving.listener->port());
  serving.url =
      fmt::format("{}://{}/mcp", args.tls_cert.empty() ? "http" : "https", serving.address);
  return serving;
}

void hold_signals() {
  const sigset_t set = held_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

void serve_until_signal(App& app, Serving& serving) {
  gate::MartGate& gate = *serving.open.gate;
  const sigset_t set = held_signals();
  for (;;) {
    int signal = 0;
    if (sigwait(&set, &signal) != 0 || signal != SIGHUP) return;
    if (const Status reloaded = serving.listener->reload_tls(); !reloaded) {
      app.terminal.error(with_context(reloaded.error(), "the old certificate goes on"));
    }
    auto project = open_project(app);
    if (!project) {
      app.terminal.note("the project was not reloaded; the last good one goes on answering");
      continue;
    }
    const bool is_same_auth = project->settings.auth == gate.world()->project.settings.auth;
    if (!is_same_auth) app.terminal.note("what changed under auth takes effect at the next start");
    auto world = gate::make_world(std::move(*project));
    const Status used = world ? gate.use(std::move(*world)) : tl::unexpected(world.error());
    if (used)
      app.terminal.note("the project was reloaded");
    else
      app.terminal.error(with_context(used.error(), "the project was not reloaded"));
  }
}

}  // namespace martgate::cli
