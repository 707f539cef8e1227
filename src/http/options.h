// Every limit of the listener, with its unit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "http/head_parser.h"
#include "http/tls.h"

namespace martgate::http {

// Databases, logs, pipes and the listener's own descriptors, beside those of the connections.
inline constexpr std::size_t kOtherDescriptors = 4'000;

struct ListenerOptions {
  std::string address = "127.0.0.1";  // numeric IPv4 or IPv6, or "localhost"
  std::uint16_t port = 0;             // 0 picks a free one
  // An address that other hosts can reach needs both, see check_bind().
  bool non_loopback_allowed = false;
  bool is_authenticated = false;  // every caller has to prove who it is

  // With it the port speaks TLS and nothing else.
  std::optional<TlsFiles> tls = {};

  // Exact allow-lists, see HostRules. On loopback they add to localhost, 127.0.0.1 and [::1] with
  // any port. Elsewhere hosts must be given, and no origins means that no page is served.
  std::vector<std::string> hosts = {};
  std::vector<std::string> origins = {};

  // Threads that run handlers. A waiting connection, a deferred answer and an open stream need
  // none.
  int workers = 4;
  int backlog = 1'024;
  // With kOtherDescriptors the process needs 20,000 descriptors, which start() makes sure of.
  std::size_t connections_max = 16'000;
  std::size_t connections_per_address_max = 2'000;

  HeadLimits head = {};
  std::size_t body_bytes_max = 4UL * 1024 * 1024;  // counted as it arrives
  // What an event stream may have waiting for a slow reader; past it the stream is cut.
  std::size_t stream_buffer_bytes_max = 256UL * 1024;

  std::int64_t idle_ms_max = 60'000;       // an open connection without a request
  std::int64_t handshake_ms_max = 10'000;  // of TLS, from the connection's begin
  std::int64_t header_ms_max = 10'000;     // from the first byte of a request to its empty line
  // From there to the last byte of the body; and at any time before, all that came must have come
  // at this rate, the grace aside: see body_deadline_ns().
  std::int64_t body_ms_max = 30'000;
  std::int64_t body_grace_ms = 5'000;
  std::int64_t body_bytes_per_second_min = 1'024;
  std::int64_t write_ms_max = 30'000;  // from the first byte of a response to its last
  std::int64_t linger_ms_max = 1'000;  // reading on after a refusal, so that the client sees it
  std::int64_t stop_grace_ms_max = 5'000;
};

}  // namespace martgate::http
