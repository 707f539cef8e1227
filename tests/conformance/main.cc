// martgate-conformance: the MCP library with everything on it that the official suite looks for.
//   martgate-conformance --port N    Streamable HTTP at http://127.0.0.1:N/mcp; 0 picks a free port
//   martgate-conformance --stdio     over stdin and stdout
#include <fmt/format.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <optional>
#include <span>
#include <string_view>

#include "fixture_offer.h"
#include "http/listener.h"
#include "http/mcp_endpoint.h"
#include "mcp/server.h"
#include "mcp/tasks/task_store.h"
#include "stdio/mcp_stdio.h"
#include "temp_folder.h"

namespace martgate::conformance {
namespace {

constexpr int kOk = 0;
constexpr int kFailed = 1;
constexpr int kUsage = 2;

// Handlers of the fixture wait on their thread.
constexpr int kWorkers = 16;

int complain(const Error& error) {
  fmt::print(stderr, "martgate-conformance: {}\n", to_text(error));
  return kFailed;
}

sigset_t ending_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

int serve_http(mcp::Server& server, const Clock& clock, std::uint16_t port) {
  http::Routes routes;
  http::add_mcp_endpoint(routes, "/mcp", server);
  http::ListenerOptions options;
  options.port = port;
  options.workers = kWorkers;
  const sigset_t signals = ending_signals();
  auto listener = http::Listener::start(std::move(options), std::move(routes), clock);
  if (!listener) return complain(listener.error());
  fmt::print("http://127.0.0.1:{}/mcp\n", (*listener)->port());
  std::fflush(stdout);
  int signal = 0;
  sigwait(&signals, &signal);
  (*listener)->stop();
  return kOk;
}

int serve_stdio(mcp::Server& server) {
  stdio::LineServerOptions options;
  options.workers = kWorkers;
  auto pipe = stdio::McpStdio::create(server, options);
  if (!pipe) return complain(pipe.error());
  const Status served = (*pipe)->run();
  return served ? kOk : complain(served.error());
}

// Nothing: over stdio.
int serve(std::optional<std::uint16_t> port) {
  if (port) {
    // Before the first thread, so that all of them leave the signals to sigwait().
    const sigset_t signals = ending_signals();
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  }
  const TempFolder state;
  const SystemClock clock;
  RandomIds ids;
  auto store = mcp::TaskStore::open(state.path() / "tasks.db", clock, ids);
  if (!store) return complain(store.error());
  mcp::Changes changes;
  mcp::TaskRunner tasks(**store, &changes);
  FixtureOffer offer(tasks, changes);
  mcp::Server server(offer, clock, ids);
  return port ? serve_http(server, clock, *port) : serve_stdio(server);
}

int usage() {
  fmt::print(stderr, "usage: martgate-conformance --port N | --stdio\n");
  return kUsage;
}

}  // namespace

int run(std::span<char* const> arguments) {
  if (arguments.size() == 2 && arguments[1] == std::string_view("--stdio")) return serve({});
  if (arguments.size() != 3 || arguments[1] != std::string_view("--port")) return usage();
  const std::string_view text = arguments[2];
  std::uint16_t port = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (problem != std::errc() || end != text.data() + text.size()) return usage();
  return serve(port);
}

}  // namespace martgate::conformance

int main(int count, char** arguments) {
  return martgate::conformance::run({arguments, static_cast<std::size_t>(count)});
}
