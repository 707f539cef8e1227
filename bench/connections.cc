#include "connections.h"

#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "certificate.h"
#include "http/listener.h"
#include "load.h"
#include "temp_folder.h"

namespace martgate::bench {
namespace {

constexpr std::int64_t kKeepAliveMs = 1'000;  // between two comments on each stream

std::int64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::int64_t all_pages = 0;
  std::int64_t resident_pages = 0;
  file >> all_pages >> resident_pages;
  return resident_pages * ::sysconf(_SC_PAGESIZE);
}

// The writers of the open streams.
class Streams {
 public:
  http::Handler handler() {
    return [this](const http::Request&, http::Responder responder) {
      auto stream = std::move(responder).open_stream({200, {}, "text/event-stream", ""});
      const std::lock_guard lock(mutex_);
      handles_.push_back(std::move(stream));
    };
  }
  void write_all() {
    const std::lock_guard lock(mutex_);
    for (http::StreamHandle& handle : handles_) static_cast<void>(handle.write(": quiet\n\n"));
  }
  void clear() {
    const std::lock_guard lock(mutex_);
    handles_.clear();
  }

 private:
  std::mutex mutex_;
  std::vector<http::StreamHandle> handles_;
};

// Calls while every stream gets a comment each kKeepAliveMs.
LoadResult calls_meanwhile(std::uint16_t port, const ConnectionsPlan& plan, Streams& streams) {
  std::atomic<bool> is_done = false;
  std::thread writer([&] {
    for (std::int64_t waited_ms = 0; !is_done; waited_ms += 10) {
      if (waited_ms % kKeepAliveMs == 0) streams.write_all();
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  });
  const LoadResult result = run_load(port, plan.request, plan.callers, plan.seconds);
  is_done = true;
  writer.join();
  return result;
}

class Report {
 public:
  Report()
      : table_({{"open connections"},
                {"KiB each", cli::Align::Right},
                {"calls per second", cli::Align::Right},
                {"p50 ms", cli::Align::Right},
                {"p99 ms", cli::Align::Right},
                {"failures", cli::Align::Right}}) {}

  void add(std::string name, double kib_each, const LoadResult& calls) {
    table_.add_row({std::move(name), kib_each < 0 ? "" : fmt::format("{:.1f}", kib_each),
                    fmt::format("{:.0f}", calls.per_second),
                    fmt::format("{:.2f}", calls.p50_us / 1e3),
                    fmt::format("{:.2f}", calls.p99_us / 1e3), std::to_string(calls.failures)});
  }
  [[nodiscard]] const cli::Table& table() const { return table_; }

 private:
  cli::Table table_;
};

// Everybody comes from one address here, and nobody is to be closed for being quiet.
http::ListenerOptions crowd_options() {
  http::ListenerOptions options;
  options.connections_per_address_max = options.connections_max;
  options.idle_ms_max = 600'000;
  options.stop_grace_ms_max = 1'000;
  return options;
}

}  // namespace

Status run_connections(cli::Terminal& terminal, const Clock& clock, Crowd& crowd,
                       http::Routes routes, const ConnectionsPlan& plan) {
  Streams streams;
  routes.add("GET", "/idle", [](const http::Request&, http::Responder responder) {
    std::move(responder).send({200, {}, "application/json", std::string(1'024, 'x')});
  });
  routes.add("GET", "/events", streams.handler());
  Report report;
  const auto fill = [&](std::uint16_t port, Crowd::Kind kind, int count,
                        const std::string& name) -> Status {
    ::malloc_trim(0);
    const std::int64_t before = resident_bytes();
    const bool is_stream = kind == Crowd::Kind::Stream;
    if (auto opened = crowd.open(kind, port, is_stream ? "/events" : "/idle", count); !opened) {
      return opened;
    }
    streams.write_all();
    const auto grown = static_cast<double>(resident_bytes() - before);
    report.add(name, grown / 1024.0 / count, calls_meanwhile(port, plan, streams));
    return {};
  };

  {
    auto listener = http::Listener::start(crowd_options(), routes, clock);
    if (!listener) return tl::unexpected(listener.error());
    const std::uint16_t port = (*listener)->port();
    report.add("none", -1, calls_meanwhile(port, plan, streams));
    Status filled = fill(port, Crowd::Kind::Idle, plan.idle, fmt::format("{} idle", plan.idle));
    if (filled) {
      filled = fill(port, Crowd::Kind::Stream, plan.streams,
                    fmt::format("and {} event streams", plan.streams));
    }
    static_cast<void>(crowd.leave());
    streams.clear();
    if (!filled) return filled;
  }
  const TempFolder folder;
  const auto files = write_certificate(folder.path(), "bench", "DNS:localhost,IP:127.0.0.1");
  auto secure_options = crowd_options();
  secure_options.tls = http::TlsFiles{files.certificate, files.key};
  auto secure = http::Listener::start(std::move(secure_options), routes, clock);
  auto plain = http::Listener::start(crowd_options(), std::move(routes), clock);
  if (!secure || !plain) return fail(Code::Unavailable, "no listener for TLS");
  ::malloc_trim(0);
  const std::int64_t before = resident_bytes();
  auto opened = crowd.open(Crowd::Kind::TlsIdle, (*secure)->port(), "/idle", plan.tls_idle);
  const auto grown = static_cast<double>(resident_bytes() - before);
  if (opened) {
    report.add(fmt::format("{} idle under TLS", plan.tls_idle), grown / 1024.0 / plan.tls_idle,
               calls_meanwhile((*plain)->port(), plan, streams));
  }
  static_cast<void>(crowd.leave());
  if (!opened) return opened;
  terminal.print("\n");
  terminal.print_table(report.table());
  terminal.print("\n");
  return {};
}

}  // namespace martgate::bench
