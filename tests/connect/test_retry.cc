#include <doctest/doctest.h>

#include <algorithm>

#include "ingest/connect/growing.h"
#include "ingest/connect/retry.h"
#include "ingest/connect/secrets.h"

using namespace martgate;
using namespace martgate::ingest;

TEST_CASE("retry: no client error is tried again but a timeout and too many requests") {
  for (int status = 400; status < 500; ++status) {
    CHECK(is_transient_status(status) == (status == 408 || status == 429));
  }
  for (const int status : {500, 502, 503, 504, 599}) CHECK(is_transient_status(status));
  for (const int status : {200, 304, 501, 600}) CHECK_FALSE(is_transient_status(status));
}

TEST_CASE("retry: pauses stay under a doubling ceiling and spread over all of it") {
  const catalog::Retry retry{.attempts_max = 10, .base_ms = 100, .delay_ms_max = 1'000};
  Random random(7);
  const std::int64_t ceilings[] = {100, 200, 400, 800, 1'000, 1'000};
  for (int attempt = 2; attempt <= 7; ++attempt) {
    std::int64_t least = INT64_MAX;
    std::int64_t most = 0;
    for (int i = 0; i < 2'000; ++i) {
      const std::int64_t ms = retry_delay_ms(retry, attempt, {}, random);
      least = std::min(least, ms);
      most = std::max(most, ms);
    }
    CHECK(most <= ceilings[attempt - 2]);
    CHECK(most > ceilings[attempt - 2] * 9 / 10);
    CHECK(least < ceilings[attempt - 2] / 10);
  }
}

TEST_CASE("retry: what the other side asks for is never shortened, the same seed waits alike") {
  const catalog::Retry retry;
  Random left(3);
  Random right(3);
  CHECK(retry_delay_ms(retry, 2, 90'000, left) == 90'000);
  static_cast<void>(right.bits());
  for (int i = 2; i < 6; ++i)
    CHECK(retry_delay_ms(retry, i, {}, left) == retry_delay_ms(retry, i, {}, right));
}

TEST_CASE("growing: a bound is never behind the value it stands for, whatever the shape") {
  using catalog::CursorType;
  CHECK_FALSE(lower_bound(CursorType::Timestamp, "yesterday", 0));
  CHECK_FALSE(lower_bound(CursorType::Integer, "1x", 0));
  CHECK(lower_bound(CursorType::Integer, "100", 10) == "90");
  CHECK(lower_bound(CursorType::Integer, "-9223372036854775808", 10) == "-9223372036854775808");
  for (const char* last : {"2026-03-01 00:00:30.123456", "2026-03-01T00:00:30Z",
                           "2026-03-01T00:00:30-05:00", "2026-03-01 00:00:30+00"}) {
    INFO(last);
    const auto bound = lower_bound(CursorType::Timestamp, last, 0);
    REQUIRE(bound);
    CHECK(*bound <= std::string(last));
    CHECK(lower_bound(CursorType::Timestamp, last, 60)->substr(0, 10) == "2026-02-28");
  }
  CHECK(lower_bound(CursorType::Timestamp, "2026-03-01", 86'400) == "2026-02-28");
}

TEST_CASE("growing: what lies ahead of the clock is remembered as now") {
  const WallTime now = *parse_rfc3339("2026-11-21T10:00:00.500Z");
  using catalog::CursorType;
  CHECK(remembered(CursorType::Timestamp, "2026-11-21 09:00:00", now) == "2026-11-21 09:00:00");
  CHECK(remembered(CursorType::Timestamp, "2030-01-01T00:00:00Z", now) == "2026-11-21T10:00:00");
  CHECK(remembered(CursorType::Timestamp, "2030-01-01", now) == "2026-11-21");
  CHECK_FALSE(remembered(CursorType::Timestamp, "soon", now));
}

TEST_CASE("secrets: an error that quotes the secret is shown without it, on one line") {
  CHECK(scrubbed("no\nhunter2 for hunter2\n", "hunter2") == "no *** for ***");
  CHECK(scrubbed("fine", "") == "fine");
}
