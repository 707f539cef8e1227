// MCP's stdio transport: the lines of a pipe, handed to the MCP server.
#pragma once

#include <memory>

#include "base/result.h"
#include "mcp/server.h"
#include "stdio/line_server.h"

namespace martgate::stdio {

// Lines are read and sorted in their order by one thread, so that what a client sends behind its
// initialize finds the session; tools run on others, so that a slow one holds nobody up.
class McpStdio {
 public:
  // `options.workers` is the number of threads that run tools; `caller` is who the launch
  // configuration says it is. The server outlives this.
  // Errors: those of LineServer::create.
  [[nodiscard]] static Result<std::unique_ptr<McpStdio>> create(mcp::Server& server,
                                                                LineServerOptions options = {},
                                                                gate::Caller caller = {});
  ~McpStdio();
  McpStdio(const McpStdio&) = delete;
  McpStdio& operator=(const McpStdio&) = delete;

  // Serves until the input ends, its reader is gone, or request_stop(). Call it once.
  // Errors: Unavailable, the input could not be read.
  [[nodiscard]] Status run();
  // Any thread; async-signal-safe.
  void request_stop();

 private:
  class WorkQueue;

  McpStdio(mcp::Server& server, int workers);
  void take_line(std::string_view line, LineResponder responder);

  mcp::Server& server_;
  mcp::PipeSession pipe_;
  std::unique_ptr<LineServer> lines_;
  std::unique_ptr<WorkQueue> queue_;  // behind lines_: its threads end first
};

}  // namespace martgate::stdio
