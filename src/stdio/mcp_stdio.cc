#include "stdio/mcp_stdio.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "stdio/line_channel.h"

namespace martgate::stdio {
namespace {

// Writes answers; a place among the messages in flight.
class AnswerWriter final : public mcp::LineWriter {
 public:
  explicit AnswerWriter(LineResponder responder) : responder_(std::move(responder)) {}
  bool write(std::string_view line) override { return responder_.write(line); }

 private:
  LineResponder responder_;
};

// Writes what answers nothing.
class ChannelWriter final : public mcp::LineWriter {
 public:
  explicit ChannelWriter(std::shared_ptr<LineChannel> channel) : channel_(std::move(channel)) {}
  bool write(std::string_view line) override { return channel_->write_line(line); }

 private:
  std::shared_ptr<LineChannel> channel_;
};

}  // namespace

// The line server bounds the queue: a line counts as in flight until its responder is gone.
class McpStdio::WorkQueue {
 public:
  explicit WorkQueue(int workers) {
    for (int worker = 0; worker < workers; ++worker) threads_.emplace_back([this] { work(); });
  }
  WorkQueue(const WorkQueue&) = delete;
  WorkQueue& operator=(const WorkQueue&) = delete;
  // Waits for what runs; what is still queued is dropped unanswered.
  ~WorkQueue() {
    {
      const std::lock_guard lock(mutex_);
      is_closing_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  void add(mcp::Work work) {
    {
      const std::lock_guard lock(mutex_);
      queue_.push_back(std::move(work));
    }
    changed_.notify_one();
  }

 private:
  void work() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [&] { return is_closing_ || !queue_.empty(); });
      if (is_closing_) return;
      mcp::Work next = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      try {
        next();
      } catch (...) {  // NOLINT(bugprone-empty-catch): the dropped responder has left the channel
      }
      next = nullptr;
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<mcp::Work> queue_;
  bool is_closing_ = false;
  std::vector<std::thread> threads_;
};

Result<std::unique_ptr<McpStdio>> McpStdio::create(mcp::Server& server, LineServerOptions options,
                                                   gate::Caller caller) {
  if (options.workers <= 0) {
    return fail(Code::InvalidArgument, "the number of workers is not positive");
  }
  std::unique_ptr<McpStdio> made(new McpStdio(server, options.workers));
  McpStdio& self = *made;
  options.workers = 1;
  auto lines = LineServer::create(
      options,
      [&self](std::string_view line, LineResponder responder) {
        self.take_line(line, std::move(responder));
      },
      [&self, bytes_max = options.line_bytes_max] {
        self.lines_->write_line(mcp::Server::overlong_line(bytes_max));
      });
  if (!lines) return tl::unexpected(lines.error());
  made->lines_ = std::move(*lines);
  made->pipe_.caller = std::move(caller);
  made->pipe_.writer = std::make_shared<ChannelWriter>(made->lines_->channel());
  return made;
}

McpStdio::McpStdio(mcp::Server& server, int workers)
    : server_(server), queue_(std::make_unique<WorkQueue>(workers)) {}

McpStdio::~McpStdio() = default;

Status McpStdio::run() {
  const Status read = lines_->run();
  server_.end_pipe(pipe_);
  return read;
}

void McpStdio::request_stop() {
  lines_->request_stop();
}

void McpStdio::take_line(std::string_view line, LineResponder responder) {
  mcp::Work work =
      server_.handle_line(pipe_, line, std::make_shared<AnswerWriter>(std::move(responder)));
  if (work) queue_->add(std::move(work));
}

}  // namespace martgate::stdio
