#include "base/duration_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace martgate {

std::string duration_text(std::chrono::milliseconds span) {
  using namespace std::chrono;
  if (span >= days(2)) return fmt::format("{} days", floor<days>(span).count());
  if (span >= hours(2)) return fmt::format("{} hours", floor<hours>(span).count());
  if (span >= minutes(2)) return fmt::format("{} minutes", floor<minutes>(span).count());
  const auto whole = std::max(floor<seconds>(span), seconds(0)).count();
  return fmt::format("{} second{}", whole, whole == 1 ? "" : "s");
}

std::string limit_text(std::chrono::minutes limit) {
  using namespace std::chrono;
  if (limit >= days(2) && limit % days(1) == minutes(0)) return duration_text(limit);
  if (limit >= hours(2) && limit % hours(1) == minutes(0))
    return fmt::format("{} hours", duration_cast<hours>(limit).count());
  return fmt::format("{} minute{}", limit.count(), limit.count() == 1 ? "" : "s");
}

}  // namespace martgate
