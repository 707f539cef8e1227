#include <doctest/doctest.h>

#include <cstdint>
#include <limits>

#include "http/body_deadline.h"

using martgate::http::body_deadline_ns;
using martgate::http::ListenerOptions;

namespace {

// Milliseconds after a body's begin.
std::int64_t patience_ms(std::uint64_t wire_bytes, const ListenerOptions& options) {
  constexpr std::int64_t kBegan = 7'000'000'000;
  return (body_deadline_ns(kBegan, wire_bytes, options) - kBegan) / 1'000'000;
}

}  // namespace

TEST_CASE("body deadline: bytes earn time at the minimum rate and never more than the whole") {
  const ListenerOptions options{
      .body_ms_max = 30'000, .body_grace_ms = 5'000, .body_bytes_per_second_min = 1'024};
  CHECK(patience_ms(0, options) == 5'000);
  CHECK(patience_ms(1, options) == 5'000);
  CHECK(patience_ms(512, options) == 5'500);
  CHECK(patience_ms(10 * 1'024, options) == 15'000);
  CHECK(patience_ms(25 * 1'024, options) == 30'000);
  CHECK(patience_ms(26 * 1'024, options) == 30'000);
  CHECK(patience_ms(std::numeric_limits<std::uint64_t>::max(), options) == 30'000);
}

TEST_CASE("body deadline: a grace longer than the whole deadline does not extend it") {
  const ListenerOptions options{.body_ms_max = 50, .body_grace_ms = 5'000};
  CHECK(patience_ms(0, options) == 50);
  CHECK(patience_ms(4'000'000, options) == 50);
}
