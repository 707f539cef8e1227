// The HTTP server: a bound address, its routes, its threads.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "http/options.h"
#include "http/routes.h"

namespace martgate::http {

class EventLoop;

// One connection serves one request at a time, in order; what a client pipelines waits unread.
//
// Threads  start() returns with the server running; everything here may be called from any thread,
//          stop() and the destructor not from a handler.
// Signals  none is needed or changed: writing to a closed connection raises no SIGPIPE.
class Listener {
 public:
  // The clock outlives the listener; it gives the Date field and nothing else.
  // Errors: InvalidArgument, the address cannot be used as asked (see check_bind()), a limit makes
  //         no sense, or certificate and key cannot be used;
  //         FailedPrecondition, the process may not open enough descriptors;
  //         Unavailable, the port is taken or the system refused.
  [[nodiscard]] static Result<std::unique_ptr<Listener>> start(ListenerOptions options,
                                                               Routes routes, const Clock& clock);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::size_t connections_open() const;

  // Reads certificate and key again; open connections keep what they began with. After an error
  // the listener goes on with the old ones. Without TLS it does nothing.
  [[nodiscard]] Status reload_tls();

  // Begins the stop and returns; async-signal-safe.
  void request_stop();
  // Stops accepting, ends open streams, gives running requests stop_grace_ms_max to finish, closes
  // the rest, and returns when all threads have ended: a handler that never returns is waited for.
  void stop();

 private:
  Listener(std::shared_ptr<EventLoop> loop, std::uint16_t port);

  std::shared_ptr<EventLoop> loop_;  // shared with every Responder that is still out
  std::uint16_t port_;
};

}  // namespace martgate::http
