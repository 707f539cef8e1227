// Messages over a pair of pipes: one per line in, one per line out (MCP's stdio transport).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace martgate::stdio {

struct LineServerOptions {
  int in_fd = 0;   // stays open
  int out_fd = 1;  // stays open; nothing else may write to it
  std::size_t line_bytes_max = 4UL * 1024 * 1024;
  // Messages whose handler runs or whose answer is still to come; at this number reading waits.
  std::size_t in_flight_max = 64;
  // Output that waits for a slow reader; past it, who wants to write waits too.
  std::size_t out_buffer_bytes_max = 16UL * 1024 * 1024;
  int workers = 4;                    // threads that run handlers
  std::int64_t drain_ms_max = 5'000;  // after the input's end, for answers still to come
};

class LineChannel;

// Move-only; answers from any thread, at any later time. Dropped, it writes nothing: a notification
// has no answer.
class LineResponder {
 public:
  explicit LineResponder(std::shared_ptr<LineChannel> channel);
  LineResponder(LineResponder&&) noexcept = default;
  LineResponder& operator=(LineResponder&& other) noexcept;
  LineResponder(const LineResponder&) = delete;
  LineResponder& operator=(const LineResponder&) = delete;
  ~LineResponder();

  void send(std::string_view line) &&;
  // A message before the last one, or the last one itself: the place among the messages in flight
  // is given back when this is dropped. False: nobody reads any more.
  bool write(std::string_view line);

 private:
  // Shared with the server: an answer may come after the server has returned.
  std::shared_ptr<LineChannel> channel_;  // null once answered or moved from
};

// Runs on a worker, several at a time, in no promised order; `line` is valid during the call and
// holds no line end. Blank lines are not messages. What it throws is swallowed.
using LineHandler = std::function<void(std::string_view line, LineResponder responder)>;
// A line passed line_bytes_max; its rest is skipped. Runs on the reader.
using OverlongHandler = std::function<void()>;

class LineServer {
 public:
  // The process ignores SIGPIPE from here on, unless it has a handler of its own for it: a pipe has
  // no other way to say by errno that its reader is gone.
  // Errors: InvalidArgument, a limit that is not positive; Unavailable, no descriptor.
  [[nodiscard]] static Result<std::unique_ptr<LineServer>> create(LineServerOptions options,
                                                                  LineHandler handler,
                                                                  OverlongHandler on_overlong);
  LineServer(const LineServer&) = delete;
  LineServer& operator=(const LineServer&) = delete;

  // Serves until the input ends, the output's reader is gone, or request_stop(); then waits for
  // running handlers and, up to drain_ms_max, for answers. Call it once.
  // Errors: Unavailable, the input could not be read.
  [[nodiscard]] Status run();
  // Any thread; async-signal-safe.
  void request_stop();

  // A message that answers nothing, such as a notification; any thread. A line end inside becomes a
  // blank, which in JSON it can only stand for. False: nobody reads any more.
  bool write_line(std::string_view line);
  // What write_line() writes to; lives on when the server is gone.
  [[nodiscard]] const std::shared_ptr<LineChannel>& channel() const { return channel_; }

 private:
  class Workers;

  LineServer(LineServerOptions options, LineHandler handler, OverlongHandler on_overlong,
             int stop_fd);
  [[nodiscard]] Status read_lines(Workers& workers);
  void take_bytes(std::string_view bytes, Workers& workers);
  void finish_line(Workers& workers);

  LineServerOptions options_;
  LineHandler handler_;
  OverlongHandler on_overlong_;
  std::shared_ptr<LineChannel> channel_;
  std::string line_;
  bool is_skipping_ = false;
};

}  // namespace martgate::stdio
