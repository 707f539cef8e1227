// A small load driver on loopback: blocking clients, one thread and one connection each.
#pragma once

#include <cstdint>
#include <string>

namespace martgate::bench {

struct LoadResult {
  double per_second = 0;
  double p50_us = 0;
  double p99_us = 0;
  std::int64_t requests = 0;
  std::int64_t failures = 0;  // connection broken, or a status other than 200
};

// Sends `request` over and over on `connections` connections for about `seconds`.
[[nodiscard]] LoadResult run_load(std::uint16_t port, const std::string& request, int connections,
                                  double seconds);

// The same message line against a pair of pipes, one at a time.
[[nodiscard]] LoadResult run_lines(int in_fd, int out_fd, const std::string& line, double seconds);

// A whole HTTP/1.1 POST with the headers that 2026-07-28 asks for.
[[nodiscard]] std::string post(const std::string& path, const std::string& tool,
                               const std::string& body);

}  // namespace martgate::bench
