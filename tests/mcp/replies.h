// Transports that remember what they were given.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mcp/http_reply.h"
#include "mcp/line_writer.h"

namespace martgate::mcp {

// Threads: any; what it holds is read when nobody writes any more, or through the functions.
class KeptReply final : public HttpReply {
 public:
  void send(HttpAnswer answer) override {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
    is_sent_ = true;
  }
  void open_events(HttpAnswer head) override {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(head);
    is_stream_ = true;
  }
  [[nodiscard]] bool write(std::string_view bytes) override {
    const std::lock_guard lock(mutex_);
    if (is_gone_) return false;
    events_ += bytes;
    return true;
  }
  void close() override {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
  }
  void on_disconnect(std::function<void()> callback) override {
    const std::lock_guard lock(mutex_);
    on_disconnect_ = std::move(callback);
  }

  // The client goes away.
  void disconnect() {
    std::function<void()> callback;
    {
      const std::lock_guard lock(mutex_);
      is_gone_ = true;
      callback.swap(on_disconnect_);
    }
    if (callback) callback();
  }

  [[nodiscard]] HttpAnswer answer() const {
    const std::lock_guard lock(mutex_);
    return answer_;
  }
  [[nodiscard]] bool is_sent() const {
    const std::lock_guard lock(mutex_);
    return is_sent_;
  }
  [[nodiscard]] bool is_stream() const {
    const std::lock_guard lock(mutex_);
    return is_stream_;
  }
  [[nodiscard]] bool is_closed() const {
    const std::lock_guard lock(mutex_);
    return is_closed_;
  }
  [[nodiscard]] std::string events() const {
    const std::lock_guard lock(mutex_);
    return events_;
  }
  // The data of each event of the stream, in order; empty ones too.
  [[nodiscard]] std::vector<std::string> messages() const {
    std::vector<std::string> found;
    const std::string text = events();
    for (std::size_t at = text.find("data:"); at != std::string::npos;
         at = text.find("\ndata:", at + 1)) {
      const std::size_t begin = text.find(':', at) + 1;
      std::string line = text.substr(begin, text.find('\n', begin) - begin);
      if (line.starts_with(' ')) line.erase(0, 1);
      found.push_back(std::move(line));
    }
    return found;
  }

 private:
  mutable std::mutex mutex_;
  HttpAnswer answer_{.status = 0};
  std::string events_;
  bool is_sent_ = false;
  bool is_stream_ = false;
  bool is_closed_ = false;
  bool is_gone_ = false;
  std::function<void()> on_disconnect_;
};

// Passes each line on.
class LineTo final : public LineWriter {
 public:
  explicit LineTo(std::function<void(std::string)> take) : take_(std::move(take)) {}
  bool write(std::string_view line) override {
    take_(std::string(line));
    return true;
  }

 private:
  std::function<void(std::string)> take_;
};

}  // namespace martgate::mcp
