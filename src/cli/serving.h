// A gate that answers over HTTP until it is stopped.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/open_identity.h"
#include "cli/opened.h"
#include "cli/webhooks.h"
#include "http/listener.h"
#include "mcp/project_offer.h"
#include "mcp/server.h"

namespace martgate::cli {

// Ended in reverse order: the listener first, then the protocol, then gate and journal, then
// what they ask who is there.
struct Serving {
  OpenIdentity identity;
  OpenGate open;
  std::unique_ptr<mcp::ProjectOffer> offer;
  std::unique_ptr<mcp::Server> server;
  std::unique_ptr<Webhooks> webhooks;  // null without a webhook source
  std::unique_ptr<http::Listener> listener;
  std::string address;  // "127.0.0.1:8765", with the real port
  std::string url;      // "https://127.0.0.1:8765/mcp"
};

// Errors: as open_gate() and http::Listener::start().
[[nodiscard]] Result<Serving> start_http(App& app, catalog::Project project, const ServeArgs& args);

// Blocks SIGINT, SIGTERM and SIGHUP in this thread and all that it starts later; call it before any
// thread exists.
void hold_signals();
// Waits for SIGINT or SIGTERM; SIGHUP reloads project and certificate and keeps the last good ones.
void serve_until_signal(App& app, Serving& serving);

}  // namespace martgate::cli
