// The threads of a listener and the table of its connections.
//
// Workers wait on one epoll for any connection to become ready and serve it there and then: nothing
// is handed from thread to thread, and a connection without a request, without an answer or with an
// open stream costs a table slot and no thread. One more thread, the keeper, accepts, closes what
// is overdue and carries out the stop, so that this goes on while every worker is in a handler.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "http/connection.h"

namespace martgate::http {

class EventLoop final : public AnswerSink, public std::enable_shared_from_this<EventLoop> {
 public:
  // Takes the listening socket over; closes it even when it fails.
  // Errors: Unavailable, the system refused a descriptor or a thread.
  [[nodiscard]] static Result<std::shared_ptr<EventLoop>> start(
      ListenerOptions options, Routes routes, HostRules hosts, const Clock& clock,
      std::shared_ptr<const TlsContext> tls, int listen_fd);
  EventLoop(ListenerOptions options, Routes routes, HostRules hosts, const Clock& clock,
            int listen_fd);
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  ~EventLoop() override;

  // Async-signal-safe; any thread.
  void request_stop();
  // Returns when every thread has ended. Not from a handler.
  void join();
  [[nodiscard]] std::size_t connections_open() const { return connections_open_; }
  // What connections begin with from now on; null: they are plain.
  void use_tls(std::shared_ptr<const TlsContext> context) { service_.tls.set(std::move(context)); }
  [[nodiscard]] const ListenerOptions& options() const { return service_.options; }

  void answer(std::uint64_t exchange, Response response) override;
  void open_stream(std::uint64_t exchange, Response head) override;
  [[nodiscard]] bool write_stream(std::uint64_t exchange, std::string_view bytes) override;
  void end_stream(std::uint64_t exchange, StreamEnd end) override;
  void on_disconnect(std::uint64_t exchange, std::function<void()> callback) override;

 private:
  // A descriptor held back for the moment when there are none left: see accept_some().
  [[nodiscard]] Status open_descriptors();
  void work();
  void keep();
  void accept_some(const Worker& keeper);
  void welcome(const Worker& keeper, int fd, std::string address);
  void close_overdue(const Worker& keeper);
  void wind_down(const Worker& keeper);
  // Sleeps until there is something to accept, someone nudges, or a tick has passed.
  void await_news(bool accepts, std::int64_t wait_ms_max);
  void nudge(int event_fd);
  void release(Connection& connection, std::uint32_t slot);
  [[nodiscard]] Connection& connection_of(std::uint64_t exchange);

  Service service_;
  int listen_fd_;
  int nudge_fd_ = -1;  // wakes the keeper
  int exit_fd_ = -1;   // tells the workers to end
  int reserve_fd_ = -1;
  std::int64_t tick_ms_;
  std::atomic<bool> stop_requested_ = false;
  std::atomic<std::size_t> connections_open_ = 0;

  // As many slots as connections may be open, and some for those that are refused. A slot's object
  // is made at its first use and lives as long as the loop, so that late events and late answers
  // find something to ask whether they still matter.
  std::vector<std::unique_ptr<Connection>> slots_;
  std::mutex admission_mutex_;  // guards the two below
  std::vector<std::uint32_t> free_slots_;
  std::unordered_map<std::string, std::size_t> open_by_address_;

  std::vector<std::thread> threads_;
};

}  // namespace martgate::http
