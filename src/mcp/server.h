// The MCP server without its transports: bytes of one message in, bytes of its answer out.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "mcp/http_head.h"
#include "mcp/http_reply.h"
#include "mcp/in_flight.h"
#include "mcp/line_writer.h"
#include "mcp/message.h"
#include "mcp/methods.h"
#include "mcp/offer.h"
#include "mcp/pulse.h"
#include "mcp/service.h"
#include "mcp/sessions.h"

namespace martgate::mcp {

// What is left of a message once its order no longer matters; empty when nothing is.
using Work = std::function<void()>;

// What is remembered of one pipe: its legacy session, if there is one, and what it waits for.
// Threads: handle_line() reads and writes it, one call at a time.
struct PipeSession {
  gate::Caller caller = {};
  // Takes what answers no line. Null: such messages are dropped.
  std::shared_ptr<LineWriter> writer = nullptr;
  std::shared_ptr<Session> session = nullptr;
  // Shared with the answers that are still to come.
  std::shared_ptr<InFlight> in_flight = std::make_shared<InFlight>();
};

// Threads   handle_http(), beat() and shut_down() may be called from any thread at any time, also
//           while others run.
// Lifetime  offer, clock and ids outlive the server and every request that is still running; the
//           server outlives every call of its members and the Work it handed out.
class Server {
 public:
  Server(Offer& offer, const Clock& clock, IdSource& ids, ServerOptions options = {});
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  // Host and Origin are the listener's to check, and who calls is the transport's to establish.
  // The reply is answered during the call or later from another thread.
  void handle_http(const HttpHead& head, std::string_view body, std::shared_ptr<HttpReply> reply);

  // Does what depends on the order of the lines (the handshake, a request's withdrawal) and returns
  // the rest, to be run once on any thread that may wait for a tool. The writer is let go when
  // nothing more comes of the line: notifications, and requests that were withdrawn, have no
  // answer.
  [[nodiscard]] Work handle_line(PipeSession& pipe, std::string_view line,
                                 std::shared_ptr<LineWriter> writer);
  // No more lines come: what runs is withdrawn, what waits is told.
  void end_pipe(PipeSession& pipe);

  // Looks at time limits and quiet streams; called every ServerOptions::beat_ms by the server
  // itself.
  void beat();

  // Answers open subscriptions and closes the streams of sessions, so that their clients see an end
  // and no break. What runs goes on.
  void shut_down();

  // The answer to a line that was longer than its transport takes.
  [[nodiscard]] static std::string overlong_line(std::size_t bytes_max);

 private:
  // HTTP; server_http.cc.
  void handle_post(const HttpHead& head, std::string_view body, std::shared_ptr<HttpReply> reply);
  void open_general_stream(const HttpHead& head, std::shared_ptr<HttpReply> reply);
  void end_session(const HttpHead& head, HttpReply& reply);
  void begin_session(const HttpHead& head, const Message& message, HttpReply& reply);
  void answer_modern(const HttpHead& head, Message message, std::shared_ptr<HttpReply> reply);
  void answer_in_session(const HttpHead& head, std::shared_ptr<Session> session, Message message,
                         std::shared_ptr<HttpReply> reply);
  void answer_http_batch(const HttpHead& head, std::shared_ptr<Session> session, Body body,
                         std::shared_ptr<HttpReply> reply);

  // stdio; server_stdio.cc.
  void begin_pipe_session(PipeSession& pipe, const Message& message, LineWriter& writer);
  Work answer_line(PipeSession& pipe, const RpcResult<const Method*>& method, Message message,
                   Revision revision, std::shared_ptr<LineWriter> writer);

  // Puts what can be answered at once and returns the rest. `in_flight` holds what can be taken
  // back; `writer` is null on HTTP.
  Work plan_batch(Body body, std::shared_ptr<Session> session, std::string_view transport,
                  const std::shared_ptr<InFlight>& in_flight, std::shared_ptr<LineWriter> writer,
                  std::function<void(std::string)> done);

  void announce(const Change& change);
  [[nodiscard]] RpcResult<const Method*> legacy_method(const Message& message) const;

  const std::shared_ptr<Service> service_;  // shared with the requests that are still running
  Sessions sessions_;
  std::mutex pipes_mutex_;
  std::vector<std::weak_ptr<Session>> pipe_sessions_;  // the legacy sessions of pipes
  std::optional<Changes::Listening> listening_;
  std::optional<Ticker> ticker_;
};

}  // namespace martgate::mcp
