// When to try again: a schedule and nothing else; the caller waits.
#pragma once

#include <cstdint>
#include <optional>

#include "base/random.h"
#include "base/result.h"
#include "catalog/connector.h"

namespace martgate::ingest {

// Why one attempt at one piece failed.
struct Failure {
  Error error;
  bool is_transient = false;                 // the same piece may succeed later
  std::optional<std::int64_t> wait_ms = {};  // how long the other side asks to be left alone
};

template <class T>
using Attempt = tl::expected<T, Failure>;

// A failure that another attempt cannot mend.
[[nodiscard]] tl::unexpected<Failure> give_up(Error error);
// A failure of the moment.
[[nodiscard]] tl::unexpected<Failure> try_again(Error error,
                                                std::optional<std::int64_t> wait_ms = {});

// The pause before attempt number `attempt` (2 is the first repetition): uniform between 0 and the
// smaller of delay_ms_max and base_ms doubled for each repetition, so that clients that failed
// together do not return together. What the other side asks for is a lower bound.
// Source: "full jitter", Brooker, Exponential Backoff and Jitter, AWS 2015.
[[nodiscard]] std::int64_t retry_delay_ms(const catalog::Retry& retry, int attempt,
                                          std::optional<std::int64_t> wait_ms, Random& random);

// 408, 429 and 5xx but 501: what the same request may get past. RFC 9110 section 15.
[[nodiscard]] bool is_transient_status(int status);

}  // namespace martgate::ingest
