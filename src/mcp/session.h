// A legacy session: what initialize agreed on, and what belongs to it since.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "gate/caller.h"
#include "json/json_fwd.h"
#include "mcp/changes.h"
#include "mcp/client_capabilities.h"
#include "mcp/in_flight.h"
#include "mcp/line_writer.h"
#include "mcp/log_level.h"
#include "mcp/revision.h"
#include "mcp/rpc_error.h"
#include "mcp/session_streams.h"

namespace martgate::mcp {

// Until logging/setLevel the choice is the server's.
inline constexpr LogLevel kLogLevelUnset = LogLevel::Info;

// Threads: everything may be called from any thread.
class Session {
 public:
  // `pipe` takes what belongs to no request; null over HTTP, where it goes out on the GET stream.
  Session(Revision revision, gate::Caller caller, ClientCapabilities client,
          std::shared_ptr<LineWriter> pipe = nullptr);

  [[nodiscard]] Revision revision() const { return revision_; }
  [[nodiscard]] const gate::Caller& caller() const { return caller_; }
  [[nodiscard]] const ClientCapabilities& client() const { return client_; }
  // What runs for it over HTTP; a pipe has its own.
  [[nodiscard]] const std::shared_ptr<InFlight>& calls() const { return calls_; }

  // notifications/initialized: before it nothing is announced.
  void set_initialized();
  // A change, when the client is to be told of it.
  void announce(const Change& change);

  // The streams of an HTTP session.
  [[nodiscard]] SessionStreams& streams() { return streams_; }
  // Something runs or listens: the session is not idle, however long it says nothing.
  [[nodiscard]] bool is_busy();

  // A request of ours: its id as JSON text, unique in the session. `answered` is called once, with
  // the client's result or why there is none, without any lock held.
  using Answered = std::function<void(RpcResult<Json>)>;
  [[nodiscard]] std::string expect(Answered answered);
  // A response the client sent. Ids that nobody waits for are ignored.
  void take_response(std::string_view id, RpcResult<Json> response);
  // Waits for it no more; its callback is dropped.
  void forget(std::string_view id);

  // Withdraws what runs and tells who waits. The session is used no more.
  void end();

  [[nodiscard]] LogLevel log_level() const;
  void set_log_level(LogLevel level);
  // False: it watches as many as it may.
  [[nodiscard]] bool watch(std::string uri);
  void unwatch(std::string_view uri);
  [[nodiscard]] bool watches(std::string_view uri) const;

 private:
  const Revision revision_;
  const gate::Caller caller_;
  const ClientCapabilities client_;
  const std::shared_ptr<InFlight> calls_ = std::make_shared<InFlight>();
  const std::shared_ptr<LineWriter> pipe_;
  SessionStreams streams_;
  mutable std::mutex mutex_;
  bool is_initialized_ = false;
  LogLevel log_level_ = kLogLevelUnset;
  std::set<std::string, std::less<>> watched_;
  std::uint64_t requests_ = 0;
  std::map<std::string, Answered, std::less<>> expected_;
};

}  // namespace martgate::mcp
