// Where the answer to one HTTP request goes; a transport implements it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace martgate::mcp {

struct HttpAnswer {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};  // JSON text, or empty
  // Of a 403: the transport's challenge (WWW-Authenticate) names them all.
  std::vector<std::string> scopes_needed = {};
};

// Either one send(), or one open_events() and what is written behind it. Dropped without either,
// the transport answers with a server error; dropped with an open stream, it breaks the connection.
//
// Threads: everything may be called from any thread, write() and close() one at a time; nothing
// waits for the network.
class HttpReply {
 public:
  virtual ~HttpReply() = default;
  virtual void send(HttpAnswer answer) = 0;
  // Begins a response of type text/event-stream.
  virtual void open_events(HttpAnswer head) = 0;
  // False: the client is gone or reads too slowly, and nothing arrives any more.
  [[nodiscard]] virtual bool write(std::string_view bytes) = 0;
  virtual void close() = 0;
  // At most once, when the client leaves before the answer is complete; possibly during this call.
  // Replaces an earlier callback. It must not block.
  virtual void on_disconnect(std::function<void()> callback) = 0;
};

}  // namespace martgate::mcp
