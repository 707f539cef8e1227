// The MCP server without its transports: bytes of one message in, bytes of its answer out.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "gate/gate.h"
#include "json/parse.h"
#include "mcp/http_head.h"
#include "mcp/in_flight.h"
#include "mcp/message.h"
#include "mcp/methods.h"
#include "mcp/sessions.h"

namespace martgate::mcp {

struct ServerInfo {
  std::string name;
  std::string version;
};

struct ServerLimits {
  ParseLimits json = {};
  SessionLimits sessions = {};
};

struct HttpAnswer {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};  // JSON text, or empty
};
using HttpReply = std::function<void(HttpAnswer)>;

// What is left of a message once its order no longer matters; empty when nothing is.
using Work = std::function<void()>;
using LineReply = std::function<void(std::string)>;

// What is remembered of one pipe: its legacy session, if there is one, and what it waits for.
// Threads: handle_line() reads and writes it, one call at a time.
struct PipeSession {
  gate::Caller caller;
  std::optional<Revision> revision;
  // Shared with the answers that are still to come.
  std::shared_ptr<InFlight> in_flight = std::make_shared<InFlight>();
};

// Threads   handle_http() may be called from any thread at any time, also while others run.
// Lifetime  the gate, the clock and the ids outlive the server; the server outlives every call of
// its
//           members and the Work it handed out, but not the gate's calls that are still running.
class Server {
 public:
  Server(gate::Gate& gate, const Clock& clock, IdSource& ids, const ServerInfo& info,
         ServerLimits limits = {});

  // Host and Origin are the listener's to check, and who calls is the transport's to establish.
  // `reply` is called exactly once, during the call or later from another thread.
  void handle_http(const HttpHead& head, std::string_view body, HttpReply reply);

  // Does what depends on the order of the lines (the handshake, a request's withdrawal) and returns
  // the rest, to be run once on any thread that may wait for a tool. `reply` is called at most
  // once: notifications, and requests that were withdrawn, have no answer.
  [[nodiscard]] Work handle_line(PipeSession& session, std::string_view line, LineReply reply);

  // The answer to a line that was longer than its transport takes.
  [[nodiscard]] static std::string overlong_line(std::size_t bytes_max);

 private:
  struct Call;

  void handle_post(const HttpHead& head, std::string_view body, HttpReply reply);
  void end_session(const HttpHead& head, const HttpReply& reply);
  void begin_session(const HttpHead& head, const Message& message, const HttpReply& reply);
  void answer_http(const HttpHead& head, const RpcResult<const Method*>& method, Message message,
                   Revision revision, HttpReply reply);
  void answer_http_batch(const HttpHead& head, Body body, Revision revision, HttpReply reply);

  void begin_pipe_session(PipeSession& session, const Message& message, const LineReply& reply);
  Work answer_line(PipeSession& session, const RpcResult<const Method*>& method, Message message,
                   Revision revision, LineReply reply);

  // Puts what can be answered at once and returns the rest. `in_flight` is null on HTTP, where
  // nothing is withdrawn.
  Work plan_batch(Body body, Revision revision, const gate::Caller& caller,
                  std::string_view transport, const std::shared_ptr<InFlight>& in_flight,
                  std::function<void(std::string)> done);
  void run(Call& call);

  [[nodiscard]] Request request_of(Message message, Revision revision, const gate::Caller& caller,
                                   std::string_view transport) const;

  gate::Gate& gate_;
  ServerLimits limits_;
  Sessions sessions_;
  std::shared_ptr<const std::string> server_info_;  // shared with the answers still to come
};

}  // namespace martgate::mcp
