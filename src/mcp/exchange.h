// One request as the handler that serves it sees it: who asks and what they can do, a way to say
// how far it is, and the one place to put the outcome.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string_view>

#include "gate/caller.h"
#include "json/json_fwd.h"
#include "mcp/client_capabilities.h"
#include "mcp/log_level.h"
#include "mcp/outcome.h"
#include "mcp/revision.h"

namespace martgate::mcp {

// A handler may keep the exchange and end it later, on any thread. One that drops it unfinished has
// the client told of an internal error.
//
// Handlers that ask something are written once, in the style of multi round-trips: finish with
// InputRequired, and expect to be called from the start again, with the answers. In the modern era
// the client repeats its request; in a legacy session the server asks on the stream of the request
// and calls the handler again itself.
//
// Threads: everything may be called from any thread.
class Exchange {
 public:
  virtual ~Exchange() = default;

  [[nodiscard]] virtual const gate::Caller& caller() const = 0;
  [[nodiscard]] virtual Revision revision() const = 0;
  [[nodiscard]] virtual std::string_view transport() const = 0;  // "http" | "stdio"
  // What this request, or the session it belongs to, says of its client.
  [[nodiscard]] virtual const ClientCapabilities& client() const = 0;

  // Stop requested: the client wants no answer any more. Finish soon, with anything.
  [[nodiscard]] virtual std::stop_token cancelled() const = 0;

  // False when nothing was sent: the client asked for no progress or cannot take it, `progress` is
  // not above the last one, the request is over, or there was more than is worth sending.
  virtual bool progress(double progress, std::optional<double> total, std::string_view message) = 0;

  // Whether a log notification of that level would be sent; the client opts in.
  [[nodiscard]] virtual bool logs(LogLevel level) const = 0;
  // `data` is JSON text and holds no secrets; `logger` may be empty. False: not sent.
  virtual bool log(LogLevel level, std::string_view logger, std::string_view data) = 0;

  // What InputRequired carried as its state in the round before this one; null in the first.
  [[nodiscard]] virtual const Json* state() const = 0;
  // The client's answer under that key of this round: an object, of the shape its method has.
  // Null when it brought none: ask again.
  [[nodiscard]] virtual const Json* response(std::string_view key) const = 0;

  // Lets the connection go before the outcome is there; the client fetches it by resuming the
  // stream. Does nothing where the revision or the transport knows no resumption (anything but
  // 2025-11-25 over HTTP).
  virtual void suspend_stream() = 0;

  // Ends the request, or this round of it; what comes after the first time is ignored.
  virtual void finish(Outcome outcome) = 0;
};

}  // namespace martgate::mcp
