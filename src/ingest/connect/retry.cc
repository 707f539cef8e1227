#include "ingest/connect/retry.h"

#include <algorithm>

namespace martgate::ingest {

tl::unexpected<Failure> give_up(Error error) {
  return tl::unexpected(Failure{std::move(error), false, {}});
}

tl::unexpected<Failure> try_again(Error error, std::optional<std::int64_t> wait_ms) {
  return tl::unexpected(Failure{std::move(error), true, wait_ms});
}

std::int64_t retry_delay_ms(const catalog::Retry& retry, int attempt,
                            std::optional<std::int64_t> wait_ms, Random& random) {
  std::int64_t ceiling_ms = std::min(retry.base_ms, retry.delay_ms_max);
  for (int i = 2; i < attempt && ceiling_ms < retry.delay_ms_max; ++i) {
    ceiling_ms = std::min(ceiling_ms * 2, retry.delay_ms_max);
  }
  return std::max(random.between(0, ceiling_ms), wait_ms.value_or(0));
}

bool is_transient_status(int status) {
  return status == 408 || status == 429 || (status >= 500 && status <= 599 && status != 501);
}

}  // namespace martgate::ingest
