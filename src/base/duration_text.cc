#include "base/duration_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"

namespace martgate {
namespace {

struct Unit {
  char letter;
  std::chrono::seconds span;
};
constexpr std::array kUnits{Unit{'d', std::chrono::days(1)}, Unit{'h', std::chrono::hours(1)},
                            Unit{'m', std::chrono::minutes(1)}, Unit{'s', std::chrono::seconds(1)}};
constexpr std::size_t kDigitsMax = 5;

}  // namespace

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

Result<std::chrono::seconds> parse_duration(std::string_view text) {
  const auto wrong = [&] {
    return fail(Code::InvalidArgument, fmt::format("\"{}\" is no span of time", shown(text, 40)),
                {"accepted: a whole number and s, m, h or d, as 90s, 15m, 4h, 2d"});
  };
  if (text.size() < 2 || text.size() > kDigitsMax + 1) return wrong();
  const auto unit = std::ranges::find(kUnits, text.back(), &Unit::letter);
  unsigned count = 0;
  const char* end = text.data() + text.size() - 1;
  const auto [stop, error] = std::from_chars(text.data(), end, count);
  if (unit == kUnits.end() || error != std::errc() || stop != end || count == 0) return wrong();
  return unit->span * count;
}

std::string compact_duration(std::chrono::seconds span) {
  for (const Unit& unit : kUnits) {
    if (span.count() != 0 && span % unit.span == std::chrono::seconds(0))
      return fmt::format("{}{}", span / unit.span, unit.letter);
  }
  return "0s";
}

}  // namespace martgate
